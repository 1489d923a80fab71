package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

const (
	kills      = 50
	killsShort = 10
	// haste is how much faster the emulator's clock runs than the machine's, so that there is always work to kill.
	haste = 20
)

// A collector is killed again and again, at any moment: nothing is lost, and what comes again has the same uid and is
// nothing that a stored cursor knew of.
func TestKill(t *testing.T) {
	random := newRandom(t)
	clock := newFastClock()
	s := newStage(t, defendersim.Options{
		Now:    clock.now,
		Tenant: company(10*time.Minute, 300_000),
	})
	n := kills
	if testing.Short() {
		n = killsShort
	}
	h := &history{s: s}
	startup := h.startup()
	for range n {
		lifetime := startup/2 + time.Duration(random.Int64N(int64(startup/2+time.Second)))
		h.begin()
		c := s.start(run{})
		time.Sleep(lifetime) // the moment of the kill is what is drawn: there is nothing to wait for
		require.True(t, c.alive(), "the collector ended by itself:\n%s", lastLines(c.log(), 30))
		c.kill()
		h.end()
	}

	clock.stop()
	h.begin()
	want := s.truth(s.settled())
	c := s.start(run{})
	assert.Eventually(t, s.have(want, h.rows()...), wait, longTick, "all rows should come")
	c.stop()
	h.end()

	h.report()
	s.complete(h.rows(), want)
	events, broken := readTotal(t, s.totalFile())
	t.Logf("events: %d, broken lines among them: %d", len(events), broken)
	s.attributed(h.rows(), events)
	h.events(events)
	moved, delivering := h.moved()
	assert.Greater(t, delivering, n/3, "lives were long enough to deliver")
	assert.Greater(t, moved, delivering/3, "cursors were stored while rows were delivered")
}

// fastClock runs from epoch on until it is stopped.
type fastClock struct {
	began   time.Time
	stopped atomic.Pointer[time.Time]
}

func newFastClock() *fastClock { return &fastClock{began: time.Now()} }

func (c *fastClock) now() time.Time {
	if stopped := c.stopped.Load(); stopped != nil {
		return *stopped
	}
	return epoch.Add(haste * time.Since(c.began))
}

func (c *fastClock) stop() { c.stopped.Store(new(c.now())) }

// newRandom draws from the seed in E2E_SEED, else from one of its own.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("E2E_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "E2E_SEED")
	}
	t.Logf("E2E_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// startup is how long a collector takes, on this machine and now, until it asks for rows.
func (h *history) startup() time.Duration {
	h.s.t.Helper()
	program(h.s.t) // built before the clock is started
	h.begin()
	start := time.Now()
	c := h.s.start(run{})
	h.s.eventually(func() bool { return len(h.s.sim.Report().Tables) > 0 }, "the collector should ask for rows")
	spent := time.Since(start)
	h.s.t.Logf("a start takes %s", spent.Round(time.Millisecond))
	c.kill()
	h.end()
	return spent
}

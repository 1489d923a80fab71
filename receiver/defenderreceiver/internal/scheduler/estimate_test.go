package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a count costs says nothing of pages, and one that looks at twice the time costs twice as much.
func TestQueriesAreExpectedToCostWhatTheirLikeDid(t *testing.T) {
	s := alone(t, 2, half())
	query := func(turn Turn, cost time.Duration) {
		grant, err := s.Acquire(t.Context(), turn)
		require.NoError(t, err)
		grant.finish(cost)
	}
	expect := func(turn Turn) time.Duration {
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		return s.tenant.budget.estimate(&waiter{member: s.member, turn: turn})
	}
	count := func(hours time.Duration) Turn { return Turn{Table: "t", Kind: "count", Extent: hours * time.Hour} }
	page := Turn{Table: "t", Kind: "read"}
	query(count(6), 4*time.Second)
	for range 20 {
		query(page, 400*time.Millisecond)
	}
	assert.Equal(t, 500*time.Millisecond, expect(page))
	assert.Equal(t, 5*time.Second, expect(count(6)))
	assert.Equal(t, 10*time.Second, expect(count(12)))
	assert.Equal(t, 2500*time.Millisecond, expect(count(3)))
	assert.Equal(t, 5*time.Second, expect(Turn{Table: "another", Kind: "read"}), "what is not known is as dear as any")
	query(count(12), 8*time.Second)
	assert.Equal(t, 10*time.Second, expect(count(12)))
}

func TestEstimate(t *testing.T) {
	const second, hour = time.Second, time.Hour
	measured := estimate{}
	measured.learn(4*second, 6*hour)
	assert.Equal(t, 5*second, measured.of(6*hour))
	assert.Equal(t, 10*second, measured.of(30*24*hour), "no further than twice")

	grown := measured
	for extent := 12 * hour; extent < 1000*hour; extent *= 2 {
		grown.learn(4*second, extent)
	}
	assert.Equal(t, 5*second, grown.cost, "nothing is made of a guess")

	dear := measured
	dear.learn(8*second, 6*hour)
	assert.Equal(t, 10*second, dear.of(6*hour), "the dearest counts")
	forgotten := dear
	forgotten.learn(4*second, 6*hour+time.Minute)
	assert.InDelta(t, 9.7, forgotten.of(6*hour).Seconds(), 0.05, "and is forgotten, not at once")

	parts := estimate{}
	parts.learn(100*second, 24*hour) // until the service gave up
	assert.InDelta(t, 125.0/8, parts.of(3*hour).Seconds(), 0.1, "a part of what is too heavy is not")
}

// A query that asks for most of a window, which never is empty, is believed to ask for half of it in the end: it is
// better sent too early than never, and what it costs is learned.
func TestADearQueryIsSentInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := join(t, Config{Receiver: "r", Slots: 2, Limits: half()})
		dear := Turn{Table: "t", Kind: "count", Priority: 4, Due: time.Now()}
		query(t, s, dear, 80*time.Second)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { // urgent queries leave no window empty
			for ctx.Err() == nil {
				if grant, err := s.Acquire(ctx, Turn{Table: "u", Priority: 1, Due: time.Now()}); err == nil {
					grant.finish(time.Second)
				}
				select {
				case <-time.After(time.Minute):
				case <-ctx.Done():
				}
			}
		}()
		for range 3 {
			dear.Due = time.Now()
			at := query(t, s, dear, 10*time.Second)
			assert.LessOrEqual(t, at.Sub(dear.Due), time.Hour)
		}
	})
}

package tenancy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

func TestStanding(t *testing.T) {
	for name, c := range map[string]struct {
		standing
		free    time.Duration
		take    bool
		surplus int
	}{
		"alone":                    {standing{held: 5, workers: 1, leases: 6}, 0, true, 0},
		"alone, with all":          {standing{held: 6, workers: 1, leases: 6}, 0, false, 0},
		"the first lease":          {standing{held: 0, workers: 3, leases: 0}, 0, true, 0},
		"fewer than its share":     {standing{held: 1, workers: 3, leases: 6}, 0, true, 0},
		"its share":                {standing{held: 2, workers: 3, leases: 6}, 0, false, 0},
		"nobody else takes it":     {standing{held: 2, workers: 3, leases: 6}, time.Minute, true, 0},
		"more than its share":      {standing{held: 5, workers: 3, leases: 6}, 0, false, 3},
		"a share that is no whole": {standing{held: 3, workers: 3, leases: 7}, 0, false, 0},
		"more workers than leases": {standing{held: 1, workers: 9, leases: 2}, 0, false, 0},
	} {
		assert.Equal(t, c.take, c.mayTake(c.free, time.Minute), name)
		assert.Equal(t, c.surplus, c.standing.surplus(), name)
	}
}

// crew are workers that run the same receivers, as lease.Component does.
type crew struct {
	t         *testing.T
	db        *fakeDatabase
	receivers int
}

// run lets a worker ask for the leases of its receivers until stop is called.
func (c crew) run(w *Worker) (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	w.Run(ctx)
	var receivers sync.WaitGroup
	for i := range c.receivers {
		receivers.Go(func() {
			for ctx.Err() == nil {
				term, err := w.Hold(ctx, "receiver", fmt.Sprintf("receiver/defender/%d", i), "")
				if err == nil {
					select {
					case <-term.Lost():
						if errors.Is(term.Err(), lease.ErrYielded) {
							_ = term.Release(ctx)
						}
					case <-ctx.Done():
						return
					}
				}
				select {
				case <-time.After(w.Interval()):
				case <-ctx.Done():
				}
			}
		})
	}
	return func() {
		cancel()
		receivers.Wait()
		assert.NoError(c.t, w.Close(context.WithoutCancel(ctx)))
	}
}

// counts are how many leases each worker holds.
func counts(workers ...*Worker) (held []int) {
	for _, w := range workers {
		held = append(held, holds(w))
	}
	return held
}

// holds is how many leases a worker holds.
func holds(w *Worker) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.held("receiver"))
}

func TestWorkersShareEqually(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crew{t, newFakeDatabase(), 6}
		workers := []*Worker{newTestWorker("a", c.db), newTestWorker("b", c.db), newTestWorker("c", c.db)}
		stop := c.run(workers[0])
		time.Sleep(time.Second)
		assert.Equal(t, []int{6}, counts(workers[0]), "one worker takes all at once")
		defer c.run(workers[1])()
		defer c.run(workers[2])()
		time.Sleep(5 * testLength)
		assert.Equal(t, []int{2, 2, 2}, counts(workers...))

		stop()
		time.Sleep(testLength / 2)
		assert.Equal(t, []int{3, 3}, counts(workers[1:]...), "what is given back is taken at once")

		c.db.cut(workers[1], true)
		time.Sleep(2 * testLength)
		assert.Equal(t, []int{0, 6}, counts(workers[1:]...), "what is lost is taken within two leases")
		c.db.cut(workers[1], false)
		time.Sleep(5 * testLength)
		assert.Equal(t, []int{3, 3}, counts(workers[1:]...))
	})
}

// A worker does not give away again and again what the others do not run.
func TestWhatNobodyTakesIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newFakeDatabase()
		a, b := newTestWorker("a", db), newTestWorker("b", db)
		defer crew{t, db, 4}.run(a)()
		defer crew{t, db, 1}.run(b)() // of another configuration
		time.Sleep(20 * testLength)
		before := db.epoch("receiver/defender/3")
		assert.Equal(t, 4, holds(a)+holds(b))
		time.Sleep(20 * testLength)
		assert.Equal(t, before, db.epoch("receiver/defender/3"))
	})
}

// A worker that was thought dead has a new session, and so is told to read again what it shares with others.
func TestASessionThatWasLostIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		db := newFakeDatabase()
		w := newTestWorker("a", db)
		session, _ := w.Session()
		assert.Nil(t, session)
		w.Run(ctx)
		synctest.Wait()
		first, generation := w.Session()
		require.NotNil(t, first)
		db.turn(true)
		time.Sleep(testLength)
		assert.True(t, isLost(first))
		require.ErrorIs(t, first.Write(ctx, "x", setting("1")), lease.ErrFenced)
		db.turn(false)
		time.Sleep(testLength)
		second, later := w.Session()
		assert.Greater(t, second.Epoch(), first.Epoch())
		assert.Greater(t, later, generation)
		require.NoError(t, second.Write(ctx, "x", setting("2")))
		hold(t, w)
		_, last := w.Session()
		assert.Greater(t, last, later, "a term that begins may bring what another worker knew")
		cancel()
		require.NoError(t, w.Close(t.Context()))
	})
}

package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask queues a turn and reports on order when it is granted.
func ask(ctx context.Context, s *Scheduler, name string, turn Turn, order chan<- string) {
	go func() {
		release, err := s.Acquire(ctx, turn)
		if err != nil {
			order <- name + ": " + err.Error()
			return
		}
		order <- name
		release()
	}()
	synctest.Wait()
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order, start := New(Limits{Slots: 1}), make(chan string, 10), time.Now()
		release, err := s.Acquire(t.Context(), Turn{Priority: 9})
		require.NoError(t, err)
		ask(t.Context(), s, "late", Turn{2, start.Add(time.Second)}, order)
		ask(t.Context(), s, "low", Turn{3, start}, order)
		ask(t.Context(), s, "early", Turn{2, start}, order)
		ask(t.Context(), s, "early too", Turn{2, start}, order)
		ask(t.Context(), s, "urgent", Turn{1, start.Add(time.Hour)}, order)
		assert.Empty(t, order, "only one query at a time")
		release()
		synctest.Wait()
		for _, want := range []string{"urgent", "early", "early too", "late", "low"} {
			assert.Equal(t, want, <-order)
		}
	})
}

// The backlog of an urgent table, which asks again at once, does not stop a table of low priority.
func TestNoTableStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := New(Limits{Slots: 1}), time.Now()
		served := make(chan time.Duration, 1)
		release, err := s.Acquire(t.Context(), Turn{1, start})
		require.NoError(t, err)
		go func() {
			done, err := s.Acquire(t.Context(), Turn{8, start})
			if err == nil {
				done()
			}
			served <- time.Since(start)
		}()
		synctest.Wait()
		for len(served) == 0 {
			next := make(chan func())
			go func() {
				again, _ := s.Acquire(t.Context(), Turn{1, time.Now()})
				next <- again
			}()
			synctest.Wait()
			time.Sleep(time.Second)
			release()
			release = <-next
			synctest.Wait()
		}
		release()
		assert.LessOrEqual(t, <-served, 75*time.Second)
	})
}

func TestGivingUpFreesTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order := New(Limits{Slots: 1}), make(chan string, 2)
		release, err := s.Acquire(t.Context(), Turn{})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ask(ctx, s, "gives up", Turn{}, order)
		ask(t.Context(), s, "stays", Turn{}, order)
		cancel()
		assert.Equal(t, "gives up: context canceled", <-order)
		release()
		assert.Equal(t, "stays", <-order)
	})
}

func TestBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order, start := New(Limits{Slots: 2}), make(chan string, 1), time.Now()
		defer s.Stop()
		s.Block(start.Add(time.Minute))
		s.Block(start.Add(time.Second))
		ask(t.Context(), s, "waits", Turn{}, order)
		assert.Equal(t, "waits", <-order)
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

func TestRequestsStayWithinEveryWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Limits{Slots: 2, Requests: []Limit{{time.Minute, 3}, {time.Hour, 5}}})
		defer s.Stop()
		start := time.Now()
		var at []time.Duration
		for range 7 {
			release, err := s.Acquire(t.Context(), Turn{})
			require.NoError(t, err)
			at = append(at, time.Since(start))
			release()
		}
		assert.Equal(t, []time.Duration{0, 0, 0, time.Minute, time.Minute, time.Hour, time.Hour}, at)
		requests, _ := s.Used()
		assert.Equal(t, map[time.Duration]float64{time.Minute: 2.0 / 3, time.Hour: 4.0 / 5}, requests)
	})
}

func TestCPUIsSpentOnlyWithinItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := New(Limits{Slots: 1, CPU: []Limit{{time.Hour, 10}}}), time.Now()
		defer s.Stop()
		s.Charge(4 * time.Second)
		time.Sleep(time.Minute)
		s.Charge(7 * time.Second)
		_, err := s.Acquire(t.Context(), Turn{})
		require.NoError(t, err)
		assert.Equal(t, time.Hour, time.Since(start), "until the first four seconds left the window")
	})
}

func TestShare(t *testing.T) {
	assert.InDelta(t, 22, Limit{time.Minute, 45}.Share(0.5).Amount, 0)
	assert.InDelta(t, 1, Limit{time.Minute, 1}.Share(0.5).Amount, 0)
}

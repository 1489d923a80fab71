package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// join makes a scheduler that ends with the test.
func join(t *testing.T, cfg Config) *Scheduler {
	t.Helper()
	s, err := Join(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return s
}

// alone makes a scheduler that shares nothing and remembers nothing.
func alone(t *testing.T, slots int, limits quota.Limits) *Scheduler {
	t.Helper()
	return join(t, Config{Slots: slots, Limits: limits})
}

// ask queues a turn and reports on order when it is granted.
func ask(ctx context.Context, s *Scheduler, name string, turn Turn, order chan<- string) {
	go func() {
		grant, err := s.Acquire(ctx, turn)
		if err != nil {
			order <- name + ": " + err.Error()
			return
		}
		order <- name
		grant.finish(0)
	}()
	synctest.Wait()
}

// finish ends a query.
func (g *Grant) finish(cost time.Duration) {
	g.Release(time.Time{})
	g.Charge(cost)
}

// query sends a query of a cost and returns when it was sent.
func query(t *testing.T, s *Scheduler, turn Turn, cost time.Duration) time.Time {
	t.Helper()
	grant, err := s.Acquire(t.Context(), turn)
	require.NoError(t, err)
	at := time.Now()
	grant.finish(cost)
	return at
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order, start := alone(t, 1, quota.Limits{}), make(chan string, 10), time.Now()
		grant, err := s.Acquire(t.Context(), Turn{Priority: 9})
		require.NoError(t, err)
		ask(t.Context(), s, "late", Turn{Priority: 2, Due: start.Add(time.Second)}, order)
		ask(t.Context(), s, "low", Turn{Priority: 3, Due: start}, order)
		ask(t.Context(), s, "early", Turn{Priority: 2, Due: start}, order)
		ask(t.Context(), s, "early too", Turn{Priority: 2, Due: start}, order)
		ask(t.Context(), s, "urgent", Turn{Priority: 1, Due: start.Add(time.Hour)}, order)
		assert.Empty(t, order, "only one query at a time")
		grant.finish(0)
		synctest.Wait()
		for _, want := range []string{"urgent", "early", "early too", "late", "low"} {
			assert.Equal(t, want, <-order)
		}
	})
}

// The backlog of an urgent table, which asks again at once, does not stop a table of low priority.
func TestNoTableStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := alone(t, 1, quota.Limits{}), time.Now()
		served := make(chan time.Duration, 1)
		grant, err := s.Acquire(t.Context(), Turn{Priority: 1, Due: start})
		require.NoError(t, err)
		go func() {
			low, err := s.Acquire(t.Context(), Turn{Priority: 8, Due: start})
			if err == nil {
				low.finish(0)
			}
			served <- time.Since(start)
		}()
		synctest.Wait()
		for len(served) == 0 {
			next := make(chan *Grant)
			go func() {
				again, _ := s.Acquire(t.Context(), Turn{Priority: 1, Due: time.Now()})
				next <- again
			}()
			synctest.Wait()
			time.Sleep(time.Second)
			grant.finish(0)
			grant = <-next
			synctest.Wait()
		}
		grant.finish(0)
		assert.LessOrEqual(t, <-served, 75*time.Second)
	})
}

func TestGivingUpFreesTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order := alone(t, 1, quota.Limits{}), make(chan string, 2)
		grant, err := s.Acquire(t.Context(), Turn{})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ask(ctx, s, "gives up", Turn{}, order)
		ask(t.Context(), s, "stays", Turn{}, order)
		cancel()
		assert.Equal(t, "gives up: context canceled", <-order)
		grant.finish(0)
		assert.Equal(t, "stays", <-order)
	})
}

func TestBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order, start := alone(t, 2, quota.Limits{}), make(chan string, 1), time.Now()
		s.Block(start.Add(time.Minute), "rate")
		s.Block(start.Add(time.Second), "rate")
		ask(t.Context(), s, "waits", Turn{}, order)
		assert.Equal(t, start.Add(time.Minute), s.Snapshot().BlockedUntil)
		assert.Equal(t, "waits", <-order)
		assert.Equal(t, time.Minute, time.Since(start))
		assert.Zero(t, s.Snapshot().BlockedUntil)
	})
}

func TestRequestsStayWithinEveryWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(t, 2, quota.Limits{Requests: []quota.Limit{{Window: time.Minute, Amount: 3}, {Window: time.Hour, Amount: 5}}})
		start := time.Now()
		var at []time.Duration
		for range 7 {
			at = append(at, query(t, s, Turn{Due: start}, 0).Sub(start))
		}
		assert.Equal(t, []time.Duration{0, 0, 0, time.Minute, time.Minute, time.Hour, time.Hour}, at)
		uses := s.Snapshot().Windows
		require.Len(t, uses, 2)
		assert.InDelta(t, 2.0/3, uses[0].Ratio(), 1e-9)
		assert.InDelta(t, 4.0/5, uses[1].Ratio(), 1e-9)
	})
}

func TestCPUIsSpentOnlyWithinItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := alone(t, 1, quota.Limits{CPU: []quota.Limit{{Window: time.Hour, Amount: 10}}}), time.Now()
		query(t, s, Turn{}, 4*time.Second)
		time.Sleep(time.Minute)
		query(t, s, Turn{}, 7*time.Second)
		assert.Equal(t, time.Hour+time.Minute, query(t, s, Turn{}, 0).Sub(start), "until the next like the dearest one fits")
	})
}

// Two queries at once do not together spend what only one of them may.
func TestQueriesUnderWayCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, order := alone(t, 3, quota.Limits{CPU: []quota.Limit{{Window: time.Hour, Amount: 10}}}), make(chan string, 2)
		query(t, s, Turn{Table: "T"}, 4*time.Second)
		grant, err := s.Acquire(t.Context(), Turn{Table: "T"})
		require.NoError(t, err)
		ask(t.Context(), s, "second", Turn{Table: "T"}, order)
		assert.Empty(t, order, "4 s are spent and 4 s are under way")
		grant.finish(time.Second)
		assert.Equal(t, "second", <-order)
	})
}

// A turn that no query was sent with is given to the next, and has cost no CPU.
func TestACancelledTurnIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := join(t, remembering(collector.NewStorage()))
		for range 20 {
			grant, err := s.Acquire(t.Context(), Turn{Table: "a", Priority: 1, Due: time.Now()})
			require.NoError(t, err)
			grant.Cancel()
		}
		for _, use := range s.Snapshot().Windows {
			if use.Resource == "cpu" {
				assert.Zero(t, use.Spent)
			}
		}
	})
}

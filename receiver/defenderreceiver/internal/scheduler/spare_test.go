package scheduler

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// What takes the rest has nothing while the others are short, and the others have what they would have without it.
func TestSpareTurnsWaitInAShortage(t *testing.T) {
	history := polling{table: "history", priority: 1, interval: 0, cost: 2 * time.Second, pages: 1, spare: true}
	run := func(tables []polling) (results map[string]served) {
		synctest.Test(t, func(t *testing.T) {
			spend := &spending{}
			results = simulate(t, join(t, remembering(collector.NewStorage())), tables, 12*time.Hour, spend)
			spend.within(t, half())
		})
		return results
	}
	alone, beside := run(eight(4*time.Second, 1)), run(append(eight(4*time.Second, 1), history))
	for _, table := range eight(0, 1) {
		a, b := alone[table.table], beside[table.table]
		t.Logf("%s: %d queries alone, %d beside history; p50 %s and %s", table.table, a.queries, b.queries, a.quantile(0.5), b.quantile(0.5))
		assert.InDelta(t, a.queries, b.queries, 4, table.table)
	}
	assert.Less(t, beside["history"].queries, 60)
	t.Logf("history: %d queries", beside["history"].queries)
}

// However long it has waited, what takes the rest does not become more urgent, nor does it use the trickle.
func TestSpareTurnsStaySpare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := alone(t, 2, half())
		for _, c := range []struct {
			spare, free, trickle bool
		}{{true, false, false}, {false, true, true}} {
			now := time.Now()
			w := &waiter{member: s.member, turn: Turn{Table: "t", Priority: 5, Due: now.Add(-time.Hour), Spare: c.spare}, granted: make(chan struct{})}
			s.tenant.mu.Lock()
			account := quota.NewAccount(half(), now)
			account.Charge("r", now, quota.Paced, 0, 66*time.Second)
			s.tenant.budget.account, s.tenant.budget.overdueAt = account, time.Time{}
			until, known := s.tenant.budget.freeAt(w, now)
			assert.Equal(t, c.free, known && !until.After(now), "spare %t", c.spare)
			s.tenant.give(w, now)
			assert.Equal(t, c.trickle, !s.tenant.budget.overdueAt.IsZero(), "spare %t", c.spare)
			s.tenant.mu.Unlock()
		}
	})
}

// One answer that takes long does not keep history from going on: nobody would ever learn that it was one.
func TestOneDearAnswerDoesNotStopHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := join(t, remembering(collector.NewStorage()))
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		var lanes sync.WaitGroup
		late := [2]int{}
		for i := range late {
			lanes.Go(func() {
				for n := 0; ; n++ {
					grant, err := s.Acquire(ctx, Turn{Table: fmt.Sprint("history", i), Due: time.Now(), Spare: true})
					if err != nil {
						return
					}
					cost := 2 * time.Second
					if i == 0 && n == 100 {
						cost = time.Minute
					}
					if n > 100 {
						late[i]++
					}
					time.Sleep(cost)
					grant.finish(cost)
				}
			})
		}
		simulate(t, s, eight(800*time.Millisecond, 1), 24*time.Hour, &spending{})
		cancel()
		lanes.Wait()
		assert.Greater(t, min(late[0], late[1]), 500)
	})
}

// History that waits for the quota does not make the others go by the order of a shortage, in which a backlog of
// priority 1 goes before all else.
func TestHistoryThatWaitsIsNoShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := remembering(collector.NewStorage())
		cfg.Slots = 1
		s := join(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		var loops sync.WaitGroup
		defer func() { cancel(); loops.Wait() }()
		keep := func(turn Turn, takes, cost time.Duration) {
			for {
				turn.Due = time.Now()
				grant, err := s.Acquire(ctx, turn)
				if err != nil {
					return
				}
				time.Sleep(takes)
				grant.finish(cost)
			}
		}
		loops.Go(func() { keep(Turn{Table: "history", Spare: true}, 3*time.Second, 3*time.Second) })
		time.Sleep(5 * time.Minute) // until it has to wait
		for _, name := range []string{"backlog", "another"} {
			loops.Go(func() { keep(Turn{Table: name, Priority: 1}, 5*time.Second, 50*time.Millisecond) })
		}
		time.Sleep(time.Minute)
		began := time.Now()
		grant, err := s.Acquire(ctx, Turn{Table: "low", Priority: 5, Due: began})
		require.NoError(t, err)
		assert.Less(t, time.Since(began), time.Minute)
		grant.finish(0)
	})
}

// What history costs says nothing of what others do, over a restart too.
func TestNobodyElseIsExpectedToCostWhatHistoryDoes(t *testing.T) {
	cfg := remembering(collector.NewStorage())
	expected := func(t *testing.T, s *Scheduler) (live, history time.Duration) {
		t.Helper()
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		w := &waiter{member: s.member, turn: Turn{Table: "another", Priority: 5}}
		live = s.tenant.budget.estimate(w)
		w.turn.Spare = true
		return live, s.tenant.budget.estimate(w)
	}
	s, err := Join(t.Context(), cfg)
	require.NoError(t, err)
	for _, q := range []struct {
		turn Turn
		cost time.Duration
	}{{Turn{Table: "t", Priority: 1}, 400 * time.Millisecond}, {Turn{Table: "h", Spare: true}, 20 * time.Second}} {
		grant, err := s.Acquire(t.Context(), q.turn)
		require.NoError(t, err)
		grant.finish(q.cost)
	}
	live, history := expected(t, s)
	assert.Equal(t, 500*time.Millisecond, live)
	assert.Equal(t, 25*time.Second, history)
	require.NoError(t, s.Stop(t.Context()))

	s = join(t, cfg)
	live, history = expected(t, s)
	assert.Equal(t, 500*time.Millisecond, live)
	assert.Equal(t, 25*time.Second, history)
	grant, err := s.Acquire(t.Context(), Turn{Table: "t", Priority: 1})
	require.NoError(t, err)
	grant.finish(200 * time.Millisecond)
	live, history = expected(t, s)
	assert.Equal(t, 250*time.Millisecond, live)
	assert.Equal(t, 25*time.Second, history, "nothing is known of history yet")
}

// What takes the rest only gets the rest, and gets it all.
func TestSpareTurnsTakeWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tables := append(eight(800*time.Millisecond, 1),
			polling{table: "history", priority: 1, interval: 0, cost: 2 * time.Second, pages: 1, spare: true},
			polling{table: "history too", priority: 7, interval: 0, cost: 2 * time.Second, pages: 1, spare: true})
		s, spend := join(t, remembering(collector.NewStorage())), &spending{}
		results := simulate(t, s, tables, 12*time.Hour, spend)
		spend.within(t, half())
		for _, table := range tables[:7] {
			assert.Less(t, results[table.table].quantile(0.99), 15*time.Second, table.table)
		}
		assert.InEpsilon(t, results["history"].queries, results["history too"].queries, 0.2)
		assert.Greater(t, results["history"].queries, 200)
		assert.False(t, s.Short(), "that history waits is no shortage")
	})
}

package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// waited is a turn of priority 5 that has waited for so long.
func (s *Scheduler) waited(wait time.Duration, now time.Time) *waiter {
	return newWaiter(s.member, Turn{Table: "t", Kind: "read", Priority: 5, Due: now.Add(-wait)})
}

// Past the soft deadline a turn is not paced. Past the hard one it also takes the margin, and goes first.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, now := alone(t, 2, half()), time.Now()
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		const bucketEmpty, windowFull = 66 * time.Second, 72 * time.Second
		for name, c := range map[string]struct {
			spent, wait time.Duration
			free        bool
			rank        rank
		}{
			"paced":                  {bucketEmpty, 15*time.Minute - 1, false, rankShared},
			"past the soft deadline": {bucketEmpty, 15 * time.Minute, true, rankShared},
			"not in the margin":      {windowFull, 30*time.Minute - 1, false, rankShared},
			"past the hard deadline": {windowFull, 30 * time.Minute, true, rankOverdue},
		} {
			s.tenant.budget.account = quota.NewAccount(half(), now)
			s.tenant.budget.account.Charge("r", now, quota.Paced, 0, c.spent)
			w := s.waited(c.wait, now)
			until, known := s.tenant.budget.freeAt(w, now)
			assert.Equal(t, c.free, known && !until.After(now), name)
			assert.Equal(t, c.rank, order{budget: &s.tenant.budget, now: now}.rank(w), name)
		}
	})
}

// Turns past a deadline spend an eighth of the quota: with 300 s of CPU an hour, one of a second every 96 s. What was not
// used for half an hour is still there.
func TestOverdueTurnsSpendAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, now := alone(t, 2, half()), time.Now()
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		s.tenant.budget.estimates.byKey[s.waited(0, now).key()] = &estimate{cost: time.Second}
		for n := range 3 {
			s.tenant.give(s.waited(time.Hour, now), now)
			assert.Equal(t, time.Duration(n+1)*96*time.Second-30*time.Minute, s.tenant.budget.overdueAt.Sub(now))
		}
		for s.tenant.budget.isOverdue(s.waited(time.Hour, now), now) {
			s.tenant.give(s.waited(time.Hour, now), now)
		}
		assert.Equal(t, 24*time.Second, s.tenant.budget.overdueAt.Sub(now), "19 of them at once")
		s.tenant.give(s.waited(time.Minute, now), now)
		assert.Equal(t, 24*time.Second, s.tenant.budget.overdueAt.Sub(now), "others do not count")
	})
}

func TestShortageIsNotedAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, now := alone(t, 2, half()), time.Now()
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		for name, c := range map[string]struct {
			wait     time.Duration
			forQuota bool
			short    bool
		}{
			"a short wait": {30*time.Second - 1, true, false},
			"a long wait":  {30 * time.Second, true, true},
			"for a slot":   {time.Hour, false, false},
		} {
			w := s.waited(c.wait, now)
			w.forQuota = c.forQuota
			s.tenant.line.shortUntil = time.Time{}
			s.tenant.line.noteShortage(w, now)
			assert.Equal(t, c.short, s.tenant.line.isShort(now), name)
			assert.Equal(t, c.short, s.tenant.line.isShort(now.Add(5*time.Minute-1)), name)
			assert.False(t, s.tenant.line.isShort(now.Add(5*time.Minute)), name)
		}
	})
}

func TestAPriorityIsGainedWithTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, now := alone(t, 2, half()), time.Now()
		assert.Equal(t, 5, s.waited(10*time.Second-1, now).agedPriority(now))
		assert.Equal(t, 4, s.waited(10*time.Second, now).agedPriority(now))
		assert.Equal(t, -1, s.waited(time.Minute, now).agedPriority(now), "it passes priority 1")
	})
}

func TestTheEstimateDecays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, now := alone(t, 2, half()), time.Now()
		s.tenant.mu.Lock()
		defer s.tenant.mu.Unlock()
		s.tenant.budget.estimates.byKey[s.waited(0, now).key()] = &estimate{cost: 64 * time.Second}
		for wait, seconds := range map[time.Duration]float64{
			15*time.Minute - 1: 64, 15 * time.Minute: 37.5, 24 * time.Hour: 37.5, // half of a quarter hour's 75 s
		} {
			assert.InDelta(t, seconds, s.tenant.budget.decayedEstimate(s.waited(wait, now), now).Seconds(), 1e-9, wait)
		}
		for wait, seconds := range map[time.Duration]float64{15*time.Minute - 1: 64, 15 * time.Minute: 32, 45 * time.Minute: 8} {
			w := s.waited(wait, now)
			w.turn.Spare = true
			assert.InDelta(t, seconds, s.tenant.budget.decayedEstimate(w, now).Seconds(), 1e-9, "spare, %s", wait)
		}
	})
}

// Only a query that looks at more than a sixteenth more than the last one is measured anew.
func TestALargerExtentIsMeasuredAnew(t *testing.T) {
	like, grown := estimate{cost: 16 * time.Second, extent: 16 * time.Minute}, estimate{cost: 16 * time.Second, extent: 16 * time.Minute}
	like.learn(4*time.Second, 17*time.Minute)
	assert.InDelta(t, (15*17.0+5)/16, like.cost.Seconds(), 1e-6)
	grown.learn(4*time.Second, 17*time.Minute+time.Second)
	assert.Equal(t, 5*time.Second, grown.cost)
}

func TestTheReserve(t *testing.T) {
	for requests, reserve := range map[float64]int{1: 1, 3: 1, 22: 5, 400: 100, 4000: 100} {
		limits := quota.Limits{Requests: []quota.Limit{{Window: time.Hour, Amount: 5000}, {Window: time.Minute, Amount: requests}}}
		assert.Equal(t, reserve, newReserve(limits).requests, requests)
	}
}

func TestTheReserveIsRenewedAtHalf(t *testing.T) {
	m := newMember("r", 2, half(), newReserve(half()))
	for left, renewed := range map[int]bool{4: false, 3: false, 2: true, 1: true} {
		m.reserve.left = left + 1
		m.spentRequest()
		assert.Equal(t, renewed, len(m.dirty) == 1, "%d left", left)
		select {
		case <-m.dirty:
		default:
		}
	}
}

// A difference of 5 s between two clocks moves nothing: their seconds may begin at different moments.
func TestClocksMayDiffer(t *testing.T) {
	for by, moved := range map[time.Duration]bool{5 * time.Second: false, 5*time.Second + 1: true} {
		synctest.Test(t, func(t *testing.T) {
			s, now := alone(t, 2, half()), time.Now()
			s.tenant.budget.account.Restore("", quota.Record{Spent: []quota.Spent{{Age: 54 * time.Second, Cost: quota.Cost{Requests: 7}}}}, 0, now)
			serviceAt := now.Add(-time.Hour)
			s.member.clock = clock{restoredAt: now, storedAt: serviceAt}
			s.tenant.release(s.member, serviceAt.Add(by)) // so long ago by the service's clock, and now by this machine's
			assert.Equal(t, moved, s.tenant.budget.account.Uses(now.Add(time.Second))[0].Spent == 0)
		})
	}
}

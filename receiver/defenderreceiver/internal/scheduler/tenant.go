package scheduler

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// tenant is what the receivers share that use the same quota.
type tenant struct {
	// mu guards everything below.
	mu           sync.Mutex
	members      map[*Scheduler]struct{}
	account      *quota.Account
	waiting      []*waiter                                       // in the order in which they asked
	expected     map[string]expectation                          // by receiver and table
	restored     struct{ expected, expectedSpare time.Duration } // of the receivers' earlier lives
	blockedUntil time.Time
	blockedBy    string
	shortUntil   time.Time // the shortage is over after that, unless it shows again
	wasShort     bool      // when the members were told last
	trickleAt    time.Time // when the next of the turns that waited long may go before others
	wake         *time.Timer
}

// waiter is a turn in line.
type waiter struct {
	s       *Scheduler
	turn    Turn
	asked   time.Time
	again   bool // the second request of a query that has its slot
	held    bool // it had to wait for the quota
	granted chan struct{}
	grant   *Grant // set before granted is closed
}

// expectation is what a query costs.
type expectation struct {
	cost  time.Duration
	spare bool
}

// tenants are those of this process. The lock comes before a tenant's own.
var tenants = struct {
	sync.Mutex
	byName map[string]*tenant
}{byName: map[string]*tenant{}}

// enter adds a receiver to its tenant.
func enter(s *Scheduler) *tenant {
	tenants.Lock()
	defer tenants.Unlock()
	t := tenants.byName[s.cfg.Tenant]
	if t == nil || s.cfg.Tenant == "" {
		t = &tenant{
			members: map[*Scheduler]struct{}{}, expected: map[string]expectation{},
			account: quota.NewAccount(s.cfg.Limits, time.Now()),
		}
		tenants.byName[s.cfg.Tenant] = t
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for other := range t.members {
		if !other.cfg.Limits.Equal(s.cfg.Limits) {
			s.cfg.Logger.Warn("Another receiver uses the same tenant and client with another quota: the smaller of each figure counts for both.",
				zap.String("receiver", other.cfg.Receiver))
		}
	}
	t.members[s] = struct{}{}
	t.limit()
	return t
}

// leave takes a receiver out of its tenant. What it has spent stays with the others.
func leave(s *Scheduler) {
	tenants.Lock()
	defer tenants.Unlock()
	t := s.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.members, s)
	if len(t.members) > 0 {
		t.limit()
		t.dispatch()
		return
	}
	if t.wake != nil {
		t.wake.Stop()
	}
	if tenants.byName[s.cfg.Tenant] == t {
		delete(tenants.byName, s.cfg.Tenant)
	}
}

// limit sets the account's limits to the smallest of the members'. mu is held.
func (t *tenant) limit() {
	var limits quota.Limits
	for member := range t.members {
		limits = limits.Smaller(member.cfg.Limits)
	}
	if !limits.Equal(t.account.Limits()) {
		t.account.SetLimits(limits, time.Now())
	}
}

// learn takes what a query has cost, and a quarter more, for what the next one will: the dearest one
// counts, and is forgotten as cheaper ones follow. mu is held.
func (t *tenant) learn(key string, class quota.Class, cost time.Duration) {
	cost += cost / 4
	if expected := t.expected[key].cost; cost < expected {
		cost = (15*expected + cost) / 16
	}
	t.expected[key] = expectation{cost, class == quota.Spare}
}

// expect is what a query will cost: where nothing is known of its like, as much as the dearest one. mu is held.
func (t *tenant) expect(key string, class quota.Class) time.Duration {
	if expected, ok := t.expected[key]; ok {
		return expected.cost
	}
	return t.dearest(class == quota.Spare)
}

// dearest is what the dearest query costs, or cost in an earlier life as long as none is known. Nobody is expected
// to cost what history does but history. mu is held.
func (t *tenant) dearest(spare bool) time.Duration {
	dearest, known := time.Duration(0), false
	for _, expected := range t.expected {
		if spare || !expected.spare {
			dearest, known = max(dearest, expected.cost), known || expected.spare == spare
		}
	}
	switch {
	case known:
		return dearest
	case spare:
		return max(dearest, t.restored.expected, t.restored.expectedSpare)
	}
	return max(dearest, t.restored.expected)
}

// expectOf is what a turn's query will cost beyond what is counted already. mu is held.
func (t *tenant) expectOf(w *waiter) time.Duration {
	if w.again {
		return 0
	}
	return t.expect(w.key(), w.class())
}

// remove takes a waiter out of the line, and reports whether it stood there. mu is held.
func (t *tenant) remove(w *waiter) bool {
	i := slices.Index(t.waiting, w)
	if i < 0 {
		return false
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return true
}

// dispatch gives turns, as far as slots and quota allow. mu is held.
func (t *tenant) dispatch() {
	for {
		now := time.Now()
		w, until := t.next(now)
		if w == nil {
			t.tell(now)
			if !until.IsZero() {
				t.wakeAt(until.Sub(now))
			}
			return
		}
		t.give(w, now)
	}
}

// give grants a turn. mu is held.
func (t *tenant) give(w *waiter, now time.Time) {
	t.remove(w)
	w.grant = &Grant{s: w.s, key: w.key(), class: w.class()}
	if !w.again {
		w.s.free--
		w.s.running++
		w.grant.expected = t.expect(w.key(), w.class())
	}
	t.noteShortage(w, now)
	if w.class() == quota.Paced && w.waited(now) >= trickleAfter {
		// What was not used of it for a while is still there.
		from := t.trickleAt
		if oldest := now.Add(-starvedAfter); from.Before(oldest) {
			from = oldest
		}
		t.trickleAt = from.Add(t.account.Spacing(tricklePart, w.grant.expected))
	}
	t.account.Request(w.s.cfg.Receiver, now, w.class(), w.grant.expected)
	w.s.spentRequest()
	close(w.granted)
}

func (w *waiter) key() string { return w.s.cfg.Receiver + "/" + w.turn.Table }

func (w *waiter) waited(now time.Time) time.Duration { return max(now.Sub(w.turn.Due), 0) }

func (t *tenant) wakeAt(wait time.Duration) {
	if t.wake == nil {
		t.wake = time.AfterFunc(wait, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.dispatch()
		})
		return
	}
	t.wake.Reset(wait)
}

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
	waiting      []*waiter // in the order in which they asked
	estimates    *estimates
	blockedUntil time.Time
	blockedBy    string
	shortUntil   time.Time // the shortage is over after that, unless it shows again
	wasShort     bool      // when the members were told last
	overdueAt    time.Time // when the next turn past a deadline may use its exception
	wake         *time.Timer
}

// waiter is a turn in line.
type waiter struct {
	s        *Scheduler
	turn     Turn
	again    bool // the second request of a query that has its slot
	forQuota bool // it had to wait for the quota
	granted  chan struct{}
	grant    *Grant // set before granted is closed
}

// tenants are those of this process. The lock comes before a tenant's own.
var tenants = struct {
	sync.Mutex
	byName map[string]*tenant
}{byName: map[string]*tenant{}}

// enter adds a receiver to its tenant, which it makes if it is the first.
func enter(s *Scheduler) *tenant {
	tenants.Lock()
	defer tenants.Unlock()
	t := tenants.byName[s.cfg.Tenant]
	if t == nil || s.cfg.Tenant == "" {
		t = &tenant{
			members: map[*Scheduler]struct{}{}, estimates: newEstimates(),
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

// leave takes a receiver out of its tenant. What it has spent still counts for the others.
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
	w.grant = &Grant{s: w.s, key: w.key(), turn: w.turn, class: w.class()}
	if !w.again {
		w.s.free--
		w.s.running++
		w.grant.estimate = t.estimate(w)
		w.s.estimate += w.grant.estimate
	}
	t.noteShortage(w, now)
	if w.class() == quota.Paced && w.waited(now) >= softDeadline {
		from := t.overdueAt
		if oldest := now.Add(-maxOverdueCredit); from.Before(oldest) {
			from = oldest
		}
		t.overdueAt = from.Add(t.account.Spacing(overdueShare, w.grant.estimate))
	}
	t.account.Request(w.s.cfg.Receiver, now, w.class(), w.grant.estimate)
	w.s.spentRequest()
	close(w.granted)
}

func (w *waiter) key() string { return w.s.cfg.Receiver + "/" + w.turn.Table + "/" + w.turn.Kind }

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

package scheduler

import (
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// tenant is what the receivers share that use the same quota: who is first, what fits, and when turns are given.
type tenant struct {
	// mu guards everything below.
	mu       sync.Mutex
	members  map[*member]struct{}
	line     line
	budget   budget
	block    block
	wasShort bool // when the members were told last
	wake     *time.Timer
}

// block holds all turns after the service asked to wait.
type block struct {
	until time.Time
	why   string
}

func newTenant(limits quota.Limits) *tenant {
	return &tenant{
		members: map[*member]struct{}{},
		budget:  budget{account: quota.NewAccount(limits, time.Now()), estimates: newEstimates()},
	}
}

// enter adds a receiver, and returns the receivers with other limits.
func (t *tenant) enter(m *member) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var differ []string
	for other := range t.members {
		if !other.limits.Equal(m.limits) {
			differ = append(differ, other.name)
		}
	}
	t.members[m] = struct{}{}
	t.limit()
	return differ
}

// leave takes a receiver out, and reports whether it was the last one. What it has spent still counts for the others.
func (t *tenant) leave(m *member) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.members, m)
	if len(t.members) > 0 {
		t.limit()
		t.dispatch()
		return false
	}
	if t.wake != nil {
		t.wake.Stop()
	}
	return true
}

// limit sets the account's limits to the smallest of the members'. mu is held.
func (t *tenant) limit() {
	var limits quota.Limits
	for m := range t.members {
		limits = limits.Smaller(m.limits)
	}
	if !limits.Equal(t.budget.account.Limits()) {
		t.budget.account.SetLimits(limits, time.Now())
	}
}

// ask puts a turn in the line.
func (t *tenant) ask(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line.add(w)
	t.dispatch()
}

// giveUp takes back a turn with which no query was sent, whether it was given or not. A slot goes to the next turn.
func (t *tenant) giveUp(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.line.remove(w) && !w.again {
		w.member.free++
		t.end(w, 0)
	}
	t.dispatch()
}

// end counts what a query has cost, which is known now. mu is held.
func (t *tenant) end(w *waiter, cost time.Duration) {
	w.member.end(w.estimate)
	t.budget.charge(w, time.Now(), cost)
}

// release frees a slot. From the service's time follows how long ago the record was stored; zero: it is not known.
func (t *tenant) release(m *member, service time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); !service.IsZero() {
		if since, by, moved := m.clock.observe(service, now); moved {
			t.budget.account.Shift(m.name, since, by, now)
		}
	}
	m.free++
	t.dispatch()
}

// charge counts and learns what a turn's query has cost.
func (t *tenant) charge(w *waiter, cost time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.budget.learn(w, cost)
	t.end(w, cost)
	w.member.spentCPU(cost)
	t.dispatch()
}

// hold holds all turns until a time. A block that ends later stays.
func (t *tenant) hold(b block) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !b.until.After(t.block.until) {
		return
	}
	t.block = b
	for m := range t.members {
		signal(m.dirty)
	}
	t.dispatch()
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

// next is the turn to be given now, or when to look again. mu is held.
func (t *tenant) next(now time.Time) (*waiter, time.Time) {
	if len(t.line.waiting) > 0 && t.block.until.After(now) {
		return nil, t.block.until
	}
	return t.line.next(now, &t.budget)
}

// give grants a turn. mu is held.
func (t *tenant) give(w *waiter, now time.Time) {
	t.line.remove(w)
	t.line.noteShortage(w, now)
	t.budget.spend(w, now)
	if !w.again {
		w.member.begin(w.estimate)
	}
	w.member.spentRequest()
	close(w.granted)
}

// tell has the members report when the shortage begins or ends. mu is held.
func (t *tenant) tell(now time.Time) {
	short := t.line.isShort(now)
	if short == t.wasShort {
		return
	}
	t.wasShort = short
	for m := range t.members {
		signal(m.notify)
	}
}

// wakeAt looks again after a wait. mu is held.
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

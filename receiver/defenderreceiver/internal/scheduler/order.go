package scheduler

import (
	"cmp"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

const (
	// ageing is the time after which a turn that waits for a slot counts as one priority more urgent, so
	// that the backlog of an urgent table slows the others down and does not stop them.
	ageing = 10 * time.Second
	// A turn that has waited trickleAfter is no longer paced, and one that has waited starvedAfter is as
	// urgent as any, as long as urgent ones get what they need; together such turns spend at most
	// tricklePart of the quota.
	trickleAfter = 15 * time.Minute
	starvedAfter = 30 * time.Minute
	tricklePart  = 0.125
	// maxBehind is the most that counts of what a table is behind, for its priority: those that are further behind
	// share the turns by how long they wait, and one that comes back after a day does not stop the others.
	maxBehind = 10 * time.Minute
	// A table that waits for the quota for longer than noticed makes it short, until none has for over.
	noticed = 30 * time.Second
	over    = 5 * time.Minute
)

// next is the turn to be given now; without one, when to look again, zero if that depends on what is
// under way. mu is held.
func (t *tenant) next(now time.Time) (*waiter, time.Time) {
	if len(t.waiting) == 0 {
		return nil, time.Time{}
	}
	if t.blockedUntil.After(now) {
		return nil, t.blockedUntil
	}
	held := t.hold(now)
	var best *waiter
	for _, w := range t.waiting {
		if w.mayRun() && (best == nil || t.before(w, best, now, held)) {
			best = w
		}
	}
	if best == nil {
		return nil, time.Time{}
	}
	if until, known := t.freeAt(best, now); !known || until.After(now) {
		// What stands behind it is held as well: cheap queries must not keep on passing a dear one.
		return nil, until
	}
	return best, time.Time{}
}

// hold marks the turns that have to wait for the quota, and reports whether any had to.
func (t *tenant) hold(now time.Time) bool {
	some := false
	for _, w := range t.waiting {
		if !w.held && w.mayRun() {
			until, known := t.freeAt(w, now)
			w.held = !known || until.After(now)
		}
		some = some || w.held && !w.turn.Spare
	}
	return some
}

// mayRun reports whether the turn's own receiver lets it go.
func (w *waiter) mayRun() bool {
	return (w.again || w.s.free > 0 && !w.s.unverified()) && w.s.hasReserve()
}

// freeAt is when the quota lets a turn go; it is false if that depends on what is under way.
func (t *tenant) freeAt(w *waiter, now time.Time) (time.Time, bool) {
	class := w.class()
	switch {
	case class != quota.Paced:
	case t.starves(w, now):
		class = quota.Urgent
	case w.waited(now) >= trickleAfter && !now.Before(t.trickleAt):
		class = quota.Patient
	}
	return t.account.FreeAt(now, class, t.believed(w, now))
}

// class is that of what the turn spends.
func (w *waiter) class() quota.Class {
	switch {
	case w.turn.Spare:
		return quota.Spare
	case w.urgent():
		return quota.Urgent
	}
	return quota.Paced
}

// urgent turns do not wait for others'.
func (w *waiter) urgent() bool { return w.turn.Priority <= 1 && !w.turn.Spare }

// starves reports whether a turn has waited for so long that it goes before all others.
func (t *tenant) starves(w *waiter, now time.Time) bool {
	return w.waited(now) >= starvedAfter && !w.turn.Spare && !now.Before(t.trickleAt) && t.account.Leaves(now, t.expectOf(w))
}

// before reports whether w is served before other.
func (t *tenant) before(w, other *waiter, now time.Time, held bool) bool {
	switch {
	case w.turn.Spare && other.turn.Spare:
		return w.turn.Due.Before(other.turn.Due)
	case w.turn.Spare != other.turn.Spare && !held:
		return other.turn.Spare
	}
	if !held {
		urgency := func(w *waiter) int { return w.turn.Priority - int(w.waited(now)/ageing) }
		return cmp.Or(cmp.Compare(urgency(w), urgency(other)), w.turn.Due.Compare(other.turn.Due)) < 0
	}
	rank := func(w *waiter) int {
		switch {
		case w.again:
			return 0
		case t.starves(w, now):
			return 1
		case w.urgent():
			return 2
		case w.turn.Spare:
			return 4
		default:
			return 3
		}
	}
	if a, b := rank(w), rank(other); a != b || a != 3 {
		return cmp.Or(cmp.Compare(a, b), w.turn.Due.Compare(other.turn.Due)) < 0
	}
	patience := func(w *waiter) time.Duration {
		part := time.Duration(max(w.turn.Priority-1, 1))
		return w.waited(now)/part + min(w.turn.Behind/part, maxBehind)
	}
	return cmp.Or(cmp.Compare(patience(other), patience(w)), cmp.Compare(w.turn.Priority, other.turn.Priority),
		w.turn.Due.Compare(other.turn.Due)) < 0
}

// noteShortage looks at a turn, one that waits or is given at last.
func (t *tenant) noteShortage(w *waiter, now time.Time) {
	if w.held && !w.turn.Spare && w.waited(now) >= noticed {
		t.shortUntil = now.Add(over)
	}
}

// short reports whether the quota does not suffice for all tables.
func (t *tenant) short(now time.Time) bool {
	for _, w := range t.waiting {
		t.noteShortage(w, now)
	}
	return now.Before(t.shortUntil)
}

// tell has the members report when the shortage begins or ends.
func (t *tenant) tell(now time.Time) {
	short := t.short(now)
	if short == t.wasShort {
		return
	}
	t.wasShort = short
	for member := range t.members {
		signal(member.notify)
	}
}

package scheduler

import (
	"slices"
	"time"
)

// line is the turns of a tenant that were not given yet, in the order in which they were asked for.
type line struct {
	waiting    []*waiter
	shortUntil time.Time // the shortage is over after that, unless it shows again
}

// add puts a turn at the end.
func (l *line) add(w *waiter) { l.waiting = append(l.waiting, w) }

// remove takes a turn out, and reports whether it stood there.
func (l *line) remove(w *waiter) bool {
	i := slices.Index(l.waiting, w)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// next is the turn to be given now. Without one, it is when to look again, or zero if that depends on queries that run.
func (l *line) next(now time.Time, b *budget) (*waiter, time.Time) {
	order := order{budget: b, now: now, short: l.markForQuota(now, b)}
	var best *waiter
	for _, w := range l.waiting {
		if w.mayRun() && (best == nil || order.before(w, best)) {
			best = w
		}
	}
	if best == nil {
		return nil, time.Time{}
	}
	if until, known := b.freeAt(best, now); !known || until.After(now) {
		// The turns behind the first one wait too: otherwise cheap queries could pass an expensive one forever.
		return nil, until
	}
	return best, time.Time{}
}

// markForQuota marks the turns that have to wait for the quota, and reports whether one of them is not spare.
func (l *line) markForQuota(now time.Time, b *budget) bool {
	some := false
	for _, w := range l.waiting {
		if !w.forQuota && w.mayRun() {
			until, known := b.freeAt(w, now)
			w.forQuota = !known || until.After(now)
		}
		some = some || w.forQuota && !w.turn.Spare
	}
	return some
}

// noteShortage notes a turn that has waited for the quota for long, whether it waits or was given just now.
func (l *line) noteShortage(w *waiter, now time.Time) {
	if w.forQuota && !w.turn.Spare && w.waited(now) >= shortAfter {
		l.shortUntil = now.Add(shortHold)
	}
}

// isShort reports whether the quota does not suffice for all tables.
func (l *line) isShort(now time.Time) bool {
	for _, w := range l.waiting {
		l.noteShortage(w, now)
	}
	return now.Before(l.shortUntil)
}

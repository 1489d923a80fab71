package scheduler

import (
	"cmp"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// rank is the order of turns once the quota is short. A lower one is served first.
type rank uint8

const (
	// rankSecondRequest belongs to a query that has its slot already.
	rankSecondRequest rank = iota
	// rankOverdue is for turns past the hard deadline.
	rankOverdue
	// rankUrgent is for turns of priority 1.
	rankUrgent
	// rankShared is for all others but spare ones. They share the quota by priority, wait and backlog.
	rankShared
	// rankSpare turns take the rest.
	rankSpare
)

// next is the turn to be given now. Without one, it is when to look again, or zero if that depends on queries that
// run. mu is held.
func (t *tenant) next(now time.Time) (*waiter, time.Time) {
	if len(t.waiting) == 0 {
		return nil, time.Time{}
	}
	if t.blockedUntil.After(now) {
		return nil, t.blockedUntil
	}
	short := t.markForQuota(now)
	var best *waiter
	for _, w := range t.waiting {
		if w.mayRun() && (best == nil || t.before(w, best, now, short)) {
			best = w
		}
	}
	if best == nil {
		return nil, time.Time{}
	}
	if until, known := t.freeAt(best, now); !known || until.After(now) {
		// The turns behind the first one wait too: otherwise cheap queries could pass an expensive one forever.
		return nil, until
	}
	return best, time.Time{}
}

// markForQuota marks the turns that have to wait for the quota, and reports whether one of them is not spare.
func (t *tenant) markForQuota(now time.Time) bool {
	some := false
	for _, w := range t.waiting {
		if !w.forQuota && w.mayRun() {
			until, known := t.freeAt(w, now)
			w.forQuota = !known || until.After(now)
		}
		some = some || w.forQuota && !w.turn.Spare
	}
	return some
}

// mayRun reports whether the turn's own receiver lets it go: with a slot, a reserve, and verified clocks.
func (w *waiter) mayRun() bool {
	return (w.again || w.s.free > 0 && !w.s.unverified()) && w.s.hasReserve()
}

// freeAt is when the quota lets a turn go. It is false if that depends on queries that run.
func (t *tenant) freeAt(w *waiter, now time.Time) (time.Time, bool) {
	class := w.class()
	switch {
	case class != quota.Paced:
	case t.overdue(w, now):
		class = quota.Urgent
	case w.waited(now) >= softDeadline && !now.Before(t.overdueAt):
		class = quota.Unpaced
	}
	return t.account.FreeAt(now, class, t.decayedEstimate(w, now))
}

// estimate is what a turn's query will cost.
func (t *tenant) estimate(w *waiter) time.Duration {
	return t.estimates.of(w.key(), w.turn.Spare, w.turn.Extent)
}

// decayedEstimate is the estimate of a turn's query after its wait. The estimate decays while the query waits;
// otherwise one expensive answer could block the query forever, and no cheaper one would ever be measured. This
// concerns spare queries, and queries that seem to ask for most of a window, which is never empty.
func (t *tenant) decayedEstimate(w *waiter, now time.Time) time.Duration {
	fresh, least := t.uncountedEstimate(w), time.Duration(0)
	if !w.turn.Spare {
		least = t.account.Limits().LeastCPU() / plausibleDivisor
		if fresh <= least {
			return fresh
		}
	}
	return max(fresh>>min(int(w.waited(now)/estimateHalfLife), 62), least)
}

// uncountedEstimate is what a turn's query will cost beyond what is counted already. The second request of a query is
// counted with the first.
func (t *tenant) uncountedEstimate(w *waiter) time.Duration {
	if w.again {
		return 0
	}
	return t.estimate(w)
}

// class is the one under which the turn's spending is counted.
func (w *waiter) class() quota.Class {
	switch {
	case w.turn.Spare:
		return quota.Spare
	case w.urgent():
		return quota.Urgent
	}
	return quota.Paced
}

// urgent turns do not wait for others.
func (w *waiter) urgent() bool { return w.turn.Priority <= 1 && !w.turn.Spare }

// overdue reports whether a turn has passed the hard deadline and may use its exception now.
func (t *tenant) overdue(w *waiter, now time.Time) bool {
	return w.waited(now) >= hardDeadline && !w.turn.Spare && !now.Before(t.overdueAt) && t.account.Leaves(now, t.uncountedEstimate(w))
}

// rank is the turn's rank.
func (t *tenant) rank(w *waiter, now time.Time) rank {
	switch {
	case w.again:
		return rankSecondRequest
	case t.overdue(w, now):
		return rankOverdue
	case w.urgent():
		return rankUrgent
	case w.turn.Spare:
		return rankSpare
	}
	return rankShared
}

// before reports whether w is served before other.
func (t *tenant) before(w, other *waiter, now time.Time, short bool) bool {
	if w.turn.Spare && other.turn.Spare {
		return w.turn.Due.Before(other.turn.Due)
	}
	if !short {
		return w.beforeBySlots(other, now)
	}
	if a, b := t.rank(w, now), t.rank(other, now); a != b || a != rankShared {
		return cmp.Or(cmp.Compare(a, b), w.turn.Due.Compare(other.turn.Due)) < 0
	}
	return cmp.Or(cmp.Compare(other.weightedWait(now), w.weightedWait(now)), cmp.Compare(w.turn.Priority, other.turn.Priority),
		w.turn.Due.Compare(other.turn.Due)) < 0
}

// beforeBySlots is the order while only slots are short: spare turns last, the others by priority with aging.
func (w *waiter) beforeBySlots(other *waiter, now time.Time) bool {
	if w.turn.Spare != other.turn.Spare {
		return other.turn.Spare
	}
	return cmp.Or(cmp.Compare(w.agedPriority(now), other.agedPriority(now)), w.turn.Due.Compare(other.turn.Due)) < 0
}

// agedPriority is the priority after the wait.
func (w *waiter) agedPriority(now time.Time) int {
	return w.turn.Priority - int(w.waited(now)/agingStep)
}

// weightedWait is the wait and the backlog of a turn, divided by its weight, which is the priority less one. The turn
// with the longest one is served first, so rows come late in proportion to their weight.
func (w *waiter) weightedWait(now time.Time) time.Duration {
	weight := time.Duration(max(w.turn.Priority-1, 1))
	return w.waited(now)/weight + min(w.turn.Behind/weight, maxBacklogCredit)
}

// noteShortage notes a turn that has waited for the quota for long, whether it waits or was given just now.
func (t *tenant) noteShortage(w *waiter, now time.Time) {
	if w.forQuota && !w.turn.Spare && w.waited(now) >= shortAfter {
		t.shortUntil = now.Add(shortHold)
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

package scheduler

import (
	"cmp"
	"time"
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

// order is the order of turns at a moment.
type order struct {
	budget *budget
	now    time.Time
	short  bool // a live turn had to wait for the quota, else only slots are short
}

// rank is the turn's rank.
func (o order) rank(w *waiter) rank {
	switch {
	case w.again:
		return rankSecondRequest
	case o.budget.isOverdue(w, o.now):
		return rankOverdue
	case w.urgent():
		return rankUrgent
	case w.turn.Spare:
		return rankSpare
	}
	return rankShared
}

// before reports whether w is served before other.
func (o order) before(w, other *waiter) bool {
	if w.turn.Spare && other.turn.Spare {
		return w.turn.Due.Before(other.turn.Due)
	}
	if !o.short {
		return o.beforeBySlots(w, other)
	}
	if a, b := o.rank(w), o.rank(other); a != b || a != rankShared {
		return cmp.Or(cmp.Compare(a, b), w.turn.Due.Compare(other.turn.Due)) < 0
	}
	return cmp.Or(cmp.Compare(other.weightedWait(o.now), w.weightedWait(o.now)), cmp.Compare(w.turn.Priority, other.turn.Priority),
		w.turn.Due.Compare(other.turn.Due)) < 0
}

// beforeBySlots is the order while only slots are short: spare turns last, the others by priority with aging.
func (o order) beforeBySlots(w, other *waiter) bool {
	if w.turn.Spare != other.turn.Spare {
		return other.turn.Spare
	}
	return cmp.Or(cmp.Compare(w.agedPriority(o.now), other.agedPriority(o.now)), w.turn.Due.Compare(other.turn.Due)) < 0
}

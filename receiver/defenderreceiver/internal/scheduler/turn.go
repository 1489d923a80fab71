package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// Turn is a table's request to send a query.
type Turn struct {
	Table string
	Kind  string // of query: costs are estimated for each kind
	// Extent is the length of time that the query looks at. The cost grows with it. Zero: the cost does not depend on it.
	Extent   time.Duration
	Priority int           // 1 is served first
	Due      time.Time     // the wait is measured from here
	Behind   time.Duration // the backlog: how late the rows were when the turn was due
	Spare    bool          // takes what all others leave, whatever its priority
}

// waiter is a turn in line.
type waiter struct {
	member   *member // the receiver that asks
	turn     Turn
	again    bool // the second request of a query that has its slot
	forQuota bool // it had to wait for the quota

	granted  chan struct{} // closed when the turn is given
	estimate time.Duration // of what its query costs, set before granted is closed
}

func newWaiter(m *member, turn Turn) *waiter {
	return &waiter{member: m, turn: turn, granted: make(chan struct{})}
}

// key names the queries that cost alike.
func (w *waiter) key() string { return w.member.name + "/" + w.turn.Table + "/" + w.turn.Kind }

// mayRun reports whether the turn's own receiver lets it go.
func (w *waiter) mayRun() bool {
	return w.member.maySend() && (w.again || w.member.mayBegin())
}

func (w *waiter) waited(now time.Time) time.Duration { return max(now.Sub(w.turn.Due), 0) }

// urgent turns do not wait for others.
func (w *waiter) urgent() bool { return w.turn.Priority <= 1 && !w.turn.Spare }

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

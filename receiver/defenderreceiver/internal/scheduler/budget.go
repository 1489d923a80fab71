package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// budget is what a tenant has spent, and what its queries will cost. It says when a turn fits.
type budget struct {
	account   *quota.Account
	estimates *estimates
	overdueAt time.Time // when the next turn past a deadline may use its exception
}

// freeAt is when the quota lets a turn go. It is false if that depends on queries that run.
func (b *budget) freeAt(w *waiter, now time.Time) (time.Time, bool) {
	class := w.class()
	switch {
	case class != quota.Paced:
	case b.isOverdue(w, now):
		class = quota.Urgent
	case w.waited(now) >= softDeadline && !now.Before(b.overdueAt):
		class = quota.Unpaced
	}
	return b.account.FreeAt(now, class, b.decayedEstimate(w, now))
}

// isOverdue reports whether a turn has passed the hard deadline and may use its exception now.
func (b *budget) isOverdue(w *waiter, now time.Time) bool {
	return w.waited(now) >= hardDeadline && !w.turn.Spare && !now.Before(b.overdueAt) && b.account.Leaves(now, b.estimate(w))
}

// estimate is what a turn's query will cost beyond what is counted already. The second request of a query is counted
// with the first.
func (b *budget) estimate(w *waiter) time.Duration {
	if w.again {
		return 0
	}
	return b.estimates.of(w.key(), w.turn.Spare, w.turn.Extent)
}

// decayedEstimate is the estimate of a turn's query after its wait. The estimate decays while the query waits;
// otherwise one expensive answer could block the query forever, and no cheaper one would ever be measured. This
// concerns spare queries, and queries that seem to ask for most of a window, which is never empty.
func (b *budget) decayedEstimate(w *waiter, now time.Time) time.Duration {
	fresh, least := b.estimate(w), time.Duration(0)
	if !w.turn.Spare {
		least = b.account.Limits().LeastCPU() / plausibleDivisor
		if fresh <= least {
			return fresh
		}
	}
	return max(fresh>>min(int(w.waited(now)/estimateHalfLife), 62), least)
}

// spend counts a turn that is given, with the estimate of its query.
func (b *budget) spend(w *waiter, now time.Time) {
	w.estimate = b.estimate(w)
	if w.class() == quota.Paced && w.waited(now) >= softDeadline {
		from := b.overdueAt
		if oldest := now.Add(-maxOverdueCredit); from.Before(oldest) {
			from = oldest
		}
		b.overdueAt = from.Add(b.account.Spacing(overdueShare, w.estimate))
	}
	b.account.Request(w.member.name, now, w.class(), w.estimate)
}

// learn takes what a turn's query has cost.
func (b *budget) learn(w *waiter, cost time.Duration) {
	b.estimates.learn(w.key(), w.turn.Spare, cost, w.turn.Extent)
}

// charge replaces the estimate of a turn's query by its cost.
func (b *budget) charge(w *waiter, now time.Time, cost time.Duration) {
	b.account.Charge(w.member.name, now, w.class(), w.estimate, cost)
}

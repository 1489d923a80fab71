package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// estimate is what a query of a receiver, table and kind is estimated to cost.
type estimate struct {
	cost, extent time.Duration
	spare        bool
}

// of is the estimate for a query of an extent.
func (e estimate) of(extent time.Duration) time.Duration {
	if e.extent <= 0 || extent <= 0 {
		return e.cost
	}
	return time.Duration(float64(e.cost) * min(float64(extent)/float64(e.extent), maxExtrapolation))
}

// learn takes the measured cost of a query. A higher cost replaces the estimate at once. A lower one moves it by one
// step, unless the query had a larger extent than the last one: then the estimate was extrapolated, and the
// measurement replaces it.
func (e *estimate) learn(cost, extent time.Duration) {
	cost += cost / headroomDivisor
	grown := extent > e.extent+e.extent/growthDivisor
	if present := e.of(extent); cost < present && !grown {
		cost = ((decaySteps-1)*present + cost) / decaySteps
	}
	e.cost, e.extent = cost, extent
}

// learn takes the measured cost of a granted query. mu is held.
func (t *tenant) learn(g *Grant, cost time.Duration) {
	e := t.estimates[g.key]
	if e == nil {
		e = &estimate{}
		t.estimates[g.key] = e
	}
	e.spare = g.class == quota.Spare
	e.learn(cost, g.turn.Extent)
}

// estimate is what a turn's query will cost. Where no query of its table and kind was measured, the highest estimate
// counts. mu is held.
func (t *tenant) estimate(w *waiter) time.Duration {
	if e := t.estimates[w.key()]; e != nil {
		return e.of(w.turn.Extent)
	}
	return t.highestEstimate(w.class() == quota.Spare)
}

// highestEstimate is the highest estimate of all tables and kinds. Until one is known, the highest of an earlier life
// counts. Estimates of spare queries are used for spare queries only. mu is held.
func (t *tenant) highestEstimate(spare bool) time.Duration {
	highest, known := time.Duration(0), false
	for _, e := range t.estimates {
		if spare || !e.spare {
			highest, known = max(highest, e.cost), known || e.spare == spare
		}
	}
	switch {
	case known:
		return highest
	case spare:
		return max(highest, t.restored.estimate, t.restored.spareEstimate)
	}
	return max(highest, t.restored.estimate)
}

// decayedEstimate is the estimate of a turn's query after its wait. The estimate decays while the query waits;
// otherwise one expensive answer could block the query forever, and no cheaper one would ever be measured. This
// concerns spare queries, and queries that seem to ask for most of a window, which is never empty. mu is held.
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
// counted with the first. mu is held.
func (t *tenant) uncountedEstimate(w *waiter) time.Duration {
	if w.again {
		return 0
	}
	return t.estimate(w)
}

package scheduler

import "time"

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

// estimates are those of a tenant, by receiver, table and kind. Estimates of spare queries are used for spare queries
// only.
type estimates struct {
	byKey map[string]*estimate
	// restored and restoredSpare are the highest ones of the receivers' earlier lives, without and with spare queries.
	restored, restoredSpare time.Duration
}

func newEstimates() *estimates { return &estimates{byKey: map[string]*estimate{}} }

// learn takes the measured cost of a query.
func (e *estimates) learn(key string, spare bool, cost, extent time.Duration) {
	one := e.byKey[key]
	if one == nil {
		one = &estimate{}
		e.byKey[key] = one
	}
	one.spare = spare
	one.learn(cost, extent)
}

// of is what a query will cost. Where no query of its table and kind was measured, the highest estimate counts.
func (e *estimates) of(key string, spare bool, extent time.Duration) time.Duration {
	if one := e.byKey[key]; one != nil {
		return one.of(extent)
	}
	return e.highest(spare)
}

// highest is the highest estimate of all tables and kinds. Until one is known, the highest of an earlier life counts.
func (e *estimates) highest(spare bool) time.Duration {
	highest, known := time.Duration(0), false
	for _, one := range e.byKey {
		if spare || !one.spare {
			highest, known = max(highest, one.cost), known || one.spare == spare
		}
	}
	switch {
	case known:
		return highest
	case spare:
		return max(highest, e.restored, e.restoredSpare)
	}
	return max(highest, e.restored)
}

// restore takes the highest estimates of a receiver's earlier life.
func (e *estimates) restore(highest, highestSpare time.Duration) {
	e.restored, e.restoredSpare = max(e.restored, highest), max(e.restoredSpare, highestSpare)
}

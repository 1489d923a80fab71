package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

// expectation is what a kind of query costs at a table.
type expectation struct {
	cost, extent time.Duration // extent is the largest that was measured
	spare        bool
}

// maxExtrapolation is how far what was measured tells of a query that looks at more: part of a query's cost is
// the same whatever it looks at, and the next measurement tells better.
const maxExtrapolation = 2

// of is what a query of an extent costs.
func (e expectation) of(extent time.Duration) time.Duration {
	if e.extent <= 0 || extent <= e.extent {
		return e.cost
	}
	return time.Duration(float64(e.cost) * min(float64(extent)/float64(e.extent), maxExtrapolation))
}

// learn takes what a query has cost, and a quarter more, for what the next one will: the dearest one
// counts, and is forgotten as cheaper ones follow. Of a query that looked at more than any before it, what
// it has cost counts in place of what was guessed.
func (e expectation) learn(cost, extent time.Duration, spare bool) expectation {
	cost += cost / 4
	if extent <= e.extent && cost < e.cost {
		cost = (15*e.cost + cost) / 16
	}
	return expectation{cost, max(extent, e.extent), spare}
}

// expect is what a query will cost: where nothing is known of its like, as much as the dearest one. mu is held.
func (t *tenant) expect(w *waiter) time.Duration {
	if expected, ok := t.expected[w.key()]; ok {
		return expected.of(w.turn.Extent)
	}
	return t.dearest(w.class() == quota.Spare)
}

// dearest is what the dearest query costs, or cost in an earlier life as long as none is known. Nobody is expected
// to cost what history does but history. mu is held.
func (t *tenant) dearest(spare bool) time.Duration {
	dearest, known := time.Duration(0), false
	for _, expected := range t.expected {
		if spare || !expected.spare {
			dearest, known = max(dearest, expected.cost), known || expected.spare == spare
		}
	}
	switch {
	case known:
		return dearest
	case spare:
		return max(dearest, t.restored.expected, t.restored.expectedSpare)
	}
	return max(dearest, t.restored.expected)
}

// expectOf is what a turn's query will cost beyond what is counted already. mu is held.
func (t *tenant) expectOf(w *waiter) time.Duration {
	if w.again {
		return 0
	}
	return t.expect(w)
}

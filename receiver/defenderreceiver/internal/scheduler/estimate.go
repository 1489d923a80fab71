package scheduler

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
)

const (
	// maxExtrapolation is how far what was measured tells of a query that looks at more: part of a query's cost is
	// the same whatever it looks at, and the next measurement tells better.
	maxExtrapolation = 2
	// believablePart of the shortest window is the most that a query is believed to cost for long.
	believablePart = 2
)

// expectation is what a kind of query costs at a table.
type expectation struct {
	cost, extent time.Duration
	spare        bool
}

// of is what a query of an extent costs.
func (e expectation) of(extent time.Duration) time.Duration {
	if e.extent <= 0 || extent <= 0 {
		return e.cost
	}
	return time.Duration(float64(e.cost) * min(float64(extent)/float64(e.extent), maxExtrapolation))
}

// learn takes what a query has cost, and a quarter more, for what the next one will: the dearest one
// counts, and is forgotten as cheaper ones follow. Of a query that looked at more than the last one, what
// it has cost counts in place of what was guessed.
func (e *expectation) learn(cost, extent time.Duration) {
	const memory = 16
	cost += cost / 4
	grown := extent > e.extent+e.extent/memory
	if guess := e.of(extent); cost < guess && !grown {
		cost = ((memory-1)*guess + cost) / memory
	}
	e.cost, e.extent = cost, extent
}

// learn takes what a query has cost. mu is held.
func (t *tenant) learn(g *Grant, cost time.Duration) {
	e := t.expected[g.key]
	if e == nil {
		e = &expectation{}
		t.expected[g.key] = e
	}
	e.spare = g.class == quota.Spare
	e.learn(cost, g.turn.Extent)
}

// expect is what a query will cost: where nothing is known of its like, as much as the dearest one. mu is held.
func (t *tenant) expect(w *waiter) time.Duration {
	if expected := t.expected[w.key()]; expected != nil {
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

// believed is what a turn's query is expected to cost after it has waited. What was dear once is believed the less,
// the longer a query waits for it that would never learn better: one of history, or one that asks for most of a window,
// which is never empty. mu is held.
func (t *tenant) believed(w *waiter, now time.Time) time.Duration {
	expected, least := t.expectOf(w), time.Duration(0)
	if !w.turn.Spare {
		least = t.account.Limits().LeastCPU() / believablePart
		if expected <= least {
			return expected
		}
	}
	return max(expected>>min(int(w.waited(now)/trickleAfter), 62), least)
}

// expectOf is what a turn's query will cost beyond what is counted already. mu is held.
func (t *tenant) expectOf(w *waiter) time.Duration {
	if w.again {
		return 0
	}
	return t.expect(w)
}

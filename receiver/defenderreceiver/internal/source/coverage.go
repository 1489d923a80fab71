package source

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// coverage is what of history is read, and what is wanted.
type coverage struct {
	ledger.HistoryState
	oldest  time.Time     // where history begins
	audited time.Duration // how much of the time before the live lane's start is counted again; 0: none is
}

// done reports whether nothing is left, if no span is being read.
func (c coverage) done() bool {
	ahead := !c.Ahead && query.TimeBasisOf(c.LiveStart.TimeBasis) == query.Arrival
	return !c.oldest.Before(c.Reached) && !c.toRecount() && !ahead
}

// toRecount reports whether the time before the live lane's start is still to be counted again. What
// comes late or is seen late is nobody else's there; once an audit's window has passed it has come.
func (c coverage) toRecount() bool { return !c.Recounted && c.audited > 0 }

// recountFrom is where that time begins.
func (c coverage) recountFrom() time.Time {
	return ledger.BinOf(c.LiveStart.At.Add(-c.audited)).Start()
}

// countAgain is from when on the ledger is needed for another count; zero if nothing is counted again.
func (c coverage) countAgain() time.Time {
	if !c.toRecount() {
		return time.Time{}
	}
	return c.recountFrom()
}

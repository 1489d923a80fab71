package ledger

import "time"

// History is the ledger of a lane of history, with the writes that only history has.
type History struct{ ledger *Ledger }

// BeginHistory makes the ledger of what came before a live start. It is read along the time basis of events.
func BeginHistory(keeper *Keeper, lane, timeBasis, filter string, start LiveStart) *Ledger {
	return newLedger(keeper, lane, Cursor{
		TimeBasis: timeBasis, Filter: filter,
		History: &HistoryState{LiveStart: start, Reached: start.At, Span: Span{From: start.At, Until: start.At}},
	}, nil)
}

// History is the part of the ledger that only a lane of history has.
func (l *Ledger) History() History { return History{l} }

// State is how far history was read.
func (h History) State() HistoryState { return *h.ledger.cursor.History }

// BeginSpan begins a span. Of the bins, those stay that are counted again, from a time on (zero: none is), and those of
// unreadable ranges.
func (h History) BeginSpan(from, to, countAgain time.Time) {
	h.ledger.cursor.History.Span = Span{From: from, Until: from, To: to}
	h.dropBins(countAgain)
}

// EndSpan says that the span was read and counted: history was read from its beginning on.
func (h History) EndSpan(countAgain time.Time) {
	h.ledger.cursor.History.Reached = h.ledger.cursor.History.Span.From
	h.endSpan(countAgain)
}

// EndAhead says that the span after the live start was read and counted.
func (h History) EndAhead(countAgain time.Time) {
	h.ledger.cursor.History.Ahead = true
	h.endSpan(countAgain)
}

func (h History) endSpan(countAgain time.Time) {
	from := h.ledger.cursor.History.Span.From
	h.BeginSpan(from, time.Time{}, countAgain)
}

// EndRecount says that the time before the live start was counted again.
func (h History) EndRecount() {
	h.ledger.cursor.History.Recounted = true
	h.endSpan(time.Time{})
}

// dropBins drops all bins but those from a time on, if it is not zero, and those of unreadable ranges. Bins before the
// dropped ones may come again.
func (h History) dropBins(keep time.Time) {
	l := h.ledger
	for bin := range l.bins {
		if l.Unreadable().TouchesBin(bin) || !keep.IsZero() && bin >= BinOf(keep) {
			continue
		}
		delete(l.bins, bin)
		l.pending.drop[bin] = struct{}{}
	}
	l.recent, l.pending.forget = recent{}, 0
}

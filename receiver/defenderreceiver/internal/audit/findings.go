package audit

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Findings is what an audit found, in rows that the service counts.
type Findings struct {
	Matched   int // were delivered before the audit
	Recovered int // were not, and are now
	Refused   int // were refused by the pipeline for good
	Missing   int // are counted by the service and, asked for again without an error, not given by it
	Unread    int // lie in ranges that cannot be read
}

// Add adds further findings.
func (f *Findings) Add(other Findings) {
	f.Matched += other.Matched
	f.Recovered += other.Recovered
	f.Refused += other.Refused
	f.Missing += other.Missing
	f.Unread += other.Unread
}

// Settle finds what becomes of the rows of a bin of which the ledger has as many as the service counts.
func Settle(counted int, entry ledger.Entry) Findings {
	refused := min(entry.Refused, counted)
	return Findings{Matched: counted - refused, Refused: refused}
}

// Compare divides the bins that the service counts rows in: of those in settled the ledger has as many, those
// in doubt have to be read again. unreadable reports whether some of a bin cannot be read: an earlier count of it
// proves nothing.
func Compare(counts map[ledger.Bin]int, entry func(ledger.Bin) ledger.Entry, unreadable func(ledger.Bin) bool) (
	settled map[ledger.Bin]Findings, doubt []ledger.Bin,
) {
	settled = map[ledger.Bin]Findings{}
	for bin, counted := range counts {
		e := entry(bin)
		known := e.Rows
		if !unreadable(bin) {
			known = max(known, e.Counted)
		}
		if counted > known {
			doubt = append(doubt, bin)
			continue
		}
		settled[bin] = Settle(counted, e)
	}
	slices.Sort(doubt)
	return settled, doubt
}

// Cell is a range that is read again as one.
type Cell struct {
	From, To time.Time
	Counted  int // rows, when the service was asked last
	Found    int // rows that were delivered by reading it again
}

// Bin is where the cell begins.
func (c Cell) Bin() ledger.Bin { return ledger.BinOf(c.From) }

// Reread finds what becomes of the rows of a cell that was read again without an error. given is how many the
// service gave. The entry is the ledger's after that. unread says that a part of the cell cannot be read.
func (c Cell) Reread(given int, entry ledger.Entry, unread bool) Findings {
	known := given
	if unread {
		// Of the part that was left out, the ledger may know rows.
		known = max(given, min(entry.Rows, c.Counted))
	}
	f := Findings{Recovered: min(c.Found, known)}
	f.Refused = min(entry.Refused, known-f.Recovered)
	f.Matched = known - f.Recovered - f.Refused
	if rest := max(c.Counted-known, 0); unread {
		f.Unread = rest
	} else {
		f.Missing = rest
	}
	return f
}

package audit

import (
	"slices"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Divided is a cell of several bins that was read again as one, bin by bin.
type Divided struct {
	// Counted is what the service counted, Given what it gave.
	Counted, Given map[ledger.Bin]int
	// Before and After are the ledger's before the cell was read again and after it.
	Before, After func(ledger.Bin) ledger.Entry
	// Unread says that a part of the cell cannot be read.
	Unread bool
}

// Reread finds what becomes of the rows of each bin. In sum, no more rows are recovered than found, and none is missing
// but those that sum has: a row may have left one bin for another one between count and reading.
func (d Divided) Reread(found int, sum Findings) map[ledger.Bin]Findings {
	all, missing := map[ledger.Bin]Findings{}, sum.Missing
	for _, bin := range d.bins() {
		before, after := d.Before(bin), d.After(bin)
		given := d.Given[bin]
		counted := max(d.Counted[bin], given)
		if !d.Unread {
			counted = min(counted, given+missing)
		}
		recovered := min(max(after.Rows-after.Refused-(before.Rows-before.Refused), 0), found)
		f := Cell{Counted: counted, Found: recovered}.Reread(given, after, d.Unread)
		found -= f.Recovered
		missing -= f.Missing
		if f != (Findings{}) {
			all[bin] = f
		}
	}
	return all
}

// bins are those in which rows were counted or given, in their order.
func (d Divided) bins() []ledger.Bin {
	var bins []ledger.Bin
	for bin := range d.Counted {
		bins = append(bins, bin)
	}
	for bin := range d.Given {
		if _, counted := d.Counted[bin]; !counted {
			bins = append(bins, bin)
		}
	}
	slices.Sort(bins)
	return bins
}

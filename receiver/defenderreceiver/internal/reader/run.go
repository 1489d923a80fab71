package reader

import (
	"maps"
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// auditRun is an audit under way. It outlives polls that fail, so that nothing is counted or read twice. The
// ledger may grow in between: each count is compared with the ledger as it is when the count comes.
type auditRun struct {
	page     query.Page
	question string // counts the whole page: another question's counts are not comparable
	ledger   *ledger.Ledger
	came     time.Time // when it came further last, on the service's clock
	// cut is what the ledger held, when the run began, of the last bin where page.To cuts it. Later rows of that bin
	// are not counted.
	cut   ledger.Entry
	todo  []query.Page // not counted yet, in their order
	cells []cell       // to be read again
	found map[ledger.Bin]audit.Findings
}

// cell is a range that is read again as one.
type cell struct {
	audit.Cell
	// counts are the service's of a cell of several bins, before is the ledger of these bins when they were counted; nil: it
	// is of one bin.
	counts map[ledger.Bin]int
	before map[ledger.Bin]ledger.Entry
}

func newAuditRun(page query.Page, question string, l *ledger.Ledger, now time.Time) *auditRun {
	return &auditRun{
		page: page, question: question, ledger: l, came: now,
		cut: l.Entry(ledger.BinOf(page.To)), todo: []query.Page{page}, found: map[ledger.Bin]audit.Findings{},
	}
}

// next is the first part of what is not counted yet, no wider than it can be counted.
func (r *auditRun) next(fits func(query.Page) bool) query.Page {
	for {
		middle, divisible := half(r.todo[0])
		if !divisible || fits(r.todo[0]) {
			return r.todo[0]
		}
		second := r.todo[0]
		r.todo[0].To, second.From = middle, middle
		r.todo = slices.Insert(r.todo, 1, second)
	}
}

// take takes the counts of the first part, up to a time, and compares them with the ledger as it is now.
func (r *auditRun) take(counts map[ledger.Bin]int, until time.Time, alerts bool) {
	part := r.todo[0]
	part.To = until
	if alerts {
		r.weighAlerts(part, counts)
	} else {
		r.weigh(counts)
	}
	if r.todo[0].From = until; !until.Before(r.todo[0].To) {
		r.todo = r.todo[1:]
	}
}

func (r *auditRun) weigh(counts map[ledger.Bin]int) {
	settled, doubt := audit.Compare(counts, r.entry, r.ledger.Unreadable().TouchesBin)
	maps.Copy(r.found, settled)
	for _, bin := range doubt {
		r.cells = append(r.cells, cell{Cell: audit.Cell{
			From: paging.Latest(bin.Start(), r.page.From), To: paging.Earliest(bin.End(), r.page.To), Counted: counts[bin],
		}})
	}
}

// weighAlerts lets all alerts be read again: one that was updated leaves its bin for a later one, and would make up for
// one that is missing.
func (r *auditRun) weighAlerts(part query.Page, counts map[ledger.Bin]int) {
	counted := sum(counts)
	if counted == 0 {
		return
	}
	before := map[ledger.Bin]ledger.Entry{}
	for bin := ledger.BinOf(part.From); bin.Start().Before(part.To); bin++ {
		before[bin] = r.ledger.Entry(bin)
	}
	r.cells = append(r.cells, cell{
		Cell: audit.Cell{From: part.From, To: part.To, Counted: counted}, counts: counts, before: before,
	})
}

// settle takes down what became of the rows of a cell that was read again.
func (r *auditRun) settle(c cell, given map[ledger.Bin]int, unread bool) {
	f := c.Reread(sum(given), r.entryOf(c.Cell), unread)
	if c.counts == nil {
		r.found[c.Bin()] = f
		return
	}
	maps.Copy(r.found, audit.Divided{
		Counted: c.counts, Given: given, Unread: unread, After: r.ledger.Entry,
		Before: func(bin ledger.Bin) ledger.Entry { return c.before[bin] },
	}.Reread(c.Found, f))
}

// entry is what the ledger holds of a bin, as far as the run counts it.
func (r *auditRun) entry(bin ledger.Bin) ledger.Entry {
	if r.page.To.Before(bin.End()) {
		return r.cut
	}
	return r.ledger.Entry(bin)
}

// entryOf is what the ledger holds of a cell.
func (r *auditRun) entryOf(cell audit.Cell) ledger.Entry {
	var entry ledger.Entry
	for bin := cell.Bin(); bin.Start().Before(cell.To); bin++ {
		e := r.ledger.Entry(bin)
		entry.Rows += e.Rows
		entry.Refused += e.Refused
	}
	return entry
}

// addRows adds rows by bin.
func addRows(to, rows map[ledger.Bin]int) {
	for bin, n := range rows {
		to[bin] += n
	}
}

func sum(counts map[ledger.Bin]int) int {
	rows := 0
	for _, n := range counts {
		rows += n
	}
	return rows
}

package defenderreceiver

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// auditing is how far a table's audits are.
type auditing struct {
	record *audit.Record
	next   time.Time // when the next one is due, on the service's clock
	tries  int       // in a row that came no further
	run    *auditRun // under way; nil if none is
	steps  int       // counts and reads that were done, of all runs
}

// auditDue reports whether it is time to count again. A table that yields counts less often: the window is
// much longer than the interval. An audit that did not complete does not wait for that.
func (t *auditor) auditDue() bool {
	const yielding = 4
	due := t.audits.next
	if t.yields() && t.audits.run == nil {
		due = due.Add(min((yielding-1)*t.set.auditInterval, t.set.auditWindow/2))
	}
	return t.set.auditWindow > 0 && !t.serviceNow().Before(due)
}

// yields reports whether the quota is short, so that this table spends what it gets of it on new rows.
func (t *auditor) yields() bool {
	return t.set.priority > 1 && t.scheduler.Short()
}

// auditFrom is where the window begins: at a bin, and not before the table was first read.
func (t *auditor) auditFrom() time.Time {
	from := ledger.BinOf(t.ledger.CompleteUntil().Add(-t.set.auditWindow)).Start()
	if c := t.ledger.Cursor(); from.Before(c.Since) {
		since := c.Since
		if since.Equal(c.LiveStart.At) && c.TimeBasis == c.LiveStart.TimeBasis {
			// All that is known of the bin that a live start cuts came after it.
			return since
		}
		// The bin that Since cuts holds rows that were never asked for.
		return ledger.BinOf(since.Add(ledger.BinWidth - paging.Tick)).Start()
	}
	return from
}

// ledgerFrom is from when on the ledger is kept: for the audit, and for reading along another time basis.
func (t *reader) ledgerFrom() time.Time {
	from := t.ledger.CompleteUntil().Add(-max(t.set.auditWindow, t.reach()))
	if h := t.ledger.Cursor().History; h != nil {
		from = h.Span.From
		if again := h.LiveStart.At.Add(-t.set.auditWindow); !h.Recounted && again.Before(from) {
			from = again
		}
	}
	if !t.auditedFrom.IsZero() && t.auditedFrom.Before(from) {
		from = t.auditedFrom
	}
	return from
}

// auditor is a reader whose rows are counted on the service.
type auditor struct {
	*reader
	scheduler *scheduler.Scheduler
	counts    paging.CountWindow
	audits    auditing
	// audited is told the result of each complete audit; nil: nobody is.
	audited func(ctx context.Context, result audit.Result)
}

func newAuditor(r *reader) *auditor {
	return &auditor{reader: r, counts: paging.NewCountWindow(ledger.BinWidth), audits: auditing{record: audit.NewRecord(time.Now())}}
}

// audit counts on the service what should have been read, bin by bin, compares it with the ledger and
// reads the bins again that hold more. Kusto stamps ingestion_time() before a row can be seen and
// promises no order among rows, so this is the proof that a cursor alone is not.
func (t *auditor) audit(ctx context.Context) error {
	interval := t.set.auditInterval
	page := query.Page{From: t.auditFrom(), To: t.ledger.CompleteUntil(), MaxRows: t.set.maxRows}
	if run := t.audits.run; run != nil && t.comparable(run) {
		page = run.page
	}
	if !page.From.Before(page.To) {
		t.audits.next = t.serviceNow().Add(interval)
		return nil
	}
	before, began := t.audits.steps, t.serviceNow()
	err := t.compare(ctx, page)
	switch {
	case err == nil:
		t.audits.next, t.audits.tries = began.Add(interval), 0
	case isSuspended(ctx, err):
		// It goes on with the next poll.
	case t.audits.steps > before:
		// What is left is done by the next poll, which waits as the failure demands.
		t.audits.tries = 0
	default:
		t.audits.tries++
		t.audits.next = t.serviceNow().Add(audit.Retry(interval, t.audits.tries))
	}
	return err
}

// isSuspended reports whether an audit has to wait for what is no failure: the quota, or the receiver's end.
func isSuspended(ctx context.Context, err error) bool {
	return ctx.Err() != nil || failure.Is(err, hunting.RateLimited, hunting.CPULimited)
}

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

// runLasts is for how long the counts of a run are kept that comes no further, if interval is not longer.
const runLasts = time.Hour

// comparable reports whether a run can be gone on with.
func (t *auditor) comparable(run *auditRun) bool {
	idle := t.serviceNow().Sub(run.came)
	return run.ledger == t.ledger && run.question == t.query.Count(run.page) && idle <= max(runLasts, t.set.auditInterval)
}

// runOf returns the run that audits a page: the one that is under way, or a new one.
func (t *auditor) runOf(page query.Page) *auditRun {
	question := t.query.Count(page)
	if run := t.audits.run; run != nil && run.question == question && t.comparable(run) {
		return run
	}
	t.audits.run = &auditRun{
		page: page, question: question, ledger: t.ledger, came: t.serviceNow(),
		cut: t.ledger.Entry(ledger.BinOf(page.To)), todo: []query.Page{page}, found: map[ledger.Bin]audit.Findings{},
	}
	t.auditedFrom = page.From
	return t.audits.run
}

// compare counts a range on the service and reads what the ledger lacks of it. After an error the next call for
// the same range goes on with what is left.
func (t *auditor) compare(ctx context.Context, page query.Page) error {
	run := t.runOf(page)
	// However an alert's window is divided, its newest state counts, and no older one is read.
	t.query.AsOf = page.To
	defer func() { t.query.AsOf = time.Time{} }()
	outcome, err := t.proceed(ctx, run)
	if err == nil {
		t.audits.run, t.auditedFrom = nil, time.Time{}
		t.conclude(ctx, run)
	} else {
		err = fmt.Errorf("audit: %w", err)
	}
	if !isSuspended(ctx, err) {
		t.telemetry.audited(ctx, t.name, outcome)
	}
	t.ledger.Forget(t.overlap(), t.ledgerFrom())
	if kept := t.keep(); err == nil {
		return kept
	}
	return err
}

// auditOutcome is how an attempt ended.
type auditOutcome string

const (
	auditComplete   auditOutcome = "complete"
	auditIncomplete auditOutcome = "incomplete" // something could not be read again: what is not known is not missing
	auditFailed     auditOutcome = "failed"     // the counts could not be had
)

// proceed does what is left of a run.
func (t *auditor) proceed(ctx context.Context, run *auditRun) (auditOutcome, error) {
	for len(run.todo) > 0 {
		if err := t.countNext(ctx, run); err != nil {
			return auditFailed, fmt.Errorf("count rows from %s: %w", run.todo[0].From.Format(time.RFC3339), err)
		}
		t.cameFurther(run)
	}
	for len(run.cells) > 0 {
		cell := run.cells[0]
		if err := t.reread(ctx, run); err != nil {
			return auditIncomplete, fmt.Errorf("read again from %s: %w", cell.From.Format(time.RFC3339), err)
		}
		t.cameFurther(run)
	}
	return auditComplete, nil
}

// cameFurther notes that a count or a read of a run is done.
func (t *auditor) cameFurther(run *auditRun) {
	t.audits.steps++
	run.came = t.serviceNow()
}

// countNext counts the first part of what is left, as wide as it can be counted.
func (t *auditor) countNext(ctx context.Context, run *auditRun) error {
	for {
		middle, divisible := half(run.todo[0])
		if !divisible || t.counts.Fits(extentOf(run.todo[0])) {
			break
		}
		second := run.todo[0]
		run.todo[0].To, second.From = middle, middle
		run.todo = slices.Insert(run.todo, 1, second)
	}
	counts, until, err := t.countPart(ctx, run.todo[0])
	if err != nil {
		return err
	}
	part := run.todo[0]
	part.To = until
	t.weigh(run, part, counts)
	if run.todo[0].From = until; !until.Before(run.todo[0].To) {
		run.todo = run.todo[1:]
	}
	return nil
}

// weigh compares what was counted with the ledger as it is now.
func (t *auditor) weigh(run *auditRun, part query.Page, counts map[ledger.Bin]int) {
	if t.query.Kind == tables.Alerts {
		// An alert that was updated leaves its bin for a later one, and would make up for one that is missing. So all
		// are read again.
		run.weighAlerts(part, counts)
		return
	}
	settled, doubt := audit.Compare(counts, run.entry, t.ledger.Unreadable().TouchesBin)
	maps.Copy(run.found, settled)
	for _, bin := range doubt {
		run.cells = append(run.cells, cell{Cell: audit.Cell{
			From: latest(bin.Start(), run.page.From), To: earliest(bin.End(), run.page.To), Counted: counts[bin],
		}})
	}
}

// entry is what the ledger holds of a bin, as far as the run counts it.
func (r *auditRun) entry(bin ledger.Bin) ledger.Entry {
	if r.page.To.Before(bin.End()) {
		return r.cut
	}
	return r.ledger.Entry(bin)
}

// weighAlerts lets the alerts of a part be read again.
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
func (r *auditRun) settle(c cell, given map[ledger.Bin]int, entry ledger.Entry, unread bool) {
	f := c.Reread(sum(given), entry, unread)
	if c.counts == nil {
		r.found[c.Bin()] = f
		return
	}
	maps.Copy(r.found, audit.Divided{
		Counted: c.counts, Given: given, Unread: unread, After: r.ledger.Entry,
		Before: func(bin ledger.Bin) ledger.Entry { return c.before[bin] },
	}.Reread(c.Found, f))
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

// reread reads the first cell again. One that fails is tried again after all others.
func (t *auditor) reread(ctx context.Context, run *auditRun) error {
	cell := run.cells[0]
	given, err := t.readCell(ctx, &cell.Cell)
	run.cells = run.cells[1:]
	if err != nil {
		run.cells = append(run.cells, cell)
		return err
	}
	unread := t.ledger.Unreadable().Touches(cell.From, cell.To)
	if !unread && sum(given) < cell.Counted {
		// Rows may have left the range since it was counted: the service may not keep them any more, or an alert was updated.
		counts, err := t.count(ctx, query.Page{From: cell.From, To: cell.To})
		if err != nil {
			run.cells = append(run.cells, cell)
			return err
		}
		if again := sum(counts); again < cell.Counted {
			cell.Counted = again
			if cell.counts != nil {
				cell.counts = counts
			}
		}
	}
	run.settle(cell, given, t.entryOf(cell.Cell), unread)
	if !unread && t.query.Kind != tables.Alerts {
		t.ledger.SetCounted(cell.Bin(), sum(given))
	}
	return nil
}

// readCell reads a cell again, recognising what was delivered, and returns the rows that the service gave. What is
// set aside is left out, and what turns out to be unreadable is set aside.
func (t *auditor) readCell(ctx context.Context, cell *audit.Cell) (map[ledger.Bin]int, error) {
	defer func() { t.ledger.Forget(t.overlap(), t.ledgerFrom()) }()
	given := map[ledger.Bin]int{}
	for next := cell.From; next.Before(cell.To); {
		from, to := t.ledger.Unreadable().Around(next, cell.To)
		next = latest(to, next.Add(paging.Tick))
		if !from.Before(to) {
			continue
		}
		if err := t.ledger.Load(ctx, from, to); err != nil {
			return given, err
		}
		rows, found, err := t.readAgain(ctx, from, to)
		addRows(given, rows)
		cell.Found += found
		t.telemetry.recovered(ctx, t.name, found)
		if t.isUnreadable(err) {
			t.addUnreadable(from, to, err)
			err = nil
		}
		if err != nil {
			return given, err
		}
	}
	return given, nil
}

// entryOf is what the ledger holds of a cell.
func (t *auditor) entryOf(cell audit.Cell) ledger.Entry {
	var entry ledger.Entry
	for bin := cell.Bin(); bin.Start().Before(cell.To); bin++ {
		e := t.ledger.Entry(bin)
		entry.Rows += e.Rows
		entry.Refused += e.Refused
	}
	return entry
}

// conclude tells what a complete audit has found.
func (t *auditor) conclude(ctx context.Context, run *auditRun) {
	// A live audit replaces the one before it; history is audited in days, of which each speaks for itself.
	from, to := ledger.BinOf(run.page.From), ledger.BinOf(run.page.To)
	replaces := func(bin ledger.Bin) bool { return t.lane == "" || from <= bin && bin <= to }
	found, since := t.audits.record.Complete(run.found, replaces, t.serviceNow(), time.Now())
	t.telemetry.audit(ctx, t.name, found)
	t.report(run.page, audit.Report{
		Findings: found, MissingSince: since, Aside: t.ledger.Unreadable().Len(), Kept: t.set.keepsRefused,
	})
	if t.audited != nil {
		t.audited(ctx, audit.Result{From: run.page.From, To: run.page.To, Bins: run.found})
	}
}

// report is the audit's line in log and status: the proof that a user can read.
func (t *auditor) report(page query.Page, r audit.Report) {
	fields := []zap.Field{
		zap.Int("matched", r.Matched), zap.Int("recovered", r.Recovered), zap.Int("refused", r.Refused),
		zap.Int("missing", r.Missing), zap.Int("unread", r.Unread), zap.Time("from", page.From), zap.Time("to", page.To),
	}
	if r.Missing > 0 {
		fields = append(fields, zap.Time("missing_since", r.MissingSince))
	}
	t.logger.Log(r.Level(), fmt.Sprintf("Audit: %s.", r), fields...)
	t.health.Report("audit", r.Err())
	t.health.Note("audit", fmt.Sprintf("%s to %s: %s; %d rows matched, %d recovered, %d missing, %d refused, %d unread",
		page.From.Format(time.RFC3339), page.To.Format(time.RFC3339), r, r.Matched, r.Recovered, r.Missing, r.Refused, r.Unread))
}

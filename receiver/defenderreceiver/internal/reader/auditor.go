package reader

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// AuditSettings are how often and how a lane is audited.
type AuditSettings struct {
	// Window is how much of the past is audited each Interval; 0: none is.
	Window, Interval time.Duration
	// CountBudget is the CPU that one count should cost at most.
	CountBudget time.Duration
	// MaxRows is the number of rows that a page of a second reading asks for.
	MaxRows int
	// KeepsRefused: what the pipeline refuses for good is kept in the dead letters.
	KeepsRefused bool
	// Yields reports whether this lane should spend what it gets of the quota on new rows.
	Yields func() bool
}

// AuditMetrics counts what audits do.
type AuditMetrics interface {
	// Ended is told how an attempt ended.
	Ended(ctx context.Context, outcome audit.Outcome)
	// Recovered are rows that an audit delivered, whether or not it completes.
	Recovered(ctx context.Context, rows int)
	// Found is told the sum of what a complete audit found. What it recovered was counted when it was delivered.
	Found(ctx context.Context, found audit.Findings)
}

// Auditor counts on the service what a reader should have read, and reads what the ledger lacks of it.
type Auditor struct {
	AuditSettings

	reader  *Reader
	metrics AuditMetrics
	seen    *health.Source
	logger  *zap.Logger
	record  *audit.Record
	// Audited is told the result of each complete audit; nil: nobody is.
	Audited func(ctx context.Context, result audit.Result)

	counter *counter
	last    time.Time // when one was complete before the start, on the service's clock; zero: never
	next    time.Time // when the next one is due, on the service's clock
	tries   int       // in a row that came no further
	run     *auditRun // under way; nil if none is
	steps   int       // counts and reads that were done, of all runs
}

// NewAuditor makes the auditor of a reader.
func NewAuditor(r *Reader, set AuditSettings, metrics AuditMetrics) *Auditor {
	return &Auditor{
		AuditSettings: set, reader: r, metrics: metrics, seen: r.Track.seen, logger: r.logger, record: audit.NewRecord(time.Now()),
		counter: &counter{
			client: r.pager.client, question: r.Question, budget: set.CountBudget, window: paging.NewCountWindow(ledger.BinWidth),
		},
	}
}

// Record is what complete audits say.
func (a *Auditor) Record() *audit.Record { return a.record }

// Steps grows with each count and read that is done.
func (a *Auditor) Steps() int { return a.steps }

// Next is when the next audit is due, on the service's clock; zero: at once.
func (a *Auditor) Next() time.Time { return a.next }

// Resume says when an audit was complete before the start.
func (a *Auditor) Resume(last time.Time) { a.last = last }

// Begin settles when the first audit is due, unless it is settled.
func (a *Auditor) Begin() {
	if a.next.IsZero() {
		a.next = audit.First(a.reader.Track.Now(), a.last, a.Interval)
	}
}

// Due reports whether it is time to count again. A table that yields counts less often: the window is
// much longer than the interval. An audit that did not complete does not wait for that.
func (a *Auditor) Due() bool {
	const yielding = 4
	due := a.next
	if a.Yields() && a.run == nil {
		due = due.Add(min((yielding-1)*a.Interval, a.Window/2))
	}
	return a.Window > 0 && !a.reader.Track.Now().Before(due)
}

// from is where the window begins: at a bin, and not before the table was first read.
func (a *Auditor) from() time.Time {
	l := a.reader.Track.ledger
	from := ledger.BinOf(l.CompleteUntil().Add(-a.Window)).Start()
	if c := l.Cursor(); from.Before(c.Since) {
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

// Audit counts on the service what should have been read, bin by bin, compares it with the ledger and
// reads the bins again that hold more. Kusto stamps ingestion_time() before a row can be seen and
// promises no order among rows, so this is the proof that a cursor alone is not.
func (a *Auditor) Audit(ctx context.Context) error {
	page := query.Page{From: a.from(), To: a.reader.Track.ledger.CompleteUntil(), MaxRows: a.MaxRows}
	if a.run != nil && a.comparable(a.run) {
		page = a.run.page
	}
	now := a.reader.Track.Now
	if !page.From.Before(page.To) {
		a.next = now().Add(a.Interval)
		return nil
	}
	before, began := a.steps, now()
	err := a.compare(ctx, page)
	switch {
	case err == nil:
		a.next, a.tries = began.Add(a.Interval), 0
	case isSuspended(ctx, err):
		// It goes on with the next poll.
	case a.steps > before:
		// What is left is done by the next poll, which waits as the failure demands.
		a.tries = 0
	default:
		a.tries++
		a.next = now().Add(audit.Retry(a.Interval, a.tries))
	}
	return err
}

// Compare counts a range on the service and reads what the ledger lacks of it. After an error the next call for
// the same range goes on with what is left.
func (a *Auditor) Compare(ctx context.Context, from, to time.Time) error {
	if a.Window == 0 || !from.Before(to) {
		return nil
	}
	return a.compare(ctx, query.Page{From: from, To: to, MaxRows: a.MaxRows})
}

func (a *Auditor) compare(ctx context.Context, page query.Page) error {
	run := a.runOf(page)
	// However an alert's window is divided, its newest state counts, and no older one is read.
	a.reader.Question.asOf(page.To)
	defer a.reader.Question.asOf(time.Time{})
	outcome, err := a.proceed(ctx, run)
	if err == nil {
		a.run, a.reader.Track.auditedFrom = nil, time.Time{}
		a.conclude(ctx, run)
	} else {
		err = fmt.Errorf("audit: %w", err)
	}
	if !isSuspended(ctx, err) {
		a.metrics.Ended(ctx, outcome)
	}
	a.reader.Track.forget()
	if kept := a.reader.Track.Keep(); err == nil {
		return kept
	}
	return err
}

// runLasts is for how long the counts of a run are kept that comes no further, if interval is not longer.
const runLasts = time.Hour

// comparable reports whether a run can be gone on with.
func (a *Auditor) comparable(run *auditRun) bool {
	idle := a.reader.Track.Now().Sub(run.came)
	return run.ledger == a.reader.Track.ledger && run.question == a.reader.Question.table.Count(run.page) && idle <= max(runLasts, a.Interval)
}

// runOf returns the run that audits a page: the one that is under way, or a new one.
func (a *Auditor) runOf(page query.Page) *auditRun {
	question := a.reader.Question.table.Count(page)
	if run := a.run; run != nil && run.question == question && a.comparable(run) {
		return run
	}
	a.run = newAuditRun(page, question, a.reader.Track.ledger, a.reader.Track.Now())
	a.reader.Track.auditedFrom = page.From
	return a.run
}

// proceed does what is left of a run.
func (a *Auditor) proceed(ctx context.Context, run *auditRun) (audit.Outcome, error) {
	for len(run.todo) > 0 {
		if err := a.countNext(ctx, run); err != nil {
			return audit.Failed, fmt.Errorf("count rows from %s: %w", run.todo[0].From.Format(time.RFC3339), err)
		}
		a.cameFurther(run)
	}
	for len(run.cells) > 0 {
		cell := run.cells[0]
		if err := a.reread(ctx, run); err != nil {
			return audit.Incomplete, fmt.Errorf("read again from %s: %w", cell.From.Format(time.RFC3339), err)
		}
		a.cameFurther(run)
	}
	return audit.Complete, nil
}

// cameFurther notes that a count or a read of a run is done.
func (a *Auditor) cameFurther(run *auditRun) {
	a.steps++
	run.came = a.reader.Track.Now()
}

// countNext counts the first part of what is left, as wide as it can be counted.
func (a *Auditor) countNext(ctx context.Context, run *auditRun) error {
	counted, err := a.counter.part(ctx, run.next(a.counter.fits))
	if counted.narrower {
		a.steps++
	}
	if err != nil {
		return err
	}
	run.take(counted.rows, counted.until, a.reader.Question.IsAlerts())
	return nil
}

// reread reads the first cell again. One that fails is tried again after all others.
func (a *Auditor) reread(ctx context.Context, run *auditRun) error {
	cell := run.cells[0]
	given, err := a.readCell(ctx, &cell.Cell)
	run.cells = run.cells[1:]
	if err != nil {
		run.cells = append(run.cells, cell)
		return err
	}
	unread := run.ledger.Unreadable().Touches(cell.From, cell.To)
	if !unread && sum(given) < cell.Counted {
		// Rows may have left the range since it was counted: the service may not keep them any more, or an alert was updated.
		counts, err := a.counter.count(ctx, query.Page{From: cell.From, To: cell.To})
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
	run.settle(cell, given, unread)
	if !unread && !a.reader.Question.IsAlerts() {
		run.ledger.SetCounted(cell.Bin(), sum(given))
	}
	return nil
}

// readCell reads a cell again, recognising what was delivered, and returns the rows that the service gave. What is
// unreadable is left out, and what turns out to be unreadable is passed over.
func (a *Auditor) readCell(ctx context.Context, cell *audit.Cell) (map[ledger.Bin]int, error) {
	l := a.reader.Track.ledger
	defer a.reader.Track.forget()
	given := map[ledger.Bin]int{}
	for next := cell.From; next.Before(cell.To); {
		from, to := l.Unreadable().Around(next, cell.To)
		next = paging.Latest(to, next.Add(paging.Tick))
		if !from.Before(to) {
			continue
		}
		if err := l.Load(ctx, from, to); err != nil {
			return given, err
		}
		rows, found, err := a.reader.again.read(ctx, from, to)
		addRows(given, rows)
		cell.Found += found
		a.metrics.Recovered(ctx, found)
		if a.reader.Unreadable.is(err) {
			a.reader.Unreadable.add(from, to, err)
			err = nil
		}
		if err != nil {
			return given, err
		}
	}
	return given, nil
}

// conclude tells what a complete audit has found.
func (a *Auditor) conclude(ctx context.Context, run *auditRun) {
	replaces := a.reader.Track.lane.Replaces(ledger.BinOf(run.page.From), ledger.BinOf(run.page.To))
	found, since := a.record.Complete(run.found, replaces, a.reader.Track.Now(), time.Now())
	a.metrics.Found(ctx, found)
	a.report(run.page, audit.Report{
		Findings: found, MissingSince: since, Unreadable: run.ledger.Unreadable().Len(), Kept: a.KeepsRefused,
	})
	if a.Audited != nil {
		a.Audited(ctx, audit.Result{From: run.page.From, To: run.page.To, Bins: run.found})
	}
}

// report is the audit's line in log and status: the proof that a user can read.
func (a *Auditor) report(page query.Page, r audit.Report) {
	fields := []zap.Field{
		zap.Int("matched", r.Matched), zap.Int("recovered", r.Recovered), zap.Int("refused", r.Refused),
		zap.Int("missing", r.Missing), zap.Int("unread", r.Unread), zap.Time("from", page.From), zap.Time("to", page.To),
	}
	if r.Missing > 0 {
		fields = append(fields, zap.Time("missing_since", r.MissingSince))
	}
	a.logger.Log(r.Level(), fmt.Sprintf("Audit: %s.", r), fields...)
	// The note comes first: notes wait while there is trouble, and the status of this trouble is to have it.
	a.seen.Note("audit", fmt.Sprintf("%s to %s: %s; %d rows matched, %d recovered, %d missing, %d refused, %d unread",
		page.From.Format(time.RFC3339), page.To.Format(time.RFC3339), r, r.Matched, r.Recovered, r.Missing, r.Refused, r.Unread))
	a.seen.Report("audit", r.Err())
}

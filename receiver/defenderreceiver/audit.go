package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// auditResult is what one audit found of a table, in rows.
type auditResult struct {
	matched   int // the service has them and they were delivered
	recovered int // they were not, and are now
	missing   int // the service counts them and could not give them
}

// auditWindow is how much of the past is audited; 0 if none is.
func (t *table) auditWindow() time.Duration {
	if audit := t.cfg.LateArrival.Audit; audit.Interval > 0 {
		return audit.Window
	}
	return 0
}

// auditDue reports whether it is time to count again. A table that yields counts less often: the window is
// much longer than the interval.
func (t *table) auditDue() bool {
	const yielding = 4
	audit := t.cfg.LateArrival.Audit
	due := t.nextAudit
	if t.yields() {
		due = due.Add(min((yielding-1)*audit.Interval, audit.Window/2))
	}
	return t.auditWindow() > 0 && !t.serviceNow().Before(due)
}

// yields reports whether the quota is short, so that this table spends what it gets of it on new rows.
func (t *table) yields() bool {
	return t.cfg.Tables[t.name].Priority > 1 && t.scheduler.Short()
}

// auditFrom is where the window begins: at a bin, and not before the table was first read.
func (t *table) auditFrom() time.Time {
	from := checkpoint.BinOf(t.position.cursor.CompleteUntil.Add(-t.auditWindow())).Start()
	if since := t.position.cursor.Since; from.Before(since) {
		// The bin that Since cuts holds rows that were never asked for.
		return checkpoint.BinOf(since.Add(checkpoint.BinWidth - tick)).Start()
	}
	return from
}

// ledgerFrom is from when on the ledger is kept: for the audit, for reading along another axis, and for
// what was set aside.
func (t *table) ledgerFrom() time.Time {
	from := t.position.cursor.CompleteUntil.Add(-max(t.auditWindow(), t.reach()))
	if b := t.position.cursor.Backfill; b != nil {
		from = t.position.cursor.Since
		if again := b.Live.At.Add(-t.auditWindow()); !b.Recounted && again.Before(from) {
			from = again
		}
	}
	for _, r := range t.position.cursor.Aside {
		if r.From.Before(from) {
			from = r.From
		}
	}
	return from
}

// audit counts on the service what should have been read, bin by bin, compares it with the ledger and
// reads the bins again that hold more. Kusto stamps ingestion_time() before a row can be seen and
// promises no order among rows, so this is the proof that a cursor alone is not.
func (t *table) audit(ctx context.Context) error {
	t.nextAudit = t.serviceNow().Add(t.cfg.LateArrival.Audit.Interval)
	page := query.Page{From: t.auditFrom(), To: t.position.cursor.CompleteUntil, MaxRows: t.cfg.Page.MaxRows}
	if !page.From.Before(page.To) {
		return nil
	}
	return t.compare(ctx, page)
}

// compare counts a range on the service and reads what the ledger lacks of it.
func (t *table) compare(ctx context.Context, page query.Page) error {
	counts, err := t.countParts(ctx, page)
	if err != nil {
		return fmt.Errorf("audit: count rows: %w", err)
	}
	var result auditResult
	if t.query.Kind == tables.Alerts {
		err = t.auditWhole(ctx, page, counts, &result)
	} else {
		err = t.auditBins(ctx, page, counts, &result)
	}
	t.position.forget(t.overlap(), t.ledgerFrom())
	t.telemetry.audit(ctx, t.name, result)
	t.report(page, result)
	return errors.Join(err, t.keep())
}

// auditBins reads the bins again of which the service counts more rows than were delivered.
func (t *table) auditBins(ctx context.Context, page query.Page, counts map[checkpoint.Bin]int, result *auditResult) error {
	var errs []error
	for bin, counted := range counts {
		entry := t.position.ledger[bin]
		if counted <= max(entry.Rows, entry.Counted) {
			result.matched += counted
			continue
		}
		if t.isAside(bin) {
			// What is set aside is tried again by itself.
			result.matched += entry.Rows
			result.missing += counted - entry.Rows
			continue
		}
		from, to := bin.Start(), bin.End()
		if from.Before(page.From) {
			from = page.From
		}
		if page.To.Before(to) {
			to = page.To
		}
		rows, err := t.auditRange(ctx, from, to, counted, result)
		if err == nil {
			t.position.counted(bin, rows)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// auditWhole reads the whole window again: an alert that was updated leaves its bin for a later one,
// and would make up for one that is missing. Alerts are few.
func (t *table) auditWhole(ctx context.Context, page query.Page, counts map[checkpoint.Bin]int, result *auditResult) error {
	counted := 0
	for _, rows := range counts {
		counted += rows
	}
	if counted == 0 {
		return nil
	}
	rows := 0
	for next := page.From; next.Before(page.To); {
		from, to := t.around(next, page.To)
		next = latest(to, next.Add(tick))
		if !from.Before(to) {
			continue
		}
		// What is missing is known when all was read.
		n, err := t.auditRange(ctx, from, to, 0, result)
		rows += n
		if err != nil {
			return err
		}
	}
	result.missing += max(counted-rows, 0)
	return nil
}

// auditRange reads a range again, recognising what was delivered, and returns the rows that the
// service gave.
func (t *table) auditRange(ctx context.Context, from, to time.Time, counted int, result *auditResult) (int, error) {
	if err := t.loadBins(ctx, from, to); err != nil {
		return 0, err
	}
	rows, found, err := t.readAgain(ctx, from, to)
	result.recovered += found
	result.matched += max(rows-found, 0)
	result.missing += max(counted-rows, 0)
	if err != nil {
		return rows, fmt.Errorf("audit: read again from %s: %w", from.Format(time.RFC3339), err)
	}
	return rows, nil
}

// report is the audit's line in log and status: the proof that a user can read.
func (t *table) report(page query.Page, r auditResult) {
	fields := []zap.Field{
		zap.Int("matched", r.matched), zap.Int("recovered", r.recovered), zap.Int("missing", r.missing),
		zap.Time("from", page.From), zap.Time("to", page.To),
	}
	t.status.note("audit."+t.id(), fmt.Sprintf("%s to %s: %d rows matched, %d recovered, %d missing",
		page.From.Format(time.RFC3339), page.To.Format(time.RFC3339), r.matched, r.recovered, r.missing))
	switch {
	case r.missing > 0:
		t.logger.Error("Audit: the service counts rows that it does not give; they are asked for again.", fields...)
	case r.recovered > 0:
		t.logger.Warn("Audit: rows became visible after their time had been read; they are delivered now.", fields...)
	default:
		t.logger.Info("Audit: all rows that the service counts were delivered.", fields...)
	}
}

package source

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// FeedMetrics counts what a feed and its audits find.
type FeedMetrics interface {
	reader.AuditMetrics
	Duplicates(ctx context.Context, rows int)
	Repaired(ctx context.Context, values int64)
}

// FeedAuditor audits a list: from time to time a poll reads a longer past than its overlap, and what it finds there that
// was not delivered has come late.
type FeedAuditor struct {
	Interval, Window time.Duration // a zero Interval: there are no audits
	KeepsRefused     bool          // in the dead letters
	// Audited is told what complete audits found; nil: nobody is.
	Audited func(ctx context.Context, r audit.Result)

	metrics FeedMetrics
	record  *audit.Record
	health  *health.Source
	logger  *zap.Logger
	next    time.Time // on this machine's clock
}

// NewFeedAuditor makes the auditor of a list.
func NewFeedAuditor(interval, window time.Duration, metrics FeedMetrics, seen *health.Source, logger *zap.Logger) *FeedAuditor {
	if interval == 0 {
		window = 0
	}
	return &FeedAuditor{
		Interval: interval, Window: window, metrics: metrics, record: audit.NewRecord(time.Now()), health: seen, logger: logger,
		next: time.Now().Add(interval),
	}
}

// Resume says how long ago an audit was complete before the start.
func (a *FeedAuditor) Resume(age time.Duration) {
	now := time.Now()
	a.next = audit.First(now, now.Add(-age), a.Interval)
}

// Record is what complete audits say.
func (a *FeedAuditor) Record() *audit.Record { return a.record }

// Due reports whether the next poll is to be an audit.
func (a *FeedAuditor) Due() bool { return a.Window > 0 && !time.Now().Before(a.next) }

// feedAudit is one audit. A nil one counts nothing.
type feedAudit struct {
	from time.Time
	bins map[ledger.Bin]audit.Findings
}

// auditStep is to what the beginning of an audit is rounded down. An audit that fails and is made again begins at the same
// place, so that it is seen that it fails there.
const auditStep = time.Hour

// begin begins an audit of the window before a time of the service, as far as it is remembered what was delivered.
func (a *FeedAuditor) begin(now time.Time, state *feed.State) *feedAudit {
	return &feedAudit{from: state.From(now.Add(-a.Window).Truncate(auditStep)), bins: map[ledger.Bin]audit.Findings{}}
}

// known counts an object that was delivered, or refused, before.
func (f *feedAudit) known(o feed.Object, refused bool) {
	if refused {
		f.add(o, audit.Findings{Refused: 1})
		return
	}
	f.add(o, audit.Findings{Matched: 1})
}

// found counts an object that was read now.
func (f *feedAudit) found(o pendingObject, refused bool) {
	switch {
	case refused:
		f.add(o.Object, audit.Findings{Refused: 1})
	case o.late:
		f.add(o.Object, audit.Findings{Recovered: 1})
	default:
		f.add(o.Object, audit.Findings{Matched: 1})
	}
}

func (f *feedAudit) add(o feed.Object, more audit.Findings) {
	if f == nil {
		return
	}
	bin := ledger.BinOf(o.Updated)
	findings := f.bins[bin]
	findings.Add(more)
	f.bins[bin] = findings
}

// fail ends an audit that did not come to its end. It is made again with the next poll.
func (a *FeedAuditor) fail(ctx context.Context, f *feedAudit) {
	if f != nil {
		a.metrics.Ended(ctx, audit.Failed)
	}
}

// complete ends an audit that read its window, but for ranges that cannot be read.
func (a *FeedAuditor) complete(ctx context.Context, f *feedAudit, now time.Time, unreadable []feed.Range) {
	if f == nil {
		return
	}
	a.next = time.Now().Add(a.Interval)
	sum, since := a.record.Complete(f.bins, func(ledger.Bin) bool { return true }, now, time.Now())
	a.metrics.Found(ctx, sum)
	a.metrics.Ended(ctx, audit.Complete)
	report := audit.Report{Findings: sum, MissingSince: since, Unreadable: len(unreadable), Kept: a.KeepsRefused}
	a.logger.Log(report.Level(), fmt.Sprintf("Audit: %s.", report), zap.Int("matched", sum.Matched), zap.Int("recovered", sum.Recovered),
		zap.Int("refused", sum.Refused), zap.Time("from", f.from), zap.Time("to", now))
	a.health.Note("audit", fmt.Sprintf("%s to %s: %s; %d rows matched, %d recovered, %d refused",
		f.from.Format(time.RFC3339), now.Format(time.RFC3339), report, sum.Matched, sum.Recovered, sum.Refused))
	if a.Audited != nil {
		a.Audited(ctx, audit.Result{From: f.from, To: now, Bins: f.bins})
	}
}

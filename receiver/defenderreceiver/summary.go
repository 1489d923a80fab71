package defenderreceiver

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
)

// summaryInterval is between two lines of the log that say what was done.
const summaryInterval = time.Hour

// summarize says once an hour what was done: rows, how far each table is, audits, and the quota.
func (r *defenderReceiver) summarize(ctx context.Context) {
	ticker := time.NewTicker(summaryInterval)
	defer ticker.Stop()
	before := map[string]health.View{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		rows, refused := 0, 0
		var tables []string
		for _, l := range r.lanes {
			view, last := l.health.View(), before[l.id]
			before[l.id] = view
			rows += view.RowsDelivered - last.RowsDelivered
			refused += view.RowsRefused - last.RowsRefused
			if !l.history {
				tables = append(tables, l.summary(view, view.RowsDelivered-last.RowsDelivered))
			}
		}
		r.set.Logger.Info("The last hour.", zap.Int("rows_delivered", rows), zap.Int("rows_refused", refused),
			zap.Strings("tables", tables), zap.Strings("quota_used", r.quotaUsed()))
	}
}

// summary is what the hourly line says of a table.
func (l *lane) summary(view health.View, rows int) string {
	text := fmt.Sprintf("%s: %d rows, %s", l.table, rows, view.State)
	if view.Reason != failure.None {
		text += " (" + string(view.Reason) + ")"
	}
	if until := view.CompleteUntil; !until.IsZero() {
		text += fmt.Sprintf(", lag %s", l.now().Sub(until).Round(time.Second))
	}
	if l.audits == nil {
		return text
	}
	if audited := l.audits.View(); audited.Audited {
		text += fmt.Sprintf(", audit %s ago: %d missing, %d refused",
			time.Since(audited.Since).Round(time.Second), audited.Missing, audited.Refused)
	}
	return text
}

// quotaUsed is how much of the configured share is spent, by resource and window.
func (r *defenderReceiver) quotaUsed() []string {
	var used []string
	for _, use := range r.scheduler.Snapshot().Windows {
		used = append(used, fmt.Sprintf("%s in %s: %.0f %%", use.Resource, windowName(use.Limit.Window), 100*use.Ratio()))
	}
	return used
}

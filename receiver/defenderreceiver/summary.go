package defenderreceiver

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// summaryInterval is between two lines of the log that say what was done.
const summaryInterval = time.Hour

// summary is the hourly line of the log.
type summary struct {
	lanes  []*lane
	quota  *scheduler.Scheduler
	logger *zap.Logger
}

// run says once an hour what was done: rows, how far each table is, audits, and the quota.
func (s summary) run(ctx context.Context) {
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
		for _, l := range s.lanes {
			view, last := l.health.View(), before[l.id]
			before[l.id] = view
			rows += view.Rows.Delivered - last.Rows.Delivered
			refused += view.Rows.Refused - last.Rows.Refused
			if !l.history {
				tables = append(tables, l.summary(view, view.Rows.Delivered-last.Rows.Delivered))
			}
		}
		s.logger.Info("The last hour.", zap.Int("rows_delivered", rows), zap.Int("rows_refused", refused),
			zap.Strings("tables", tables), zap.Strings("quota_used", s.quotaUsed()))
	}
}

// quotaUsed is how much of the configured share is spent, by resource and window.
func (s summary) quotaUsed() []string {
	var used []string
	for _, use := range s.quota.Snapshot().Windows {
		used = append(used, fmt.Sprintf("%s in %s: %.0f %%", use.Resource, windowName(use.Limit.Window), 100*use.Ratio()))
	}
	return used
}

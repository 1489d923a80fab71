package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// contextMetrics count what is done for the context of alerts.
type contextMetrics struct{ laneMetrics }

var _ source.ContextMetrics = contextMetrics{}

// Found counts a row that was delivered.
func (m contextMetrics) Found(ctx context.Context, table string, relation pivot.Relation) {
	m.builder.ReceiverDefenderAlertContextRows.Add(ctx, 1, m.of(attribute.String("table", table), attribute.String("relation", string(relation))))
}

// Summarized counts an alert for which nothing is left to be asked.
func (m contextMetrics) Summarized(ctx context.Context, truncated, empty bool) {
	if truncated {
		m.builder.ReceiverDefenderAlertContextTruncated.Add(ctx, 1, m.of())
	}
	if empty {
		m.builder.ReceiverDefenderAlertContextEmpty.Add(ctx, 1, m.of())
	}
}

// beginContext gives the counters of the context of alerts their first point.
func (t *telemetry) beginContext(ctx context.Context, asked []string) {
	for _, table := range asked {
		for _, relation := range pivot.Relations {
			t.builder.ReceiverDefenderAlertContextRows.Add(ctx, 0, t.of(attribute.String("table", table), attribute.String("relation", string(relation))))
		}
	}
	t.builder.ReceiverDefenderAlertContextTruncated.Add(ctx, 0, t.of())
	t.builder.ReceiverDefenderAlertContextEmpty.Add(ctx, 0, t.of())
}

// observeContext lets the gauges read how much is to be asked.
func (t *telemetry) observeContext(pivots *source.Pivots, now func() time.Time) error {
	tasks := t.builder.RegisterReceiverDefenderAlertContextTasksCallback(func(_ context.Context, o metric.Int64Observer) error {
		standing := pivots.Standing(now())
		for state, n := range map[string]int{"pending": standing.Pending, "done": standing.Done, "set_aside": standing.Aside} {
			o.Observe(int64(n), t.of(attribute.String("state", state)))
		}
		return nil
	})
	lag := t.builder.RegisterReceiverDefenderAlertContextLagCallback(func(_ context.Context, o metric.Float64Observer) error {
		lag, at := 0.0, now()
		if oldest := pivots.Standing(at).Oldest; !oldest.IsZero() {
			lag = at.Sub(oldest).Seconds()
		}
		o.Observe(lag, t.of())
		return nil
	})
	return errors.Join(tasks, lag)
}

package defenderreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

var (
	_ reader.Metrics      = laneMetrics{}
	_ reader.AuditMetrics = laneMetrics{}
	_ reader.Metrics      = liveMetrics{}
)

// laneMetrics counts what is done for one table.
type laneMetrics struct {
	*telemetry
	table string
}

// history counts what is done for the history of a table.
func (t *telemetry) history(table string) laneMetrics { return laneMetrics{t, table} }

// begin gives the counters of audits their first point.
func (m laneMetrics) begin(ctx context.Context) {
	m.Found(ctx, audit.Findings{})
	m.Recovered(ctx, 0)
	for _, outcome := range audit.Outcomes() {
		m.builder.ReceiverDefenderAudits.Add(ctx, 0, m.ofAudit(outcome))
	}
}

// New counts nothing: all rows of history are late.
func (laneMetrics) New(context.Context, delivery.Row) {}

// Duplicates counts rows that were delivered before.
func (m laneMetrics) Duplicates(ctx context.Context, rows int) { m.rows(ctx, m.table, duplicate, rows) }

// Repaired counts values of an answer that were not as they should be.
func (m laneMetrics) Repaired(ctx context.Context, values int64) { m.repaired(ctx, m.table, values) }

// Truncated counts an answer that was not whole.
func (m laneMetrics) Truncated(ctx context.Context) {
	m.builder.ReceiverDefenderTruncatedPages.Add(ctx, 1, m.ofTable(m.table))
}

// Found counts what a complete audit found. What it recovered was counted when it was delivered.
func (m laneMetrics) Found(ctx context.Context, f audit.Findings) {
	for result, n := range map[string]int{"matched": f.Matched, "refused": f.Refused, "missing": f.Missing} {
		m.builder.ReceiverDefenderAuditRows.Add(ctx, int64(n), m.ofResult(result))
	}
}

// Recovered counts rows that an audit delivered, whether or not it completes.
func (m laneMetrics) Recovered(ctx context.Context, rows int) {
	m.builder.ReceiverDefenderAuditRows.Add(ctx, int64(rows), m.ofResult("recovered"))
}

// Ended counts an audit's attempt.
func (m laneMetrics) Ended(ctx context.Context, outcome audit.Outcome) {
	m.builder.ReceiverDefenderAudits.Add(ctx, 1, m.ofAudit(outcome))
}

func (m laneMetrics) ofResult(result string) metric.MeasurementOption {
	return m.of(attribute.String("table", m.table), attribute.String("result", result))
}

func (m laneMetrics) ofAudit(outcome audit.Outcome) metric.MeasurementOption {
	return m.of(attribute.String("table", m.table), attribute.String("outcome", string(outcome)))
}

// liveMetrics counts what is done for the new rows of a table.
type liveMetrics struct {
	laneMetrics
	overlap time.Duration
}

// live counts what is done for the new rows of a table. A row is late that came longer after its event than the overlap.
func (t *telemetry) live(table string, overlap time.Duration) liveMetrics {
	return liveMetrics{t.history(table), overlap}
}

// New counts a row that came longer after its event than a reader of event time would look back.
func (m liveMetrics) New(ctx context.Context, r delivery.Row) {
	if arrived, ok := query.Time(r.IngestionTime); ok && r.Readable && arrived.Sub(r.Timestamp) > m.overlap {
		m.builder.ReceiverDefenderLateRows.Add(ctx, 1, m.ofTable(m.table))
	}
}

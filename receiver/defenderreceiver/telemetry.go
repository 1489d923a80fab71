package defenderreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// telemetry records the receiver's metrics. The generated builder names the instruments.
type telemetry struct {
	builder *metadata.TelemetryBuilder
	// receiver is the attribute of all of them: which receiver of the process it is.
	receiver attribute.KeyValue
	// obsrep counts what the pipeline takes, under the names that all receivers have.
	obsrep *receiverhelper.ObsReport
}

func newTelemetry(set receiver.Settings) (*telemetry, error) {
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	builder, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &telemetry{builder, attribute.String("receiver", set.ID.String()), obsrep}, nil
}

// of are a measurement's attributes.
func (t *telemetry) of(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, t.receiver)...)
}

func (t *telemetry) ofTable(name string) metric.MeasurementOption {
	return t.of(attribute.String("table", name))
}

func (t *telemetry) ofOutcome(table string, outcome outcome) metric.MeasurementOption {
	return t.of(attribute.String("table", table), attribute.String("outcome", string(outcome)))
}

// begin gives the counters of a table their first point, so that the step to one is seen.
func (t *telemetry) begin(ctx context.Context, table string) {
	for _, outcome := range []string{stored, notStored} {
		t.builder.ReceiverDefenderCursorWrites.Add(ctx, 0, t.of(attribute.String("outcome", outcome)))
	}
	for _, outcome := range service.Outcomes() {
		t.builder.ReceiverDefenderQueries.Add(ctx, 0, t.of(attribute.String("table", table), attribute.String("outcome", outcome)))
	}
	t.builder.ReceiverDefenderRepairedValues.Add(ctx, 0, t.ofTable(table))
	t.builder.ReceiverDefenderThrottled.Add(ctx, 0, t.ofTable(table))
	t.builder.ReceiverDefenderTruncatedPages.Add(ctx, 0, t.ofTable(table))
	t.builder.ReceiverDefenderLateRows.Add(ctx, 0, t.ofTable(table))
	for _, outcome := range []outcome{delivered, duplicate, refused} {
		t.builder.ReceiverDefenderRows.Add(ctx, 0, t.ofOutcome(table, outcome))
	}
	for _, written := range []bool{true, false} {
		t.builder.ReceiverDefenderDeadLetters.Add(ctx, 0, t.ofLetter(table, written))
	}
}

// letter counts a refused row that was written to the dead letters, or could not be.
func (t *telemetry) letter(table string, written bool) {
	t.builder.ReceiverDefenderDeadLetters.Add(context.Background(), 1, t.ofLetter(table, written))
}

func (t *telemetry) ofLetter(table string, written bool) metric.MeasurementOption {
	state := "failed"
	if written {
		state = "written"
	}
	return t.of(attribute.String("table", table), attribute.String("state", state))
}

// outcome is what became of a row.
type outcome string

const (
	delivered outcome = "delivered"
	duplicate outcome = "duplicate"
	refused   outcome = "refused"
)

func (t *telemetry) shutdown() { t.builder.Shutdown() }

func (t *telemetry) rows(ctx context.Context, table string, outcome outcome, n int) {
	if n > 0 {
		t.builder.ReceiverDefenderRows.Add(ctx, int64(n), t.ofOutcome(table, outcome))
	}
}

func (t *telemetry) query(ctx context.Context, table string, duration time.Duration, err error) {
	t.builder.ReceiverDefenderQueryDuration.Record(ctx, duration.Seconds(), t.ofTable(table))
	t.builder.ReceiverDefenderQueries.Add(ctx, 1, t.of(
		attribute.String("table", table), attribute.String("outcome", service.Outcome(err))))
	if failure.Is(err, hunting.RateLimited, hunting.CPULimited) {
		t.builder.ReceiverDefenderThrottled.Add(ctx, 1, t.ofTable(table))
	}
}

// delay records how long after their events rows were delivered.
func (t *telemetry) delay(ctx context.Context, table string, result delivery.Result, now time.Time) {
	of := t.ofTable(table)
	for i, r := range result.Rows {
		if result.Outcomes[i] == delivery.Delivered && r.Readable {
			t.builder.ReceiverDefenderEventDelay.Record(ctx, now.Sub(r.Timestamp).Seconds(), of)
		}
	}
}

func (t *telemetry) repaired(ctx context.Context, table string, n int64) {
	if n > 0 {
		t.builder.ReceiverDefenderRepairedValues.Add(ctx, n, t.ofTable(table))
	}
}

// Outcomes of writing cursors.
const (
	stored    = "stored"
	notStored = "failed"
)

func (t *telemetry) cursorWrites(cursors int, err error) {
	outcome := stored
	if err != nil {
		outcome = notStored
	}
	t.builder.ReceiverDefenderCursorWrites.Add(context.Background(), int64(cursors),
		t.of(attribute.String("outcome", outcome)))
}

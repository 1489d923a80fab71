package defendersiemprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/selection"
)

// What became of records that came in, and of those that came out.
const (
	outcomeConverted = "converted"
	outcomeKnown     = "known"
	outcomePassed    = "passed"
	outcomeDropped   = "dropped"

	outcomeNew      = "new"
	outcomeRepeated = "repeated"
	outcomeBeyond   = "beyond_limit"
)

// tally counts a call by outcome.
type tally struct{ alerts, records map[string]int }

func newTally() tally { return tally{alerts: map[string]int{}, records: map[string]int{}} }

func (t tally) choice(c selection.Choice) {
	outcome := outcomeConverted
	if len(c.Records) == 0 {
		outcome = outcomeKnown
	}
	t.alerts[outcome]++
	t.records[outcomeNew] += len(c.Records) - c.Repeated
	t.records[outcomeRepeated] += c.Repeated
	t.records[outcomeBeyond] += c.Beyond
}

// report adds the counts to the metrics. Each series is there from the first report on.
func (t tally) report(ctx context.Context, telemetry *metadata.TelemetryBuilder, id component.ID) {
	add := func(counter metric.Int64Counter, counts map[string]int, outcomes ...string) {
		for _, outcome := range outcomes {
			counter.Add(ctx, int64(counts[outcome]), metric.WithAttributeSet(attribute.NewSet(
				attribute.String("processor", id.String()), attribute.String("outcome", outcome))))
		}
	}
	add(telemetry.ProcessorDefenderSiemAlerts, t.alerts, outcomeConverted, outcomeKnown, outcomePassed, outcomeDropped)
	add(telemetry.ProcessorDefenderSiemRecords, t.records, outcomeNew, outcomeRepeated, outcomeBeyond)
}

package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// Why records are dropped or passed, beside the reasons of the actor's rules and of accounts without a tuid.
const (
	reasonDirectory = "directory"
	reasonOther     = "not_defender"

	tableOther = "other"
)

// reasonOf are the reasons of mapped records: by what the person was found.
func reasonOf(way actor.Way) string {
	if way == actor.PosixUser {
		return "posix_identity" // what the metric has called it from the beginning
	}
	return string(way)
}

const (
	outcomeMapped  = "mapped"
	outcomeDropped = "dropped"
	outcomePassed  = "passed"
)

// tally counts the records of one call; every record that comes in is counted exactly once.
type tally map[tallyKey]int64

type tallyKey struct{ table, outcome, reason string }

func (t tally) mapped(table string, way actor.Way) {
	t[tallyKey{table, outcomeMapped, reasonOf(way)}]++
}
func (t tally) dropped(table, reason string) { t[tallyKey{table, outcomeDropped, reason}]++ }
func (t tally) passed(table, reason string)  { t[tallyKey{table, outcomePassed, reason}]++ }

func (t tally) report(ctx context.Context, telemetry *metadata.TelemetryBuilder) {
	for key, n := range t {
		telemetry.ProcessorTotalNormalizeRecords.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(
			attribute.String("table", key.table),
			attribute.String("outcome", key.outcome),
			attribute.String("reason", key.reason),
		)))
	}
}

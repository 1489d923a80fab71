package detectionrateconnector

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/metadata"
)

// The kinds of what is counted.
const (
	kindExecution = "execution"
	kindAlert     = "alert"
	kindOther     = "other"
)

// The outcomes of records that the book does not get.
const (
	outcomeMalformed = "malformed"
	outcomeIgnored   = "ignored"
)

// outcomes are those of the book.
var outcomes = map[book.Result]string{book.First: "new", book.Changed: "changed", book.Known: "known", book.Outdated: "outdated"}

// series names one number of records.
type series struct{ kind, outcome string }

// tally is how many records a call had.
type tally map[series]int64

func (t tally) add(kind, outcome string, n int64) { t[series{kind, outcome}] += n }

// counts are the connector's own metrics.
type counts struct {
	telemetry *metadata.TelemetryBuilder
	id        component.ID
}

// begin lets all series exist from the start.
func (c counts) begin(ctx context.Context) {
	t := tally{{kindOther, outcomeIgnored}: 0}
	for _, kind := range []string{kindExecution, kindAlert} {
		t[series{kind, outcomeMalformed}] = 0
		for _, outcome := range outcomes {
			t[series{kind, outcome}] = 0
		}
		c.telemetry.ConnectorDetectionRateForgotten.Add(ctx, 0, c.of(attribute.String("kind", kind)))
	}
	c.add(ctx, t)
	c.know(ctx, 0, 0)
}

func (c counts) add(ctx context.Context, t tally) {
	for s, n := range t {
		c.telemetry.ConnectorDetectionRateRecords.Add(ctx, n, c.of(attribute.String("kind", s.kind), attribute.String("outcome", s.outcome)))
	}
}

func (c counts) know(ctx context.Context, executions, alerts int) {
	c.telemetry.ConnectorDetectionRateKnown.Record(ctx, int64(executions), c.of(attribute.String("kind", kindExecution)))
	c.telemetry.ConnectorDetectionRateKnown.Record(ctx, int64(alerts), c.of(attribute.String("kind", kindAlert)))
}

func (c counts) forget(ctx context.Context, executions, alerts int) {
	c.telemetry.ConnectorDetectionRateForgotten.Add(ctx, int64(executions), c.of(attribute.String("kind", kindExecution)))
	c.telemetry.ConnectorDetectionRateForgotten.Add(ctx, int64(alerts), c.of(attribute.String("kind", kindAlert)))
}

func (c counts) of(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, attribute.String("connector", c.id.String()))...)
}

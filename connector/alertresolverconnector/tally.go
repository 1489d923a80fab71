package alertresolverconnector

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/task"
)

// counts are the connector's own metrics.
type counts struct {
	telemetry *metadata.TelemetryBuilder
	id        component.ID
}

// begin lets all series exist from the start.
func (c counts) begin(ctx context.Context) {
	for _, mode := range []task.Mode{task.DryRun, task.Enabled} {
		for _, result := range []task.Result{task.Resolved, task.WouldResolve, task.LeftAlone, task.NotFound} {
			c.telemetry.ConnectorAlertResolverDecisions.Add(ctx, 0, c.of(attribute.String("mode", string(mode)), attribute.String("result", string(result))))
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodPost} {
		c.telemetry.ConnectorAlertResolverRequests.Add(ctx, 0, c.of(attribute.String("method", method), attribute.String("outcome", "200")))
	}
	c.pending(ctx, 0)
	c.stopped(ctx, false)
}

func (c counts) decision(ctx context.Context, mode, result string) {
	c.telemetry.ConnectorAlertResolverDecisions.Add(ctx, 1, c.of(attribute.String("mode", mode), attribute.String("result", result)))
}

func (c counts) request(method, outcome string) {
	c.telemetry.ConnectorAlertResolverRequests.Add(context.Background(), 1, c.of(attribute.String("method", method), attribute.String("outcome", outcome)))
}

func (c counts) pending(ctx context.Context, n int) {
	c.telemetry.ConnectorAlertResolverPending.Record(ctx, int64(n), c.of())
}

func (c counts) stopped(ctx context.Context, stopped bool) {
	n := int64(0)
	if stopped {
		n = 1
	}
	c.telemetry.ConnectorAlertResolverStopped.Record(ctx, n, c.of())
}

func (c counts) of(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, attribute.String("connector", c.id.String()))...)
}

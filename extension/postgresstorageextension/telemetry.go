package postgresstorageextension

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/tenancy"
)

// telemetry shows what becomes of a worker's leases. Whoever collects the metrics reads the worker, so all series exist
// from the start.
type telemetry struct {
	builder   *metadata.TelemetryBuilder
	extension attribute.KeyValue
	worker    *tenancy.Worker
}

func observe(set extension.Settings, worker *tenancy.Worker) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	t := &telemetry{builder, attribute.String("extension", set.ID.String()), worker}
	for _, register := range []func() error{
		func() error { return builder.RegisterExtensionPostgresStorageLeaseHeldCallback(t.held) },
		func() error { return builder.RegisterExtensionPostgresStorageRenewalAgeCallback(t.renewalAge) },
		func() error { return builder.RegisterExtensionPostgresStorageTermsCallback(t.terms) },
		func() error { return builder.RegisterExtensionPostgresStorageTermsEndedCallback(t.termsEnded) },
	} {
		if err := register(); err != nil {
			builder.Shutdown()
			return nil, err
		}
	}
	return t, nil
}

func (t *telemetry) shutdown() { t.builder.Shutdown() }

// kinds are those of what leases are of.
func kinds() []string {
	all := []string{tenancy.Sessions}
	for _, kind := range []component.Kind{
		component.KindConnector, component.KindExporter, component.KindExtension, component.KindProcessor, component.KindReceiver,
	} {
		all = append(all, nameOf(kind))
	}
	return all
}

// nameOf is how a kind of components is called in keys and metrics.
func nameOf(kind component.Kind) string { return strings.ToLower(kind.String()) }

func (t *telemetry) held(_ context.Context, o metric.Int64Observer) error {
	for shard, held := range t.worker.Asked() {
		kind, of, _ := strings.Cut(shard, "/")
		value := int64(0)
		if held {
			value = 1
		}
		o.Observe(value, t.of(attribute.String("kind", kind), attribute.String("component", of)))
	}
	return nil
}

func (t *telemetry) renewalAge(_ context.Context, o metric.Float64Observer) error {
	o.Observe(time.Since(t.worker.Counts().Renewed).Seconds(), t.of())
	return nil
}

func (t *telemetry) terms(_ context.Context, o metric.Int64Observer) error {
	counts := t.worker.Counts()
	for _, kind := range kinds() {
		o.Observe(counts.Began[kind], t.of(attribute.String("kind", kind)))
	}
	return nil
}

func (t *telemetry) termsEnded(_ context.Context, o metric.Int64Observer) error {
	counts := t.worker.Counts()
	for _, kind := range kinds() {
		for _, end := range tenancy.Ends() {
			o.Observe(counts.Ended[tenancy.Ending{Kind: kind, End: end}], t.of(attribute.String("kind", kind), attribute.String("reason", string(end))))
		}
	}
	return nil
}

// of are a measurement's attributes.
func (t *telemetry) of(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(attributes, t.extension)...)
}

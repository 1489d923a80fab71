package totalnormalizeprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// observeDirectories shows the directories in the processor's metrics.
func observeDirectories(d *directory.Directories, telemetry *metadata.TelemetryBuilder, processor attribute.KeyValue) error {
	of := func(s directory.Size) attribute.KeyValue { return attribute.String("directory", s.Name) }
	return errors.Join(
		telemetry.RegisterProcessorTotalNormalizeDirectoryEntriesCallback(func(_ context.Context, o metric.Int64Observer) error {
			for _, s := range d.Sizes() {
				o.Observe(s.Entries, metric.WithAttributes(processor, of(s)))
			}
			return nil
		}),
		telemetry.RegisterProcessorTotalNormalizeDirectoryOldestAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			for _, s := range d.Sizes() {
				o.Observe(s.OldestAge.Seconds(), metric.WithAttributes(processor, of(s)))
			}
			return nil
		}),
		telemetry.RegisterProcessorTotalNormalizeDirectoryEvictionsCallback(func(_ context.Context, o metric.Int64Observer) error {
			for _, s := range d.Sizes() {
				for reason, n := range s.Evicted {
					o.Observe(n, metric.WithAttributes(processor, of(s), attribute.String("reason", reason)))
				}
			}
			return nil
		}),
	)
}

package totalnormalizeprocessor

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// directorySize is how full and how old a directory is.
type directorySize struct {
	name      string
	entries   int64
	oldestAge time.Duration
	evicted   map[string]int64 // by reason
}

func (d *directories) sizes() []directorySize {
	now := d.now()
	d.mu.RLock()
	defer d.mu.RUnlock()
	sizes := []directorySize{sizeOf(directoryDevices, d.devices.aging, now), sizeOf(directoryAlerts, d.alerts.aging, now)}
	for name, people := range d.people() {
		sizes = append(sizes, sizeOf(name, people.aging, now))
	}
	return sizes
}

func sizeOf[E placed](name string, a *aging[E], now time.Time) directorySize {
	evicted := map[string]int64{}
	for _, reason := range []string{evictedByAge, evictedByRoom} {
		evicted[reason] = a.evicted[reason]
	}
	return directorySize{name: name, entries: int64(len(a.entries)), oldestAge: a.oldestAge(now), evicted: evicted}
}

// observe shows the directories in the processor's metrics.
func (d *directories) observe(telemetry *metadata.TelemetryBuilder, processor attribute.KeyValue) error {
	of := func(s directorySize) attribute.KeyValue { return attribute.String("directory", s.name) }
	return errors.Join(
		telemetry.RegisterProcessorTotalNormalizeDirectoryEntriesCallback(func(_ context.Context, o metric.Int64Observer) error {
			for _, s := range d.sizes() {
				o.Observe(s.entries, metric.WithAttributes(processor, of(s)))
			}
			return nil
		}),
		telemetry.RegisterProcessorTotalNormalizeDirectoryOldestAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			for _, s := range d.sizes() {
				o.Observe(s.oldestAge.Seconds(), metric.WithAttributes(processor, of(s)))
			}
			return nil
		}),
		telemetry.RegisterProcessorTotalNormalizeDirectoryEvictionsCallback(func(_ context.Context, o metric.Int64Observer) error {
			for _, s := range d.sizes() {
				for reason, n := range s.evicted {
					o.Observe(n, metric.WithAttributes(processor, of(s), attribute.String("reason", reason)))
				}
			}
			return nil
		}),
	)
}

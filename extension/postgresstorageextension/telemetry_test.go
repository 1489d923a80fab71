package postgresstorageextension

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/tenancy"
	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// figures are the values of a metric, by its attributes.
func figures(t *testing.T, from *componenttest.Telemetry, name string) map[string]float64 {
	t.Helper()
	found, err := from.GetMetric("otelcol_extension_postgres_storage_" + name)
	require.NoError(t, err)
	values := map[string]float64{}
	of := func(s attribute.Set) string { return s.Encoded(attribute.DefaultEncoder()) }
	switch data := found.Data.(type) {
	case metricdata.Gauge[int64]:
		for _, point := range data.DataPoints {
			values[of(point.Attributes)] = float64(point.Value)
		}
	case metricdata.Gauge[float64]:
		for _, point := range data.DataPoints {
			values[of(point.Attributes)] = point.Value
		}
	case metricdata.Sum[int64]:
		assert.True(t, data.IsMonotonic)
		for _, point := range data.DataPoints {
			values[of(point.Attributes)] = float64(point.Value)
		}
	}
	return values
}

// newObserved is an extension whose database nobody runs.
func newObserved(t *testing.T) (*postgresStorage, *componenttest.Telemetry) {
	t.Helper()
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	cfg := createDefaultConfig().(*Config)
	cfg.DSN, cfg.Worker = "postgres://otelcol@127.0.0.1:1/otelcol?sslmode=disable", "w"
	made, err := create(t.Context(), extension.Settings{
		ID: component.NewIDWithName(metadata.Type, "x"), TelemetrySettings: telemetry.NewTelemetrySettings(),
	}, cfg)
	require.NoError(t, err)
	return made.(*postgresStorage), telemetry
}

// All series are there from the start, whether or not the database is.
func TestMetricsFromTheStart(t *testing.T) {
	p, telemetry := newObserved(t)
	require.NoError(t, p.Start(t.Context(), nil))
	assert.Equal(t, map[string]float64{"component=w,extension=postgres_storage/x,kind=worker": 0}, figures(t, telemetry, "lease_held"))
	_, err := p.Lease(t.Context(), claimOf("a"))
	require.Error(t, err)
	assert.Equal(t, map[string]float64{
		"component=w,extension=postgres_storage/x,kind=worker":            0,
		"component=defender/a,extension=postgres_storage/x,kind=receiver": 0,
	}, figures(t, telemetry, "lease_held"))
	began, ended := figures(t, telemetry, "terms"), figures(t, telemetry, "terms_ended")
	assert.Len(t, began, 6)
	assert.Contains(t, began, "extension=postgres_storage/x,kind=processor")
	assert.Len(t, ended, 6*4)
	assert.Contains(t, ended, "extension=postgres_storage/x,kind=receiver,reason=not_renewed")
	assert.Greater(t, figures(t, telemetry, "renewal_age")["extension=postgres_storage/x"], 0.0)
	require.NoError(t, p.Shutdown(t.Context()))
	_, err = telemetry.GetMetric("otelcol_extension_postgres_storage_lease_held")
	assert.Error(t, err, "a worker that has ended holds nothing")
}

// The metrics are those of the worker.
func TestMetricsOfLeases(t *testing.T) {
	p, telemetry := newObserved(t)
	worker := tenancy.NewWorker("w", time.Hour, willing{}, p.set.Logger)
	observed, err := observe(p.set, worker)
	require.NoError(t, err)
	defer observed.shutdown()
	first, err := worker.Hold(t.Context(), "receiver", "receiver/defender/a", "")
	require.NoError(t, err)
	second, err := worker.Hold(t.Context(), "receiver", "receiver/defender/b", "")
	require.NoError(t, err)
	_, err = worker.Own(t.Context(), "exporter/otlp/logs", false)
	require.NoError(t, err)
	first.Yield()
	require.NoError(t, first.Release(t.Context()))
	require.NoError(t, second.Release(t.Context()))

	const of = "extension=postgres_storage/x,kind="
	assert.Equal(t, map[string]float64{
		"component=w," + of + "worker":            0,
		"component=defender/a," + of + "receiver": 0,
		"component=defender/b," + of + "receiver": 0,
		"component=otlp/logs," + of + "exporter":  1,
	}, figures(t, telemetry, "lease_held"))
	began, ended := figures(t, telemetry, "terms"), figures(t, telemetry, "terms_ended")
	assert.Equal(t, []float64{2, 1, 0}, []float64{began[of+"receiver"], began[of+"exporter"], began[of+"worker"]})
	assert.Equal(t, []float64{1, 1, 0, 0}, []float64{
		ended[of+"receiver,reason=yielded"], ended[of+"receiver,reason=given_back"], ended[of+"receiver,reason=fenced"], ended[of+"exporter,reason=given_back"],
	})
	require.NoError(t, worker.Close(t.Context()))
	assert.InDelta(t, 1, figures(t, telemetry, "terms_ended")[of+"exporter,reason=given_back"], 0)
}

// willing is a database that grants everything.
type willing struct{}

func (willing) Take(context.Context, database.Claim) (int64, error)                   { return 1, nil }
func (willing) Renew(context.Context, database.Fence) error                           { return nil }
func (willing) Release(context.Context, database.Fence) error                         { return nil }
func (willing) Write(context.Context, database.Fence, string, database.Changes) error { return nil }
func (willing) Stand(context.Context, string, string, string) (database.Standing, error) {
	return database.Standing{}, nil
}
func (willing) Holder(context.Context, string) (*lease.Holder, error) { return nil, nil }
func (willing) Leave(context.Context, string) error                   { return nil }
func (willing) Forget(context.Context, string, time.Duration) error   { return nil }

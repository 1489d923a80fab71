package defendersiemprocessor

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/metadatatest"
)

func load(t *testing.T, settings map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	cfg, err := load(t, map[string]any{
		"records": "per_evidence", "names": "documented", "services": []any{"microsoftSentinel"}, "additional_indicators": []any{"dns", "file_hash"},
		"extended": false, "omit_empty": true, "on_update": "repeat", "max_records_per_alert": 7, "other_records": "drop", "storage": "file_storage/siem",
	})
	require.NoError(t, err)
	cfg.written = nil
	id := component.MustNewIDWithName("file_storage", "siem")
	assert.Equal(t, &Config{
		Records: RecordsPerEvidence, Names: NamesDocumented, Services: []string{"microsoftSentinel"},
		AdditionalIndicators: []Indicator{IndicatorDNS, IndicatorFileHash}, OmitEmpty: true, OnUpdate: OnUpdateRepeat, MaxRecordsPerAlert: 7,
		OtherRecords: OtherRecordsDrop, StorageID: &id,
	}, cfg)

	cfg, err = load(t, nil)
	require.NoError(t, err)
	cfg.written = nil
	assert.Equal(t, createDefaultConfig(), cfg)
}

func TestConfigErrors(t *testing.T) {
	for key, value := range map[string]any{
		"records": "per_file", "names": "Wire", "services": []any{}, "additional_indicators": []any{"registry"}, "on_update": "always",
		"max_records_per_alert": 0, "other_records": "keep", "record": "per_ioc",
	} {
		_, err := load(t, map[string]any{key: value})
		assert.ErrorContains(t, err, "'"+key, key)
	}
	_, err := load(t, map[string]any{"services": []any{"a", ""}})
	assert.ErrorContains(t, err, "'services'")
}

// A storage that is not there stops the start.
func TestStorageThatIsNotThere(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.StorageID = &storageID
	p, err := createLogs(t.Context(), processortest.NewNopSettings(typ), cfg, new(sink))
	require.NoError(t, err)
	require.ErrorContains(t, p.Start(t.Context(), componenttest.NewNopHost()), "'storage' names the extension file_storage/siem")
	require.NoError(t, p.Shutdown(t.Context()))
}

// Each record that comes in counts once, and each that goes out.
func TestMetrics(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	cfg := createDefaultConfig().(*Config)
	cfg.OnUpdate, cfg.MaxRecordsPerAlert = OnUpdateRepeat, 2
	p, err := createLogs(t.Context(), metadatatest.NewSettings(telemetry), cfg, new(sink))
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))

	processes := alertWith("a1", process(1), process(2), process(3))
	another := with(processes, object{"serviceSource": "microsoftSentinel"})
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, processes, processes, another)))
	assert.Equal(t, map[string]int64{"converted": 2, "known": 0, "passed": 1, "dropped": 0}, counts(t, telemetry, "otelcol_processor_defender_siem_alerts"))
	assert.Equal(t, map[string]int64{"new": 2, "repeated": 2, "beyond_limit": 2}, counts(t, telemetry, "otelcol_processor_defender_siem_records"))
	require.NoError(t, p.Shutdown(t.Context()))
}

// counts are the values of a metric by outcome.
func counts(t *testing.T, telemetry *componenttest.Telemetry, name string) map[string]int64 {
	t.Helper()
	metric, err := telemetry.GetMetric(name)
	require.NoError(t, err)
	found := map[string]int64{}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		outcome, _ := point.Attributes.Value("outcome")
		found[outcome.AsString()] = point.Value
	}
	return found
}

package detectionrateconnector

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/metadatatest"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

func load(t *testing.T, settings map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	return cfg, confmap.Validate(cfg)
}

func TestConfig(t *testing.T) {
	cfg, err := load(t, map[string]any{
		"window": "5m", "lookback": "7d", "settle": "1h", "granularity": "hour", "rollup": "none", "match": "evidence",
		"evidence": object{"before": "1m", "after": "2m"}, "exclude": object{"categories": []any{"x"}, "outcomes": []any{"inconclusive"}},
		"format": "f0", "executions_file": "/x.csv", "interval": "1m", "limits": object{"executions": 1, "alerts": 2, "techniques": 3},
		"storage": "file_storage/rate",
	})
	require.NoError(t, err)
	cfg.written = nil
	id := component.MustNewIDWithName("file_storage", "rate")
	assert.Equal(t, &Config{
		Window: 5 * time.Minute, Lookback: 7 * 24 * time.Hour, Settle: time.Hour, Granularity: GranularityHour, Rollup: RollupNone,
		Match: MatchEvidence, Evidence: EvidenceConfig{time.Minute, 2 * time.Minute},
		Exclude: ExcludeConfig{[]string{"x"}, []Outcome{OutcomeInconclusive}}, Format: FormatF0, ExecutionsFile: "/x.csv", Interval: time.Minute,
		Limits: LimitsConfig{1, 2, 3}, StorageID: &id,
	}, cfg)

	cfg, err = load(t, nil)
	require.NoError(t, err)
	cfg.written = nil
	assert.Equal(t, createDefaultConfig(), cfg)
}

func TestConfigErrors(t *testing.T) {
	for key, value := range map[string]any{
		"window": "0s", "lookback": "-1h", "settle": "-1s", "interval": "0s", "granularity": "minute", "rollup": "children", "match": "host",
		"format": "json", "windows": "1h",
	} {
		_, err := load(t, map[string]any{key: value})
		assert.ErrorContains(t, err, "'"+key, key)
	}
	for key, value := range map[string]object{
		"evidence::before": {"evidence": object{"before": "-1s"}}, "evidence::after": {"evidence": object{"after": "-1s"}},
		"exclude::outcomes": {"exclude": object{"outcomes": []any{"lost"}}}, "exclude::categories": {"exclude": object{"categories": []any{""}}},
		"limits::executions": {"limits": object{"executions": 0}}, "limits::alerts": {"limits": object{"alerts": 0}},
		"limits::techniques": {"limits": object{"techniques": 0}}, "settle": {"settle": "30d"},
	} {
		_, err := load(t, value)
		assert.ErrorContains(t, err, "'"+key+"'", key)
	}
}

// A storage that is not there stops the start.
func TestStorageThatIsNotThere(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.StorageID = &storageID
	c, err := NewFactory().CreateLogsToLogs(t.Context(), settingsOf(), cfg, new(collector.Sink))
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(t.Context(), componenttest.NewNopHost()), "'storage' names the extension file_storage/rate")
	require.NoError(t, c.Shutdown(t.Context()))
}

// Each record that comes in counts once, although two components get it.
func TestMetrics(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
	set := metadatatest.NewSettings(telemetry)
	cfg := createDefaultConfig().(*Config)
	f := NewFactory()
	one, err := f.CreateLogsToLogs(t.Context(), set, cfg, new(collector.Sink))
	require.NoError(t, err)
	other, err := f.CreateLogsToMetrics(t.Context(), set, cfg, new(meter))
	require.NoError(t, err)
	now := time.Now()
	require.NoError(t, one.Start(t.Context(), collector.Extensions{}))
	require.NoError(t, other.Start(t.Context(), collector.Extensions{}))
	logs := batchOf(
		executionOf(t, "e1", now, nil), executionOf(t, "e1", now, nil), executionOf(t, "e2", now.Add(-31*24*time.Hour), nil), executionOf(t, "", now, nil),
		alertOf(t, "a1", now, now, nil), alertOf(t, "a1", now, now.Add(1), nil), alertOf(t, "", now, now, nil), plog.NewLogRecord(),
	)
	require.NoError(t, one.ConsumeLogs(t.Context(), logs))
	require.NoError(t, other.ConsumeLogs(t.Context(), logs))
	metric, err := telemetry.GetMetric("otelcol_connector_detection_rate_records")
	require.NoError(t, err)
	found := map[string]int64{}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		kind, _ := point.Attributes.Value("kind")
		outcome, _ := point.Attributes.Value("outcome")
		found[kind.AsString()+" "+outcome.AsString()] = point.Value
	}
	assert.Equal(t, map[string]int64{
		"execution new": 1, "execution known": 1, "execution changed": 0, "execution outdated": 1, "execution malformed": 1,
		"alert new": 1, "alert changed": 1, "alert known": 0, "alert outdated": 0, "alert malformed": 1, "other ignored": 1,
	}, found)
	require.NoError(t, one.Shutdown(t.Context()))
	require.NoError(t, other.Shutdown(t.Context()))
}

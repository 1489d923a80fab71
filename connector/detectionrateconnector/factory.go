package detectionrateconnector

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/metadata"
)

// NewFactory returns the factory of the detection_rate connector.
func NewFactory() connector.Factory {
	f := &factory{cores: map[*Config]*core{}, now: time.Now}
	return connector.NewFactory(metadata.Type, createDefaultConfig,
		connector.WithLogsToMetrics(f.createMetrics, metadata.LogsToMetricsStability),
		connector.WithLogsToLogs(f.createLogs, metadata.LogsToLogsStability))
}

func createDefaultConfig() component.Config {
	return &Config{
		Window:      time.Hour,
		Lookback:    30 * 24 * time.Hour,
		Settle:      2 * time.Hour,
		Granularity: GranularityExact,
		Rollup:      RollupParent,
		Match:       MatchTechnique,
		Evidence:    EvidenceConfig{Before: 5 * time.Minute, After: 30 * time.Minute},
		Exclude:     ExcludeConfig{Categories: []string{"cyber-hygiene"}, Outcomes: []Outcome{OutcomeSkipped}},
		Format:      FormatAuto,
		Interval:    30 * time.Second,
		Limits:      LimitsConfig{Executions: 200_000, Alerts: 500_000, Techniques: 200},
	}
}

func (f *factory) createMetrics(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Metrics) (connector.Logs, error) {
	return f.member(set, cfg.(*Config), outlets{metrics: next})
}

func (f *factory) createLogs(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Logs) (connector.Logs, error) {
	return f.member(set, cfg.(*Config), outlets{logs: next})
}

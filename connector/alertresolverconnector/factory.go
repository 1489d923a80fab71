package alertresolverconnector

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/metadata"
)

// NewFactory returns the factory of the alert_resolver connector.
func NewFactory() connector.Factory {
	return connector.NewFactory(metadata.Type, createDefaultConfig, connector.WithLogsToLogs(createLogs, metadata.LogsToLogsStability))
}

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 30 * time.Second
	return &Config{
		ClientConfig: client,
		Mode:         ModeDisabled,
		Cloud:        CloudGlobal,
		Attributions: []Attribution{AttributionStage},
		Interval:     5 * time.Minute,
		Limits:       LimitsConfig{Alerts: 30, Time: 30 * time.Second},
	}
}

func createLogs(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Logs) (connector.Logs, error) {
	return newResolver(set, cfg.(*Config), next, time.Now)
}

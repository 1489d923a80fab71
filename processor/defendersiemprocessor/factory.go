package defendersiemprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/metadata"
)

// defaultService is the only one whose alerts the former API had.
const defaultService = "microsoftDefenderForEndpoint"

// NewFactory returns the factory of the defender_siem processor.
func NewFactory() processor.Factory {
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithLogs(createLogs, metadata.LogsStability))
}

func createDefaultConfig() component.Config {
	return &Config{
		Records:            RecordsPerIOC,
		Names:              NamesWire,
		Services:           []string{defaultService},
		Extended:           true,
		OnUpdate:           OnUpdateNewOnly,
		MaxRecordsPerAlert: 500,
		OtherRecords:       OtherRecordsPass,
	}
}

func createLogs(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	return newProcessor(set, cfg.(*Config), next, time.Now)
}

package totalnormalizeprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// NewFactory returns the factory of the total_normalize processor.
func NewFactory() processor.Factory {
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithLogs(createLogs, metadata.LogsStability))
}

func createDefaultConfig() component.Config {
	return &Config{
		TUID:          TUIDConfig{Unmapped: UnmappedDerive},
		LoggedOnUsers: true,
		// A device or person in use is seen about once a day; what is gone stays known as long as the
		// service keeps its rows.
		Directories:  DirectoriesConfig{MaxEntries: 500_000, MaxAge: 30 * 24 * time.Hour},
		OtherRecords: OtherRecordsPass,
		Alerts:       AlertsHunting,
	}
}

func createLogs(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	return newLogs(ctx, set, cfg, next, time.Now)
}

func newLogs(ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs, now func() time.Time) (processor.Logs, error) {
	p, err := newProcessor(set, cfg.(*Config), next, now)
	if err != nil {
		return nil, err
	}
	logs, err := processorhelper.NewLogs(ctx, set, cfg, p.order, p.processLogs,
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		processorhelper.WithStart(p.start),
		processorhelper.WithShutdown(p.shutdown))
	if err != nil {
		return nil, err
	}
	return &accounting{Logs: logs, drops: p.drops}, nil
}

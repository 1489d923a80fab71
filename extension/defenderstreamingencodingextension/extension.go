package defenderstreamingencodingextension

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// encoding has no state but its counters: a receiver calls it for several partitions at the same time.
type encoding struct {
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	row       metric.MeasurementOption
	undecoded metric.MeasurementOption
	version   string
	now       func() time.Time
}

var (
	_ extension.Extension = (*encoding)(nil)
	_ plog.Unmarshaler    = (*encoding)(nil)
)

func newEncoding(settings extension.Settings, now func() time.Time) (*encoding, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("build the metrics: %w", err)
	}
	return &encoding{
		logger:    settings.Logger,
		telemetry: telemetry,
		row:       outcome(settings.ID, "row"),
		undecoded: outcome(settings.ID, "undecoded"),
		version:   settings.BuildInfo.Version,
		now:       now,
	}, nil
}

// outcome is what became of records, in the metrics of one extension.
func outcome(id component.ID, name string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("extension", id.String()), attribute.String("outcome", name)))
}

func (e *encoding) count(ctx context.Context, rows, undecoded int64) {
	e.telemetry.ExtensionDefenderStreamingEncodingRecords.Add(ctx, rows, e.row)
	e.telemetry.ExtensionDefenderStreamingEncodingRecords.Add(ctx, undecoded, e.undecoded)
}

// Start begins the metrics: an alert on a series that begins with its first record does not see that record.
func (e *encoding) Start(ctx context.Context, _ component.Host) error {
	e.count(ctx, 0, 0)
	return nil
}

// Shutdown ends the metrics.
func (e *encoding) Shutdown(context.Context) error {
	e.telemetry.Shutdown()
	return nil
}

// UnmarshalLogs gives the log records of a message: a list of records, an object with a list `records`, or one record
// after the other. Its error is always nil.
func (e *encoding) UnmarshalLogs(text []byte) (plog.Logs, error) {
	m := readMessage(text, e.now(), e.version)
	e.count(context.Background(), m.rows, m.undecoded)
	if m.undecoded > 0 {
		e.logger.Warn("Records of a message could not be decoded; they are handed on as text, see the attribute "+logrecord.AttributeDecodeError,
			zap.Int64("undecoded", m.undecoded), zap.Int64("rows", m.rows), zap.NamedError("first", m.firstError))
	}
	return m.logs, nil
}

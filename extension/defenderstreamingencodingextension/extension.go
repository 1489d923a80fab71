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
)

// The outcomes of a record in metrics.
var (
	outcomeRow       = metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "row")))
	outcomeUndecoded = metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "undecoded")))
)

// encoding has no state but its counters: a receiver calls it for several partitions at the same time.
type encoding struct {
	component.StartFunc

	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
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
	return &encoding{logger: settings.Logger, telemetry: telemetry, now: now}, nil
}

// Shutdown ends the metrics.
func (e *encoding) Shutdown(context.Context) error {
	e.telemetry.Shutdown()
	return nil
}

// UnmarshalLogs gives the log records of a message: a list of records, an object with a list `records`, or one record
// after the other. Its error is always nil.
func (e *encoding) UnmarshalLogs(text []byte) (plog.Logs, error) {
	m := readMessage(text, e.now())
	ctx := context.Background()
	if m.rows > 0 {
		e.telemetry.ExtensionDefenderStreamingEncodingRecords.Add(ctx, m.rows, outcomeRow)
	}
	if m.undecoded > 0 {
		e.telemetry.ExtensionDefenderStreamingEncodingRecords.Add(ctx, m.undecoded, outcomeUndecoded)
		e.logger.Warn("Records of a message could not be decoded; they are handed on as text, see the attribute "+attributeDecodeError,
			zap.Int64("undecoded", m.undecoded), zap.Int64("rows", m.rows), zap.NamedError("first", m.firstError))
	}
	return m.logs, nil
}

package defenderstreamingencodingextension

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension/internal/metadata"
)

const tenant = "11111111-2222-3333-4444-555555555555"

var observed = time.Date(2026, 3, 15, 9, 2, 0, 0, time.UTC)

var extensionID = attribute.String("extension", "defender_streaming_encoding/one")

// harness is an encoding with a fixed clock, and what it reports.
type harness struct {
	*encoding
	telemetry *componenttest.Telemetry
	log       *observer.ObservedLogs
}

func newHarness(tb testing.TB) harness {
	tb.Helper()
	telemetry := componenttest.NewTelemetry()
	core, log := observer.New(zap.WarnLevel)
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.ID = component.NewIDWithName(metadata.Type, "one")
	settings.TelemetrySettings = telemetry.NewTelemetrySettings()
	settings.Logger = zap.New(core)
	e, err := newEncoding(settings, func() time.Time { return observed })
	require.NoError(tb, err)
	require.NoError(tb, e.Start(tb.Context(), componenttest.NewNopHost()))
	tb.Cleanup(func() { require.NoError(tb, e.Shutdown(context.Background())) })
	return harness{encoding: e, telemetry: telemetry, log: log}
}

// unmarshal gives the records of a message and the tenants of their resources.
func (h harness) unmarshal(tb testing.TB, message string) (records []plog.LogRecord, tenants []string) {
	tb.Helper()
	logs, err := h.UnmarshalLogs([]byte(message))
	require.NoError(tb, err)
	for _, resource := range logs.ResourceLogs().All() {
		id := ""
		if v, ok := resource.Resource().Attributes().Get("microsoft.defender.tenant_id"); ok {
			id = v.Str()
		}
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				records, tenants = append(records, record), append(tenants, id)
			}
		}
	}
	return records, tenants
}

func attributeOf(record plog.LogRecord, name string) string {
	if v, ok := record.Attributes().Get(name); ok {
		return v.Str()
	}
	return ""
}

package defenderstreamingencodingextension

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
)

// message is what has been read of one.
type message struct {
	text     []byte
	observed time.Time
	version  string // of the build, for the scope

	logs       plog.Logs
	byTenant   map[string]plog.LogRecordSlice
	rows       int64
	undecoded  int64
	firstError error
}

func readMessage(text []byte, observed time.Time, version string) *message {
	m := &message{text: text, observed: observed, version: version, logs: plog.NewLogs(), byTenant: map[string]plog.LogRecordSlice{}}
	decoder := streaming.NewDecoder(bytes.NewReader(text))
	for {
		row, err := decoder.Next()
		var bad *streaming.RecordError
		switch {
		case err == nil:
			row.MoveTo(m.recordsOf(row.TenantID).AppendEmpty(), observed)
			m.rows++
		case errors.As(err, &bad):
			m.passOn(text[bad.Offset:bad.End], bad)
		case errors.Is(err, io.EOF):
			return m
		default:
			// The decoder has no other error for a text in memory; should it get one, the rest is handed on.
			m.passOn(text[decoder.Offset():], err)
			return m
		}
	}
}

// passOn makes a record of what could not be decoded.
func (m *message) passOn(text []byte, reason error) {
	m.undecoded++
	if m.firstError == nil {
		m.firstError = reason
	}
	streaming.NewUndecoded(text, reason).Fill(m.recordsOf("").AppendEmpty(), m.observed)
}

// recordsOf are the records of a tenant; of none, where it is not known.
func (m *message) recordsOf(tenantID string) plog.LogRecordSlice {
	records, ok := m.byTenant[tenantID]
	if !ok {
		resource := m.logs.ResourceLogs().AppendEmpty()
		if tenantID != "" {
			resource.Resource().Attributes().PutStr(logrecord.AttributeTenantID, tenantID)
		}
		scope := resource.ScopeLogs().AppendEmpty()
		scope.Scope().SetName(metadata.ScopeName)
		scope.Scope().SetVersion(m.version)
		records = scope.LogRecords()
		m.byTenant[tenantID] = records
	}
	return records
}

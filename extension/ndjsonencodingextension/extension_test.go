package ndjsonencodingextension

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

func TestMarshalLogsOneLinePerRecord(t *testing.T) {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty() // a resource without records adds no line
	for resource := range 2 {
		scopes := logs.ResourceLogs().AppendEmpty().ScopeLogs()
		for scope := range 2 {
			records := scopes.AppendEmpty().LogRecords()
			records.AppendEmpty().Body().SetStr(fmt.Sprintf("%d.%d\r\n", resource, scope))
			records.AppendEmpty() // an empty body is a line too
			records.AppendEmpty().Body().SetEmptyMap().PutStr("k", "v")
		}
	}
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.AppendEmpty().Attributes().PutStr("attribute", "is not written")

	text, err := (&encoding{}).MarshalLogs(logs)
	require.NoError(t, err)
	assert.Equal(t, strings.Join([]string{
		`"0.0\r\n"`, `null`, `{"k":"v"}`, `"0.1\r\n"`, `null`, `{"k":"v"}`,
		`"1.0\r\n"`, `null`, `{"k":"v"}`, `"1.1\r\n"`, `null`, `{"k":"v"}`,
		`null`,
	}, "\n"), string(text))
}

// A watermark is a line like any other record's.
func TestMarshalWatermark(t *testing.T) {
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	logrecord.FillWatermark(record, logrecord.Watermark{
		Table: "Alerts", CompleteUntil: time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC), TimeBasis: "ingestion_time",
	})
	text, err := (&encoding{}).MarshalLogs(logs)
	require.NoError(t, err)
	assert.JSONEq(t, `{"table":"Alerts","complete_until":"2026-11-21T12:03:00Z","time_basis":"ingestion_time"}`, string(text))
}

func TestMarshalLogsWithoutRecords(t *testing.T) {
	text, err := (&encoding{}).MarshalLogs(plog.NewLogs())
	require.NoError(t, err)
	assert.Empty(t, text)
}

// FuzzMarshalLogs feeds whatever OTLP allows: as many valid lines as records, and no panic.
func FuzzMarshalLogs(f *testing.F) {
	seed, err := (&plog.ProtoMarshaler{}).MarshalLogs(events(1))
	require.NoError(f, err)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, otlp []byte) {
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(otlp)
		if err != nil {
			return
		}
		text, err := (&encoding{}).MarshalLogs(logs)
		require.NoError(t, err)
		if logs.LogRecordCount() == 0 {
			assert.Empty(t, text)
			return
		}
		lines := strings.Split(string(text), "\n")
		assert.Len(t, lines, logs.LogRecordCount())
		for _, line := range lines {
			assert.True(t, json.Valid([]byte(line)), "%q", line)
		}
	})
}

func BenchmarkMarshalLogs(b *testing.B) {
	logs := events(5000)
	text, err := (&encoding{}).MarshalLogs(logs)
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = (&encoding{}).MarshalLogs(logs)
	}
}

// events makes count records with the shape of TOTAL events.
func events(count int) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.EnsureCapacity(count)
	for i := range count {
		event := records.AppendEmpty().Body().SetEmptyMap()
		event.PutStr("event_id", fmt.Sprintf("2d9f6a8e-0000-5000-8000-%012d", i))
		event.PutStr("event_type", "ENDPOINT")
		event.PutStr("timestamp", "2026-03-15T08:45:12.1234567Z")
		payload := event.PutEmptyMap("payload")
		payload.PutStr("user", "jane.doe@acme.com")
		payload.PutStr("process_path", `C:\Program Files\Git\cmd\git.exe`)
		payload.PutStr("command_line", `"git.exe" commit -m "a <b> & c"`)
		payload.PutBool("is_local_admin", false)
		metadata := event.PutEmptyMap("raw_metadata")
		metadata.PutInt("logon_id", int64(i)<<40)
		metadata.PutStr("device_name", "ACME-WS-001.acme.local")
	}
	return logs
}

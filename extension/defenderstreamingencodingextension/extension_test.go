package defenderstreamingencodingextension

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension/internal/metadatatest"
)

// envelope is a record with the given number as its ReportId.
func envelope(tenantID string, number int64) string {
	return fmt.Sprintf(`{"time":"2026-03-15T09:01:00.1234567Z","tenantId":%q,"operationName":"Publish","category":"AdvancedHunting-DeviceLogonEvents",`+
		`"properties":{"Timestamp":"2026-03-15T08:45:12.1234567Z","DeviceId":"d1","ActionType":"LogonSuccess","ReportId":%d,`+
		`"IsLocalAdmin":1,"AccountUpn":null,"MachineGroup":null,"RemoteIP":"","LogonId":9223372036854775807}}`, tenantID, number)
}

func TestRecordHasTheReceiversForm(t *testing.T) {
	records, tenants := newHarness(t).unmarshal(t, `{"records":[`+envelope(tenant, 98765432)+`]}`)
	require.Len(t, records, 1)
	assert.Equal(t, []string{tenant}, tenants)
	record := records[0]
	assert.Equal(t, map[string]any{
		"Timestamp": "2026-03-15T08:45:12.1234567Z", "DeviceId": "d1", "ActionType": "LogonSuccess", "ReportId": int64(98765432),
		"IsLocalAdmin": true, "RemoteIP": "", "LogonId": int64(9223372036854775807),
	}, record.Body().Map().AsRaw())
	assert.Equal(t, time.Date(2026, 3, 15, 8, 45, 12, 123456700, time.UTC), record.Timestamp().AsTime())
	assert.Equal(t, observed, record.ObservedTimestamp().AsTime())
	assert.Equal(t, "microsoft.defender.device_logon_events", record.EventName())
	attributes := record.Attributes().AsRaw()
	assert.NoError(t, uuid.Validate(attributeOf(record, "log.record.uid")))
	delete(attributes, "log.record.uid")
	assert.Equal(t, map[string]any{
		"microsoft.defender.table": "DeviceLogonEvents", "microsoft.defender.source": "streaming_api",
		"microsoft.defender.ingestion_time": "2026-03-15T09:01:00.1234567Z",
	}, attributes)
}

// Each form that a message may have gives the same three rows, in their order.
func TestForms(t *testing.T) {
	one, two, three := envelope(tenant, 1), envelope(tenant, 2), envelope(tenant, 3)
	for name, message := range map[string]string{
		"records":              `{"records":[` + one + "," + two + "," + three + `]}`,
		"array":                "[" + one + "," + two + "," + three + "]",
		"lines":                one + "\n" + two + "\n" + three + "\n",
		"CRLF and blank lines": one + "\r\n\r\n" + two + "\r\n" + three,
		"one behind the other": one + two + three,
		"records on lines":     `{"records":[` + one + "]}\n" + `{"records":[` + two + "," + three + `]}`,
		"byte order mark":      "\ufeff" + one + "\n" + two + "\n" + three,
	} {
		records, _ := newHarness(t).unmarshal(t, message)
		var numbers []int64
		for _, record := range records {
			number, ok := record.Body().Map().Get("ReportId")
			require.True(t, ok, name)
			numbers = append(numbers, number.Int())
		}
		assert.Equal(t, []int64{1, 2, 3}, numbers, name)
	}
	for name, message := range map[string]string{"nothing": "", "blanks": " \n", "no records": `{"records":[]}`, "empty list": "[]"} {
		records, _ := newHarness(t).unmarshal(t, message)
		assert.Empty(t, records, name)
	}
}

func TestTenantsStandApart(t *testing.T) {
	logs, err := newHarness(t).UnmarshalLogs([]byte(envelope("a", 1) + envelope("b", 2) + envelope("a", 3)))
	require.NoError(t, err)
	require.Equal(t, 2, logs.ResourceLogs().Len())
	assert.Equal(t, map[string]any{"microsoft.defender.tenant_id": "a"}, logs.ResourceLogs().At(0).Resource().Attributes().AsRaw())
	assert.Equal(t, 2, logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().Len())
}

// What is no row is handed on exactly, and the rows around it come.
func TestBadRecordIsHandedOnBesideTheGoodOnes(t *testing.T) {
	for name, test := range map[string]struct {
		bad     string
		message func(bad string) string
		reason  string
	}{
		"another service's": {
			bad: `{"time":"2026-03-15T09:01:00Z","category":"AuditLogs","properties":{"n":9223372036854775807}}`, message: inRecords, reason: "AuditLogs",
		},
		"no envelope":          {bad: `{"message":"hello"}`, message: inRecords, reason: "category"},
		"properties no object": {bad: `{"category":"AdvancedHunting-DeviceEvents","properties":[1]}`, message: inRecords, reason: "properties"},
		"a number":             {bad: `42`, message: inRecords, reason: "no JSON object"},
		"broken in a list":     {bad: `{"category":"AdvancedHunting-DeviceEvents",,"properties":{"a":1}}`, message: inRecords, reason: "invalid"},
		"broken line":          {bad: `{"category":"AdvancedHunting-DeviceEvents","properties":{"a":tru}}`, message: onLines, reason: "invalid"},
		"a line of text":       {bad: `Exception in thread "main"`, message: onLines, reason: "invalid"},
		"cut off":              {bad: `{"category":"AdvancedHunting-DeviceEvents","properties":{"a":"b`, message: atTheEnd, reason: "cut off"},
		"last of a list":       {bad: `{"message":"last"}`, message: lastInRecords, reason: "category"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			records, tenants := h.unmarshal(t, test.message(test.bad))
			var rows int
			var undecoded []string
			for i, record := range records {
				assert.Equal(t, "streaming_api", attributeOf(record, "microsoft.defender.source"))
				if attributeOf(record, "microsoft.defender.table") != "" {
					rows++
					continue
				}
				assert.Empty(t, tenants[i])
				assert.Equal(t, observed, record.ObservedTimestamp().AsTime())
				require.NoError(t, uuid.Validate(attributeOf(record, "log.record.uid")))
				assert.Contains(t, attributeOf(record, "microsoft.defender.decode_error"), test.reason)
				undecoded = append(undecoded, record.Body().Str())
			}
			assert.Equal(t, 2, rows)
			assert.Equal(t, []string{test.bad}, undecoded)
			assert.Equal(t, 1, h.log.Len(), "a warning")
			metadatatest.AssertEqualExtensionDefenderStreamingEncodingRecords(t, h.telemetry, []metricdata.DataPoint[int64]{
				{Attributes: attribute.NewSet(extensionID, attribute.String("outcome", "row")), Value: 2},
				{Attributes: attribute.NewSet(extensionID, attribute.String("outcome", "undecoded")), Value: 1},
			}, metricdatatest.IgnoreTimestamp())
		})
	}
}

func inRecords(bad string) string {
	return `{"records":[` + envelope(tenant, 1) + "," + bad + "," + envelope(tenant, 2) + `]}`
}

func lastInRecords(bad string) string {
	return `{"records":[` + envelope(tenant, 1) + "," + envelope(tenant, 2) + "," + bad + "\n]}\n"
}

func onLines(bad string) string {
	return envelope(tenant, 1) + "\n" + bad + "\n" + envelope(tenant, 2) + "\n"
}

func atTheEnd(bad string) string {
	return envelope(tenant, 1) + "\n" + envelope(tenant, 2) + "\n" + bad
}

func TestBadBytesStayExact(t *testing.T) {
	bad := "\xff\xfe not text"
	records, _ := newHarness(t).unmarshal(t, onLines(bad))
	require.Len(t, records, 3)
	for _, record := range records {
		if attributeOf(record, "microsoft.defender.decode_error") != "" {
			require.Equal(t, pcommon.ValueTypeBytes, record.Body().Type())
			assert.Equal(t, bad, string(record.Body().Bytes().AsRaw()))
			return
		}
	}
	assert.Fail(t, "the bad record is gone")
}

// The warning must not carry what stands in a record: rows hold command lines, and those hold passwords.
func TestWarningQuotesNoContent(t *testing.T) {
	h := newHarness(t)
	h.unmarshal(t, onLines(`{"properties":{"ProcessCommandLine":"net use /user:jane S3cr3tPassw0rd"},}`))
	require.Equal(t, 1, h.log.Len())
	text, err := json.Marshal(h.log.All()[0].ContextMap())
	require.NoError(t, err)
	assert.NotContains(t, string(text), "S3cr3t")
}

// A table that the project does not know keeps its row, for processors that do.
func TestUnknownTable(t *testing.T) {
	records, _ := newHarness(t).unmarshal(t, strings.ReplaceAll(envelope(tenant, 5), "DeviceLogonEvents", "EmailEvents"))
	require.Len(t, records, 1)
	assert.Equal(t, "EmailEvents", attributeOf(records[0], "microsoft.defender.table"))
	assert.Equal(t, pcommon.ValueTypeMap, records[0].Body().Type())
}

func TestSameTextSameUID(t *testing.T) {
	first, _ := newHarness(t).unmarshal(t, "junk")
	again, _ := newHarness(t).unmarshal(t, "\njunk\n")
	other, _ := newHarness(t).unmarshal(t, "junk2")
	assert.Equal(t, attributeOf(first[0], "log.record.uid"), attributeOf(again[0], "log.record.uid"))
	assert.NotEqual(t, attributeOf(first[0], "log.record.uid"), attributeOf(other[0], "log.record.uid"))
}

// FuzzUnmarshalLogs: never an error, never a panic, and a good row behind anything is there: as a row, or within a text.
func FuzzUnmarshalLogs(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", `{"records":[`, `{"records":{}}`, envelope(tenant, 1), "[" + envelope(tenant, 1), `"`, "\\", "[[[[", `{"category":1}`,
		`{"records":[1,{"a":"b\`, "\xff", `{"time":"x","category":"AdvancedHunting-","properties":{}}`,
	} {
		f.Add([]byte(seed))
	}
	h := newHarness(f)
	const mark = 123456789012345678
	f.Fuzz(func(t *testing.T, text []byte) {
		logs, err := h.UnmarshalLogs(append(append(text, '\n'), envelope(tenant, mark)...))
		require.NoError(t, err)
		found := false
		for _, resource := range logs.ResourceLogs().All() {
			for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
				require.NoError(t, uuid.Validate(attributeOf(record, "log.record.uid")))
				_, isRow := record.Attributes().Get("microsoft.defender.table")
				_, isText := record.Attributes().Get("microsoft.defender.decode_error")
				require.NotEqual(t, isRow, isText)
				body := record.Body().AsString()
				if record.Body().Type() == pcommon.ValueTypeBytes {
					body = string(record.Body().Bytes().AsRaw())
				}
				found = found || strings.Contains(body, strconv.Itoa(mark))
			}
		}
		require.True(t, found, "the row at the end is lost")
	})
}

func BenchmarkUnmarshalLogs(b *testing.B) {
	h := newHarness(b)
	message := []byte(`{"records":[` + strings.Repeat(envelope(tenant, 1)+",", 999) + envelope(tenant, 2) + `]}`)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = h.UnmarshalLogs(message)
	}
}

// Two extensions of one process have series of their own, and those begin with the extension.
func TestMetricsTellExtensionsApart(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	shared := telemetry.NewTelemetrySettings()
	for _, name := range []string{"one", "two"} {
		settings := extensiontest.NewNopSettings(metadata.Type)
		settings.ID = component.NewIDWithName(metadata.Type, name)
		settings.TelemetrySettings = shared
		e, err := NewFactory().Create(t.Context(), settings, NewFactory().CreateDefaultConfig())
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		if name == "two" {
			_, err = e.(plog.Unmarshaler).UnmarshalLogs([]byte(envelope(tenant, 1)))
			require.NoError(t, err)
		}
	}
	point := func(id, outcome string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(
			attribute.String("extension", "defender_streaming_encoding/"+id), attribute.String("outcome", outcome))}
	}
	metadatatest.AssertEqualExtensionDefenderStreamingEncodingRecords(t, telemetry, []metricdata.DataPoint[int64]{
		point("one", "row", 0), point("one", "undecoded", 0), point("two", "row", 1), point("two", "undecoded", 0),
	}, metricdatatest.IgnoreTimestamp())
}

// Rows and what could not be decoded say which component, and which build of it, made records of them.
func TestRecordsHaveAScope(t *testing.T) {
	settings := extensiontest.NewNopSettings(metadata.Type)
	settings.BuildInfo.Version = "1.2.3"
	e, err := newEncoding(settings, time.Now)
	require.NoError(t, err)
	logs, err := e.UnmarshalLogs([]byte(envelope(tenant, 1) + "\nnonsense\n"))
	require.NoError(t, err)
	require.Equal(t, 2, logs.ResourceLogs().Len())
	for _, resource := range logs.ResourceLogs().All() {
		scope := resource.ScopeLogs().At(0).Scope()
		assert.Equal(t, "github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension", scope.Name())
		assert.Equal(t, "1.2.3", scope.Version())
	}
}

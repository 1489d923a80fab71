package totalnormalizeprocessor

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
)

func TestOnePersonStandsTogetherInOrderOfTime(t *testing.T) {
	h := newHarness(t)
	at := func(table, uid, at string, who columns) plog.LogRecord {
		row := who.and(columns{"Timestamp": at}).row(table)
		row.Attributes().PutStr(logrecord.AttributeUID, uid)
		return row
	}
	logs := logsOf(
		at("DeviceLogonEvents", "u5", "2026-03-15T09:00:05Z", jane),
		at("DeviceLogonEvents", "u9", "2026-03-15T09:00:01Z", account("acme", "bob", bobSID)),
		at("DeviceEvents", "u3", "2026-03-15T09:00:02.0000001Z", jane),
		at("DeviceEvents", "u2", "2026-03-15T09:00:02Z", account("ACME", "JANE", janeSID)))
	// The same resource once more, and another tenant's.
	more := logsOf(at("DeviceLogonEvents", "u1", "2026-03-15T09:00:02Z", jane))
	more.ResourceLogs().At(0).CopyTo(logs.ResourceLogs().AppendEmpty())
	more.ResourceLogs().At(0).Resource().Attributes().PutStr(logrecord.AttributeTenantID, "tenant-2")
	more.ResourceLogs().At(0).CopyTo(logs.ResourceLogs().AppendEmpty())

	out := h.consumeLogs(t, logs)

	uids := map[string][]string{}
	for _, resource := range out {
		tenant, _ := resource.Resource().Attributes().Get(logrecord.AttributeTenantID)
		require.Equal(t, 3, resource.Resource().Attributes().Len(), "nothing that varies between events of a person")
		require.Equal(t, 1, resource.ScopeLogs().Len())
		records := resource.ScopeLogs().At(0).LogRecords()
		key := tenant.Str() + " " + strings.ToLower(payloadUser(records.At(0).Body().Map()))
		for _, r := range records.All() {
			uids[key] = append(uids[key], order.UIDOf(r))
		}
	}
	assert.Equal(t, map[string][]string{
		`tenant-1 acme\jane`: {"u1", "u2", "u3", "u5"}, `tenant-1 acme\bob`: {"u9"}, `tenant-2 acme\jane`: {"u1"},
	}, uids)
	assert.Len(t, out, 3)
}

func TestOtherRecords(t *testing.T) {
	plain := plog.NewLogRecord()
	plain.Body().SetStr("a log line")
	unknown := newRow("EmailEvents", "", `{"A":1}`)
	noColumns := newRow("DeviceEvents", "", `{}`)
	noColumns.Body().SetStr("{}")
	oddTable := newRow("DeviceEvents", "", `{}`)
	oddTable.Attributes().PutInt(logrecord.AttributeTable, 1)
	others := []plog.LogRecord{plain, unknown, noColumns, oddTable}

	t.Run("pass", func(t *testing.T) {
		h := newHarness(t)
		out := h.consume(t, append(others, jane.row("DeviceLogonEvents"))...)
		require.Len(t, out, 2)
		want := plog.NewLogs()
		logsOf(others...).ResourceLogs().At(0).CopyTo(want.ResourceLogs().AppendEmpty())
		got := plog.NewLogs()
		out[0].CopyTo(got.ResourceLogs().AppendEmpty())
		assert.Equal(t, want, got, "as they were")
		assert.Equal(t, 4, h.count("passed"))
	})
	t.Run("drop", func(t *testing.T) {
		h := newHarness(t, func(c *Config) { c.OtherRecords = OtherRecordsDrop })
		assert.Empty(t, h.consume(t, others...))
		assert.Empty(t, h.sink.AllLogs())
		assert.Equal(t, map[string]int{"not_defender": 1, "other_table": 3}, h.dropReasons())
	})
}

func TestMetric(t *testing.T) {
	h := newHarness(t)
	h.consume(t, jane.row("DeviceLogonEvents"), jane.row("DeviceLogonEvents"), system.row("DeviceEvents"), plog.NewLogRecord())
	counted := recordPoints(t, h.counts.Telemetry)
	for key, n := range counted {
		if n == 0 {
			delete(counted, key)
		}
	}
	assert.Equal(t, map[attribute.Distinct]int64{
		recordsOf("total_normalize", "DeviceLogonEvents", "mapped", "account").Equivalent(): 2,
		recordsOf("total_normalize", "DeviceEvents", "dropped", "system").Equivalent():      1,
		recordsOf("total_normalize", "other", "passed", "not_defender").Equivalent():        1,
	}, counted)
}

func recordsOf(processor, table, outcome, reason string) *attribute.Set {
	set := attribute.NewSet(attribute.String("processor", processor), attribute.String("table", table),
		attribute.String("outcome", outcome), attribute.String("reason", reason))
	return &set
}

func recordPoints(t *testing.T, telemetry *componenttest.Telemetry) map[attribute.Distinct]int64 {
	t.Helper()
	m, err := telemetry.GetMetric("otelcol_processor_total_normalize_records")
	require.NoError(t, err)
	points := map[attribute.Distinct]int64{}
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		points[point.Attributes.Equivalent()] += point.Value
	}
	return points
}

// A series that begins with its first record cannot raise an alert, so all begin with the processor.
func TestSeriesBeginWithTheProcessor(t *testing.T) {
	h := newHarness(t)
	points := recordPoints(t, h.counts.Telemetry)
	for _, set := range []*attribute.Set{
		recordsOf("total_normalize", "Alerts", "mapped", "alert_user"),
		recordsOf("total_normalize", "DeviceNetworkEvents", "dropped", "inbound"),
		recordsOf("total_normalize", "DeviceLogonEvents", "dropped", "system"),
		recordsOf("total_normalize", "DeviceLogonEvents", "dropped", "excluded"),
		recordsOf("total_normalize", "IdentityInfo", "dropped", "directory"),
		recordsOf("total_normalize", "other", "passed", "not_defender"),
		recordsOf("total_normalize", "other", "dropped", "not_defender"),
	} {
		n, ok := points[set.Equivalent()]
		assert.True(t, ok, "%v", set.ToSlice())
		assert.Zero(t, n)
	}
	h.consume(t, jane.row("DeviceLogonEvents"), system.row("DeviceEvents"), plog.NewLogRecord(), newRow("IdentityInfo", "", `{"AccountUpn":"a@b.c"}`))
	assert.Len(t, recordPoints(t, h.counts.Telemetry), len(points), "no series begins later")
}

// Two processors of one process have series of their own, in every metric.
func TestMetricsTellProcessorsApart(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	settings := telemetry.NewTelemetrySettings()
	for _, name := range []string{"one", "two"} {
		set := nopSettings()
		set.ID = component.NewIDWithName(metadata.Type, name)
		set.TelemetrySettings = settings
		p, err := NewFactory().CreateLogs(t.Context(), set, validConfig(), consumertest.NewNop())
		require.NoError(t, err)
		require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
		defer func() { require.NoError(t, p.Shutdown(t.Context())) }()
		if name == "two" {
			require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(jane.row("DeviceLogonEvents"))))
		}
	}
	points := recordPoints(t, telemetry)
	assert.Equal(t, int64(0), points[recordsOf("total_normalize/one", "DeviceLogonEvents", "mapped", "account").Equivalent()])
	assert.Equal(t, int64(1), points[recordsOf("total_normalize/two", "DeviceLogonEvents", "mapped", "account").Equivalent()])
	for _, name := range []string{"records", "directory_entries", "directory_evictions", "directory_oldest_age"} {
		m, err := telemetry.GetMetric("otelcol_processor_total_normalize_" + name)
		require.NoError(t, err)
		perProcessor := map[string]int{}
		for _, attributes := range attributesOf(t, m.Data) {
			id, _ := attributes.Value("processor")
			perProcessor[id.AsString()]++
		}
		assert.Len(t, perProcessor, 2, name)
		assert.Equal(t, perProcessor["total_normalize/one"], perProcessor["total_normalize/two"], name)
	}
}

func attributesOf(t *testing.T, data metricdata.Aggregation) (sets []attribute.Set) {
	t.Helper()
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	default:
		require.Fail(t, "another kind of metric")
	}
	return sets
}

func TestRefusalIsHandedBack(t *testing.T) {
	refused := errors.New("refused")
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), validConfig(), consumertest.NewErr(refused))
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	assert.False(t, p.Capabilities().MutatesData)
	require.ErrorIs(t, p.ConsumeLogs(t.Context(), logsOf(jane.row("DeviceLogonEvents"))), refused)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(system.row("DeviceLogonEvents"))), "nothing to hand on")
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestRowsWithoutUID(t *testing.T) {
	h := newHarness(t)
	id := func(row plog.LogRecord) string {
		out := h.consume(t, row)
		record := out[0].ScopeLogs().At(0).LogRecords().At(0)
		eventID, _ := record.Body().Map().Get("event_id")
		require.Equal(t, eventID.Str(), order.UIDOf(record))
		return eventID.Str()
	}
	row := jane.row("DeviceLogonEvents")
	first := id(row)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, first)
	assert.Equal(t, first, id(row), "the same row, the same id")
	assert.NotEqual(t, first, id(jane.and(columns{"ReportId": 2}).row("DeviceLogonEvents")))
	assert.NotEqual(t, first, id(jane.row("DeviceEvents")))
	nan := jane.row("DeviceLogonEvents")
	nan.Body().Map().PutDouble("LogonId", nanValue())
	assert.NotEqual(t, first, id(nan))
}

func TestPlatformEventID(t *testing.T) {
	h := newHarness(t)
	for name, c := range map[string]struct {
		set  func(pcommon.Value)
		want string
	}{
		"int":       {func(v pcommon.Value) { v.SetInt(639199803770463703) }, "639199803770463703"},
		"zero":      {func(v pcommon.Value) { v.SetInt(0) }, "0"},
		"double":    {func(v pcommon.Value) { v.SetDouble(18984951960) }, "18984951960"},
		"text":      {func(v pcommon.Value) { v.SetStr("98765432") }, "98765432"},
		"empty":     {func(v pcommon.Value) { v.SetStr("") }, ""},
		"null":      {func(pcommon.Value) {}, ""},
		"an object": {func(v pcommon.Value) { v.SetEmptyMap() }, ""},
	} {
		row := jane.row("DeviceLogonEvents")
		c.set(row.Body().Map().PutEmpty("ReportId"))
		event := h.event(t, row).AsRaw()
		id, there := event["platform_event_id"]
		rawID, rawThere := event["raw_metadata"].(map[string]any)["platform_event_id"]
		assert.Equal(t, c.want != "", there, name)
		assert.Equal(t, there, rawThere, name)
		if there {
			assert.Equal(t, c.want, id, name)
			assert.Equal(t, c.want, rawID, name)
		}
	}
}

func TestTimestamps(t *testing.T) {
	h := newHarness(t)
	for _, text := range []string{"2026-03-15T08:45:12.000Z", "2026-03-15T08:45:12.1Z", "2026-03-15 08:45:12", "yesterday"} {
		event := h.event(t, jane.and(columns{"Timestamp": text}).row("DeviceLogonEvents")).AsRaw()
		assert.Equal(t, text, event["timestamp"], "as it came")
		assert.Equal(t, text, event["raw_metadata"].(map[string]any)["created_at"])
	}
	row := jane.row("DeviceLogonEvents")
	row.Body().Map().Remove("Timestamp")
	assert.Equal(t, "2026-03-15T09:00:00Z", h.event(t, row).AsRaw()["timestamp"], "the record's, where the row has none")
}

// Whatever way a value came, the empty ones go and the others stay.
func TestEmptyValues(t *testing.T) {
	h := newHarness(t)
	emptyOnes := []any{nil, "", "null", "[]", "{}", `""`, " [ ] ", []any{}, map[string]any{}}
	for _, v := range emptyOnes {
		event := h.event(t, jane.and(columns{"AdditionalFields": v}).row("DeviceEvents")).AsRaw()
		assert.NotContains(t, event["payload"], "details", "%#v", v)
		assert.NotContains(t, event["raw_metadata"], "additional_fields", "%#v", v)
	}
	for _, v := range []any{"[]", "null", "{}", " "} {
		event := h.event(t, jane.and(columns{"RemoteUrl": v}).row("DeviceEvents")).AsRaw()
		assert.Equal(t, v, event["payload"].(map[string]any)["remote_url"], "empty only where the column holds JSON")
	}
	event := h.event(t, jane.and(columns{"IsLocalAdmin": false, "RemotePort": 0}).row("DeviceLogonEvents")).AsRaw()
	assert.Equal(t, false, event["payload"].(map[string]any)["is_local_admin"])
	assert.Equal(t, int64(0), event["raw_metadata"].(map[string]any)["remote_port"])
}

func TestDetailsAreKeptExactly(t *testing.T) {
	h := newHarness(t)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, parsed := range map[string]bool{
		`{"b":9007199254740993,"a":[1.5,true,null,"x"]}`: true,
		deep(64):                       true,
		deep(64 + 1):                   false,
		deep(100_000):                  false,
		`{"a":1,"a":2}`:                false,
		`{"a":1} {"b":2}`:              false,
		`{"a":`:                        false,
		`"text"`:                       false,
		`12`:                           false,
		"[\"\xff\"]":                   false,
		"C:\\Windows\\system32\\x.exe": false,
	} {
		row := jane.row("DeviceEvents")
		row.Body().Map().PutStr("AdditionalFields", text)
		payload, _ := h.event(t, row).Get("payload")
		details, ok := payload.Map().Get("details")
		require.True(t, ok)
		got := details.Str()
		if parsed {
			got = orderedJSON(t, details)
		}
		assert.Equal(t, text, got)
	}
}

// A number that fits no type is its text, inside the object where it stands.
func TestNumbersBeyond64Bits(t *testing.T) {
	h := newHarness(t)
	for _, fields := range []string{
		`{"BaseAddress":18446744073709551615,"Size":8,"Of":[{"x":-9223372036854775809}],"Big":1e999}`,
	} {
		row := jane.row("DeviceEvents")
		row.Body().Map().PutStr("AdditionalFields", fields)
		payload, _ := h.event(t, row).Get("payload")
		details, _ := payload.Map().Get("details")
		assert.Equal(t, `{"BaseAddress":"18446744073709551615","Size":8,"Of":[{"x":"-9223372036854775809"}],"Big":"1e999"}`, orderedJSON(t, details))
	}
}

func TestCallsAtTheSameTime(t *testing.T) {
	h := newHarness(t)
	var calls sync.WaitGroup
	for n := range 8 {
		h.in += 3
		logs := logsOf(
			columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID, "AccountObjectId": "o" + strconv.Itoa(n)}.row("IdentityInfo"),
			columns{"LoggedOnUsers": `[{"UserName":"u` + strconv.Itoa(n) + `"}]`}.row("DeviceInfo"),
			jane.row("DeviceEvents"))
		calls.Go(func() { assert.NoError(t, h.ConsumeLogs(t.Context(), logs)) })
	}
	calls.Wait()
	assert.Equal(t, 8, h.count("mapped"))
}

// The records that come in are left as they are: another component may hold them. Here they may not even be written to.
func TestInputIsLeftAsItIs(t *testing.T) {
	for _, alerts := range []Alerts{AlertsHunting, AlertsGraph} {
		h := newHarness(t, func(c *Config) { c.Alerts, c.SemanticAttributes = alerts, true })
		tenant := jane.row("DeviceLogonEvents")
		tenant.Attributes().PutStr(logrecord.AttributeTenantID, "tenant-2")
		rows := []plog.LogRecord{
			tenant, jane.row("DeviceProcessEvents"), system.row("DeviceEvents"), plog.NewLogRecord(),
			newRow("DeviceLogonEvents", "", `{"AccountName":"jane"}`), newRow("AlertEvidence", "u", `{"AccountName":"jane","Categories":"[\"x\"]"}`),
			bodyOf(t, envelope("DeviceEvents", jane)), columns{"LoggedOnUsers": `[{"UserName":"jane"}]`}.row("DeviceInfo"), jane.row("Alerts"),
		}
		logs := logsOf(rows...)
		before := copied(logs)
		logs.MarkReadOnly()
		h.consumeLogs(t, logs)
		assert.Equal(t, before.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().Len(), logs.LogRecordCount())
		for i, r := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			was := before.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(i)
			assert.Equal(t, was.Attributes().AsRaw(), r.Attributes().AsRaw())
			assert.Equal(t, was.Body().AsRaw(), r.Body().AsRaw())
		}
	}
}

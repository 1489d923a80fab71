package totalnormalizeprocessor

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"testing"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
)

// envelope is a record of the Streaming API for a row.
func envelope(table string, row map[string]any) map[string]any {
	return map[string]any{
		"time": "2026-03-15T09:05:00.1234567Z", "tenantId": "tenant-1", "operationName": "Publish", "Tenant": "DefaultTenant",
		"category": "AdvancedHunting-" + table, "properties": row,
	}
}

func bodyOf(tb testing.TB, v any) plog.LogRecord {
	tb.Helper()
	record := plog.NewLogRecord()
	require.NoError(tb, record.Body().FromRaw(v))
	return record
}

func jsonOf(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	require.NoError(tb, err)
	return string(text)
}

// ways are all ways in which a row of the Streaming API may come.
func ways(tb testing.TB, table string, row map[string]any) map[string]plog.LogRecord {
	tb.Helper()
	whole := envelope(table, row)
	asText := maps.Clone(whole)
	asText["properties"] = jsonOf(tb, row)
	bytes := plog.NewLogRecord()
	bytes.Body().SetEmptyBytes().FromRaw([]byte(jsonOf(tb, whole)))
	hinted := bodyOf(tb, row)
	hinted.Attributes().PutStr(logrecord.AttributeTable, table)
	hinted.Attributes().PutStr(logrecord.AttributeSource, logrecord.SourceStreamingAPI)
	categorized := bodyOf(tb, row)
	categorized.Attributes().PutStr("category", "AdvancedHunting-"+table)
	azure := bodyOf(tb, row)
	azure.Attributes().PutStr("azure.category", "AdvancedHunting-"+table)
	azure.Attributes().PutStr("azure.tenant.id", "TENANT-1")
	extended := plog.NewLogRecord()
	var p streaming.Parser
	r, err := p.JSON([]byte(jsonOf(tb, whole)))
	require.NoError(tb, err)
	r.MoveTo(extended, r.Received)
	return map[string]plog.LogRecord{
		"envelope as map": bodyOf(tb, whole), "envelope as text": bodyOf(tb, " "+jsonOf(tb, whole)+"\n"), "envelope as bytes": bytes,
		"properties as text": bodyOf(tb, asText), "properties and table": hinted, "properties and category": categorized,
		"properties and Azure's attributes": azure, "by the encoding extension": extended,
	}
}

// The same row gives the same event, whether it comes through the hunting or the Streaming API, in
// whatever form. Only platform_event_source tells.
func TestStreamedRowsGiveTheSameEvents(t *testing.T) {
	for _, table := range tables.All() {
		if table.Event == nil || table.Kind == tables.Alerts {
			continue
		}
		for _, hunted := range goldenRows(t, filepath.Join(goldenDirectory, table.Name+".in.ndjson")) {
			name, _ := hunted.Attributes().Get(logrecord.AttributeTable)
			if name.Str() != table.Name {
				continue
			}
			hunted.Attributes().PutStr(logrecord.AttributeUID, rowid.New("tenant-1", table).UID(hunted.Body().Map()).String())
			h := newHarness(t)
			want := eventsOf(t, h.consume(t, hunted))
			for way, record := range ways(t, table.Name, streamedForm(table, hunted.Body().Map().AsRaw())) {
				h := newHarness(t)
				got := eventsOf(t, h.consume(t, record))
				require.Len(t, got, len(want), "%s, %s: %s", table.Name, way, orderedJSON(t, hunted.Body()))
				for i := range want {
					assert.Equal(t, "DEFENDER_XDR_STREAMING_API", got[i]["platform_event_source"])
					got[i]["platform_event_source"] = want[i]["platform_event_source"]
					assert.Equal(t, want[i], got[i], "%s, %s", table.Name, way)
				}
				if len(want) > 0 {
					tenant, _ := h.sink.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().Get(logrecord.AttributeTenantID)
					assert.Regexp(t, "(?i)^tenant-1$", tenant.Str())
				}
			}
		}
	}
}

// streamedForm is a row in the forms that the Streaming API has been seen to use: null for empty text,
// booleans and numbers as text, columns that hunting rows do not have.
func streamedForm(table *tables.Table, row map[string]any) map[string]any {
	streamed := map[string]any{"MachineGroup": nil, "Unheard": 1}
	for name, v := range row {
		column, _ := table.Column(name)
		switch typed := v.(type) {
		case string:
			if typed == "" {
				v = nil
			}
		case bool:
			if column.Type == tables.Bool {
				v = map[bool]any{true: "True", false: 0}[typed]
			}
		case int64:
			if column.Type == tables.Int || column.Type == tables.Long {
				v = pcommon.NewValueInt(typed).AsString()
			}
		}
		streamed[name] = v
	}
	return streamed
}

func eventsOf(t *testing.T, out []plog.ResourceLogs) []map[string]any {
	t.Helper()
	var events []map[string]any
	for _, resource := range out {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			event := record.Body().Map().AsRaw()
			require.Equal(t, event["event_id"], order.UIDOf(record))
			_, onRecord := record.Attributes().Get(logrecord.AttributeTenantID)
			require.False(t, onRecord, "the tenant is the resource's")
			events = append(events, event)
		}
	}
	return events
}

func TestTenantsOfEnvelopesStandApart(t *testing.T) {
	h := newHarness(t)
	of := func(tenantID string) plog.LogRecord {
		whole := envelope("DeviceLogonEvents", jane.and(columns{"Timestamp": "2026-03-15T09:00:00Z", "DeviceId": "d1", "ReportId": 1}))
		whole["tenantId"] = tenantID
		return bodyOf(t, jsonOf(t, whole))
	}
	out := h.consume(t, of("tenant-1"), of("tenant-2"), of("tenant-2"), jane.row("DeviceLogonEvents"))
	require.Len(t, out, 2)
	for i, want := range []string{"tenant-1", "tenant-2"} {
		tenant, _ := out[i].Resource().Attributes().Get(logrecord.AttributeTenantID)
		assert.Equal(t, want, tenant.Str())
		assert.Equal(t, 2, out[i].ScopeLogs().At(0).LogRecords().Len())
	}
}

// What is no envelope of a known table is passed on untouched.
func TestOtherEnvelopesPass(t *testing.T) {
	noRow := envelope("DeviceEvents", nil)
	noRow["properties"] = "not JSON"
	wrapped := map[string]any{"records": []any{envelope("DeviceEvents", jane)}}
	others := []plog.LogRecord{
		bodyOf(t, envelope("EmailEvents", map[string]any{"Subject": "x"})), bodyOf(t, jsonOf(t, envelope("EmailEvents", jane))),
		bodyOf(t, noRow), bodyOf(t, jsonOf(t, noRow)), bodyOf(t, wrapped), bodyOf(t, jsonOf(t, wrapped)),
		bodyOf(t, `{"category":"AdvancedHunting-DeviceEvents","properties":{`), bodyOf(t, "about AdvancedHunting-DeviceEvents"),
		bodyOf(t, map[string]any{"category": "AdvancedHunting-DeviceEvents"}), bodyOf(t, map[string]any{"category": 1, "properties": 1}),
	}
	hinted := bodyOf(t, map[string]any{"A": 1})
	hinted.Attributes().PutStr("category", "AdvancedHunting-EmailEvents")
	others = append(others, hinted)
	want := plog.NewLogs()
	logsOf(others...).CopyTo(want)
	h := newHarness(t)
	h.consume(t, others...)
	require.Len(t, h.sink.AllLogs(), 1)
	assert.Equal(t, want, h.sink.AllLogs()[0])
	assert.Equal(t, len(others), h.count("passed"))
}

func TestStreamedDirectoryRows(t *testing.T) {
	h := newHarness(t)
	h.consume(t,
		bodyOf(t, envelope("IdentityInfo", map[string]any{"Timestamp": "2026-03-15T08:00:00Z", "AccountObjectId": entraID, "AccountUpn": "jane@acme.com", "OnPremSid": janeSID})),
		bodyOf(t, envelope("DeviceInfo", map[string]any{"Timestamp": "2026-03-15T08:00:00Z", "DeviceId": "d1", "LoggedOnUsers": []any{map[string]any{"UserName": "jane", "Sid": janeSID}}})))
	assert.Equal(t, map[string]int{"directory": 2}, h.dropReasons())
	assert.Equal(t, "jane@acme.com", h.user(t, bodyOf(t, envelope("DeviceEvents", map[string]any{"Timestamp": "2026-03-15T09:00:00Z", "DeviceId": "d1", "ReportId": 1}))))
}

// An alert's halves come by themselves. The evidence is the event; it has what AlertInfo said by then,
// and is the same event whether AlertInfo came or not.
func TestStreamedAlerts(t *testing.T) {
	evidence := map[string]any{
		"AlertId": "a1", "Timestamp": "2026-03-15T09:00:00Z", "EntityType": "User", "EvidenceRole": "Impacted", "AccountName": "jane",
		"AccountDomain": "acme", "AccountSid": janeSID, "Categories": `["Malware","DefenseEvasion"]`, "Severity": "Low",
	}
	info := map[string]any{
		"AlertId": "a1", "Timestamp": "2026-03-15T09:00:00Z", "Title": "Suspicious process", "Category": "Malware", "Severity": "High",
		"DetectionSource": "EDR", "ServiceSource": "", "AttackTechniques": `["Process Injection (T1055)"]`,
	}
	payload := func(h *harness, record plog.LogRecord) (string, map[string]any) {
		event := h.event(t, record).AsRaw()
		assert.Equal(t, "ALERT", event["event_type"])
		assert.Equal(t, "DEFENDER_XDR_STREAMING_API", event["platform_event_source"])
		return event["event_id"].(string), event["payload"].(map[string]any)
	}
	var ids []string
	for way, record := range ways(t, "AlertEvidence", evidence) {
		h := newHarness(t)
		id, alone := payload(h, record)
		assert.Equal(t, map[string]any{
			"user": `acme\jane`, "alert_id": "a1", "entity_type": "User", "evidence_role": "Impacted", "severity": "Low", "category": "Malware, DefenseEvasion",
		}, alone, way)
		assert.Empty(t, h.consume(t, bodyOf(t, envelope("AlertInfo", info))))
		assert.Equal(t, map[string]int{"directory": 1}, h.dropReasons())
		again, whole := payload(h, bodyOf(t, envelope("AlertEvidence", evidence)))
		assert.Equal(t, map[string]any{
			"user": `acme\jane`, "alert_id": "a1", "entity_type": "User", "evidence_role": "Impacted", "severity": "High", "category": "Malware",
			"title": "Suspicious process", "detection_source": "EDR", "attack_techniques": []any{"Process Injection (T1055)"},
		}, whole, way)
		ids = append(ids, id, again)
	}
	for _, id := range ids {
		assert.Equal(t, ids[0], id)
	}
	h := newHarness(t)
	old := maps.Clone(info)
	old["Timestamp"], old["Title"] = "2026-03-15T08:00:00Z", "older"
	h.consume(t, bodyOf(t, envelope("AlertInfo", info)), bodyOf(t, envelope("AlertInfo", old)), bodyOf(t, envelope("AlertInfo", map[string]any{"Title": "of no alert"})))
	_, whole := payload(h, bodyOf(t, envelope("AlertEvidence", evidence)))
	assert.Equal(t, "Suspicious process", whole["title"], "the newest AlertInfo counts")
}

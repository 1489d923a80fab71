package streaming

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const tenant = "11111111-2222-3333-4444-555555555555"

// envelopeText has the forms that the Streaming API has been seen to use, and some more.
const envelopeText = `{"time":"2026-03-15T08:47:58.0041354Z","tenantId":"` + tenant + `","operationName":"Publish","Tenant":"DefaultTenant",
"category":"AdvancedHunting-DeviceLogonEvents","properties":{"Timestamp":"2026-03-15T08:45:12.12Z","DeviceId":"d1","DeviceName":"ws-1",
"ActionType":"LogonSuccess","ReportId":"98765432","AccountName":"jane","AccountDomain":null,"AccountSid":"","IsLocalAdmin":"1",
"RemotePort":"3389","LogonId":12345678.0,"InitiatingProcessUniqueId":2533274790397065,"MachineGroup":null,"Extra":"1","RemoteIP":{},
"AdditionalFields":{"a":9007199254740993},"InitiatingProcessCreationTime":"2026-03-15 08:00:00"}}`

// hunted is the same row as the hunting API gives it.
var hunted = map[string]any{
	"Timestamp": "2026-03-15T08:45:12.1200000Z", "DeviceId": "d1", "DeviceName": "ws-1", "ActionType": "LogonSuccess", "ReportId": int64(98765432),
	"AccountName": "jane", "AccountSid": "", "IsLocalAdmin": true, "RemotePort": int64(3389), "LogonId": int64(12345678),
	"InitiatingProcessUniqueId": "2533274790397065", "AdditionalFields": `{"a":9007199254740993}`,
}

func uidOfHunted(t *testing.T, changes map[string]any) uuid.UUID {
	t.Helper()
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(hunted))
	for name, v := range changes {
		require.NoError(t, m.PutEmpty(name).FromRaw(v))
	}
	declared, _ := tables.ByName("DeviceLogonEvents")
	return rowid.New(tenant, declared, "InfoTimestamp").UID(m)
}

func TestRow(t *testing.T) {
	decoded := pcommon.NewMap()
	var raw map[string]any
	require.NoError(t, json.Unmarshal([]byte(envelopeText), &raw))
	raw["properties"].(map[string]any)["AdditionalFields"] = `{"a":9007199254740993}`
	require.NoError(t, decoded.FromRaw(raw))
	withText := pcommon.NewMap()
	properties, err := json.Marshal(raw["properties"])
	require.NoError(t, err)
	require.NoError(t, withText.FromRaw(map[string]any{"Category": raw["category"], "Properties": string(properties), "TenantID": tenant, "TIME": raw["time"]}))
	asText, err := json.Marshal(withText.AsRaw())
	require.NoError(t, err)

	var p Parser
	for name, read := range map[string]func() (Row, error){
		"JSON":              func() (Row, error) { return p.JSON([]byte(envelopeText)) },
		"a map":             func() (Row, error) { return p.Map(decoded) },
		"properties text":   func() (Row, error) { return p.Map(withText) },
		"JSON within JSON":  func() (Row, error) { return p.JSON(asText) },
		"without envelope":  func() (Row, error) { return bare(t, &p), nil },
		"a second time too": func() (Row, error) { return p.JSON([]byte(envelopeText)) },
	} {
		t.Run(name, func(t *testing.T) {
			row, err := read()
			require.NoError(t, err)
			assert.Equal(t, "DeviceLogonEvents", row.Table)
			assert.Equal(t, tenant, row.TenantID)
			assert.Equal(t, time.Date(2026, 3, 15, 8, 45, 12, 120_000_000, time.UTC), row.Timestamp)
			assert.Equal(t, uidOfHunted(t, nil), row.UID, "the receiver's")
			if name != "without envelope" {
				assert.Equal(t, time.Date(2026, 3, 15, 8, 47, 58, 4_135_400, time.UTC), row.Received)
			}
			columns := row.Columns.AsRaw()
			for column, want := range hunted {
				if column != "AdditionalFields" && column != "Timestamp" {
					assert.Equal(t, want, columns[column], column)
				}
			}
			assert.Equal(t, "2026-03-15T08:45:12.12Z", columns["Timestamp"], "as it came")
			assert.Equal(t, "2026-03-15T08:00:00Z", columns["InitiatingProcessCreationTime"])
			assert.Equal(t, "1", columns["Extra"], "a column that nobody declared stays as it came")
			assert.NotContains(t, columns, "AccountDomain", "null")
			assert.NotContains(t, columns, "RemoteIP", "{} for null")
		})
	}
}

func bare(t *testing.T, p *Parser) Row {
	t.Helper()
	row, err := p.JSON([]byte(envelopeText))
	require.NoError(t, err)
	columns := pcommon.NewMap()
	row.Columns.CopyTo(columns)
	columns.PutStr("IsLocalAdmin", "True")
	return p.Properties(tenant, "DeviceLogonEvents", columns)
}

// A row without ReportId is told apart by all of its columns, whatever form they came in.
func TestWholeRowHasTheReceiversUID(t *testing.T) {
	var p Parser
	columns := pcommon.NewMap()
	require.NoError(t, columns.FromRaw(map[string]any{
		"Timestamp": "2026-03-15 08:45:12.12", "DeviceId": "d1", "DeviceName": "ws-1", "ActionType": "LogonSuccess", "MachineGroup": "x",
		"AccountName": "jane", "IsLocalAdmin": "true", "RemotePort": "3389", "LogonId": "12345678", "InitiatingProcessUniqueId": int64(2533274790397065),
		"AdditionalFields": map[string]any{"a": int64(9007199254740993)},
	}))
	assert.Equal(t, uidOfHunted(t, map[string]any{"ReportId": nil}), p.Properties(tenant, "DeviceLogonEvents", columns).UID)
}

func TestTypes(t *testing.T) {
	var p Parser
	for _, c := range []struct{ table, column, in, want string }{
		{"DeviceLogonEvents", "IsLocalAdmin", `"TRUE"`, `true`},
		{"DeviceLogonEvents", "IsLocalAdmin", `0`, `false`},
		{"DeviceLogonEvents", "IsLocalAdmin", `"maybe"`, `"maybe"`},
		{"DeviceLogonEvents", "RemotePort", `""`, ``},
		{"DeviceLogonEvents", "RemotePort", `" 7 "`, `7`},
		{"DeviceLogonEvents", "RemotePort", `"x"`, `"x"`},
		{"DeviceLogonEvents", "RemotePort", `1.5`, `1.5`},
		{"DeviceLogonEvents", "LogonId", `1e3`, `1000`},
		{"DeviceLogonEvents", "ReportId", `639199803770463703`, `639199803770463703`},
		{"DeviceLogonEvents", "ReportId", `18446744073709551616`, `"18446744073709551616"`},
		{"DeviceLogonEvents", "AccountName", `4711`, `"4711"`},
		{"DeviceLogonEvents", "AccountName", `{"a":1}`, `{"a":1}`},
		{"DeviceLogonEvents", "AccountName@odata.type", `"x"`, ``},
		{"DeviceLogonEvents", "Timestamp", `"yesterday"`, `"yesterday"`},
		{"DeviceLogonEvents", "Timestamp", `"2026-03-15T08:45:12.123456789+01:00"`, `"2026-03-15T08:45:12.123456789+01:00"`},
		{"DeviceLogonEvents", "Timestamp", `5`, `5`},
		{"IdentityInfo", "ReportId", `12`, `"12"`},
		{"EmailEvents", "AttachmentCount", `"0"`, `0`},
		{"WeatherEvents", "AttachmentCount", `"0"`, `"0"`},
	} {
		row, err := p.JSON([]byte(`{"category":"advancedhunting-` + c.table + `","properties":{"` + c.column + `":` + c.in + `}}`))
		require.NoError(t, err)
		v, ok := row.Columns.Get(c.column)
		require.Equal(t, c.want != "", ok, "%s %s", c.column, c.in)
		if ok {
			got, err := json.Marshal(v.AsRaw())
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got), "%s %s", c.column, c.in)
		}
	}
}

func TestUIDs(t *testing.T) {
	var p Parser
	uid := func(table, tenantID, properties string) uuid.UUID {
		row, err := p.JSON([]byte(`{"tenantId":"` + tenantID + `","category":"AdvancedHunting-` + table + `","properties":` + properties + `}`))
		require.NoError(t, err)
		return row.UID
	}
	for _, table := range []string{"AlertInfo", "AlertEvidence", "EmailEvents", "WeatherEvents", "DeviceInfo"} {
		first := uid(table, tenant, `{"AlertId":"a","Timestamp":"2026-01-01T00:00:00.10Z","B":{"x":1,"y":2}}`)
		assert.Equal(t, first, uid(table, tenant, `{"B":{"y":2,"x":1},"Timestamp":"2026-01-01T00:00:00.1Z","AlertId":"a","C":null}`), table)
		assert.NotEqual(t, first, uid(table, tenant, `{"AlertId":"a","Timestamp":"2026-01-01T00:00:00.2Z"}`), table)
		assert.NotEqual(t, first, uid(table, "another", `{"AlertId":"a","Timestamp":"2026-01-01T00:00:00.10Z","B":{"x":1,"y":2}}`), table)
	}
	for n := range 1000 {
		uid("DeviceEvents", "tenant-"+string(rune('a'+n)), `{"ReportId":1}`)
	}
	assert.LessOrEqual(t, len(p.hashers), 256, "many tenants do not fill the memory")
}

func TestDeepValuesStayText(t *testing.T) {
	deep := ""
	for range 100 {
		deep = `{"a":[` + deep + `]}`
	}
	var p Parser
	row, err := p.JSON([]byte(`{"category":"AdvancedHunting-DeviceEvents","properties":{"AdditionalFields":` + deep + `}}`))
	require.NoError(t, err)
	depth := 0
	v, _ := row.Columns.Get("AdditionalFields")
	for ; v.Type() != pcommon.ValueTypeStr; depth++ {
		if v.Type() == pcommon.ValueTypeMap {
			v, _ = v.Map().Get("a")
		} else {
			v = v.Slice().At(0)
		}
	}
	assert.Equal(t, maxNesting-1, depth)
	assert.True(t, json.Valid([]byte(v.Str())))
}

func TestNotAnEnvelope(t *testing.T) {
	var p Parser
	for _, text := range []string{``, `1`, `[]`, `{`, `{"a":1}`, `{"category":1,"properties":{}}`, envelopeText + `x`, envelopeText + envelopeText} {
		_, err := p.JSON([]byte(text))
		assert.Error(t, err, text)
	}
	m := pcommon.NewMap()
	assert.False(t, IsEnvelope(m))
	m.PutStr("category", "AdvancedHunting-DeviceEvents")
	assert.False(t, IsEnvelope(m))
	m.PutEmptyMap("properties")
	assert.True(t, IsEnvelope(m))
	m.PutStr("category", "Other")
	assert.False(t, IsEnvelope(m))
}

func TestMoveTo(t *testing.T) {
	var p Parser
	row, err := p.JSON([]byte(envelopeText))
	require.NoError(t, err)
	uid := row.UID.String()
	record := plog.NewLogRecord()
	record.Attributes().PutStr("mine", "stays")
	row.MoveTo(record, time.Unix(5, 0))
	assert.Equal(t, map[string]any{
		"mine": "stays", "log.record.uid": uid, "microsoft.defender.table": "DeviceLogonEvents",
		"microsoft.defender.source": "streaming_api", "microsoft.defender.ingestion_time": "2026-03-15T08:47:58.0041354Z",
	}, record.Attributes().AsRaw())
	assert.Equal(t, "microsoft.defender.device_logon_events", record.EventName())
	assert.Equal(t, time.Unix(5, 0).UTC(), record.ObservedTimestamp().AsTime())
	assert.Equal(t, time.Date(2026, 3, 15, 8, 45, 12, 120_000_000, time.UTC), record.Timestamp().AsTime())
	name, _ := record.Body().Map().Get("AccountName")
	assert.Equal(t, "jane", name.Str())

	row, err = p.JSON([]byte(`{"time":"2026-03-15T08:47:58Z","category":"AdvancedHunting-EmailEvents","properties":{"Timestamp":"never"}}`))
	require.NoError(t, err)
	record = plog.NewLogRecord()
	row.MoveTo(record, time.Unix(5, 0))
	assert.Equal(t, row.Received, record.Timestamp().AsTime(), "a row without a readable time has that of its arrival")
	assert.Equal(t, "microsoft.defender.email_events", record.EventName())
}

package rowid

import (
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const tenant = "11111111-2222-3333-4444-555555555555"

type row = map[string]any

func uid(t *testing.T, table string, columns row) uuid.UUID {
	t.Helper()
	declared, ok := tables.ByName(table)
	require.True(t, ok)
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(columns))
	return New(tenant, declared, "InfoTimestamp").UID(m)
}

func logon(changes row) row {
	base := row{
		"DeviceId": "d1", "Timestamp": "2026-03-15T08:45:12.1200000Z", "ReportId": int64(98765432), "ActionType": "LogonSuccess",
		"AccountName": "jane.doe", "IsLocalAdmin": true, "LogonId": int64(1), "AdditionalFields": `{"a":1,"b":[9007199254740993]}`,
	}
	maps.Copy(base, changes)
	return base
}

func TestUIDIsStable(t *testing.T) {
	// Ids stand in users' stores: this one must never change.
	assert.Equal(t, "df9f27a0-7022-8fe7-9a5c-b23d8a7bf1da", uid(t, "DeviceLogonEvents", logon(nil)).String())
}

// A row of a table that is read whole is told apart by its declared identity, else by all that it has.
func TestWholeRows(t *testing.T) {
	of := func(table string, columns row) uuid.UUID {
		m := pcommon.NewMap()
		require.NoError(t, m.FromRaw(columns))
		return New(tenant, tables.Named(table)).UID(m)
	}
	changed := func(changes row) row {
		base := row{"Timestamp": "2026-03-15T08:45:12.12Z", "Station": "s", "Wind": int64(1 << 60), "Seen": "2026-03-15T08:45:12.10Z", "Storm": true, "Note": ""}
		maps.Copy(base, changes)
		return base
	}
	weather := of("WeatherEvents", changed(nil))
	for name, same := range map[string]row{
		"trimmed zeros": {"Timestamp": "2026-03-15T08:45:12.1200000Z", "Seen": "2026-03-15T08:45:12.1Z"},
		"a null":        {"More": nil, "Note": nil},
	} {
		assert.Equal(t, weather, of("WeatherEvents", changed(same)), name)
	}
	for name, other := range map[string]row{
		"a number beyond 2^53": {"Wind": int64(1<<60 + 1)}, "a column more": {"More": "x"}, "a flag": {"Storm": false}, "a text": {"Note": "Seen"},
	} {
		assert.NotEqual(t, weather, of("WeatherEvents", changed(other)), name)
	}
	assert.NotEqual(t, weather, of("OtherEvents", changed(nil)))

	mail := row{"Timestamp": "2026-03-15T08:45:12.12Z", "NetworkMessageId": "m", "RecipientEmailAddress": "a@b", "ReportId": "r", "LatestDeliveryLocation": "Inbox"}
	uid := of("EmailEvents", mail)
	mail["LatestDeliveryLocation"] = "Quarantine"
	assert.Equal(t, uid, of("EmailEvents", mail), "what is not in its identity may change")
	mail["RecipientEmailAddress"] = "c@b"
	assert.NotEqual(t, uid, of("EmailEvents", mail), "a mail has a row for each recipient")
	mail["ReportId"] = ""
	byAll := of("EmailEvents", mail)
	mail["NewColumn"] = "x"
	assert.NotEqual(t, byAll, of("EmailEvents", mail), "a row without ReportId is told apart by all that it has")
}

func TestSameRowSameUID(t *testing.T) {
	want := uid(t, "DeviceLogonEvents", logon(nil))
	for name, same := range map[string]row{
		"trimmed zeros":       {"Timestamp": "2026-03-15T08:45:12.12Z"},
		"number as text":      {"ReportId": "98765432"},
		"columns not in it":   {"AccountName": "other", "Extra": "x"},
		"a null column":       {"AccountName": nil},
		"other zone notation": {"Timestamp": "2026-03-15T09:45:12.12+01:00"},
	} {
		assert.Equal(t, want, uid(t, "DeviceLogonEvents", logon(same)), name)
	}
	for name, other := range map[string]row{
		"100 ns":     {"Timestamp": "2026-03-15T08:45:12.1200001Z"},
		"device":     {"DeviceId": "d2"},
		"report id":  {"ReportId": int64(98765433)},
		"action":     {"ActionType": "LogonFailed"},
		"no report":  {"ReportId": nil},
		"emptied id": {"DeviceId": ""},
	} {
		assert.NotEqual(t, want, uid(t, "DeviceLogonEvents", logon(other)), name)
	}
	assert.NotEqual(t, want, uid(t, "DeviceProcessEvents", logon(nil)))
}

func TestWholeRow(t *testing.T) {
	without := func(changes row) row {
		r := logon(changes)
		delete(r, "ReportId")
		return r
	}
	want := uid(t, "DeviceLogonEvents", without(nil))
	for name, same := range map[string]row{
		"boolean as number": {"IsLocalAdmin": int64(1)},
		"boolean as text":   {"IsLocalAdmin": "True"},
		"number as text":    {"LogonId": "1"},
		"empty not absent":  {"RemoteIP": ""},
		"JSON reordered":    {"AdditionalFields": `{ "b":[9007199254740993], "a":1}`},
		"JSON as object":    {"AdditionalFields": row{"a": int64(1), "b": []any{int64(9007199254740993)}}},
		"user's own column": {"LogonType2": "x"},
	} {
		assert.Equal(t, want, uid(t, "DeviceLogonEvents", without(same)), name)
	}
	for name, other := range map[string]row{
		"a column":         {"AccountName": "john"},
		"a boolean":        {"IsLocalAdmin": false},
		"beyond 2^53":      {"AdditionalFields": `{"a":1,"b":[9007199254740992]}`},
		"moved to another": {"AccountName": "", "AccountDomain": "jane.doe"},
	} {
		assert.NotEqual(t, want, uid(t, "DeviceLogonEvents", without(other)), name)
	}
}

func TestAlertStatesDiffer(t *testing.T) {
	first := uid(t, "Alerts", row{"AlertId": "a", "Title": "x", "InfoTimestamp": "2026-01-01T00:00:00Z"})
	assert.NotEqual(t, first, uid(t, "Alerts", row{"AlertId": "a", "Title": "x", "InfoTimestamp": "2026-01-01T00:00:01Z"}))
	assert.Equal(t, first, uid(t, "Alerts", row{"AlertId": "a", "Title": "x", "InfoTimestamp": "2026-01-01T00:00:00.0Z", "AlertUsers": []any{"u"}}))
}

func BenchmarkUID(b *testing.B) {
	declared, _ := tables.ByName("DeviceLogonEvents")
	h := New(tenant, declared)
	m := pcommon.NewMap()
	_ = m.FromRaw(logon(nil))
	b.ReportAllocs()
	for b.Loop() {
		h.UID(m)
	}
}

// A time in the service's form is written as it stands, and is what it would be if it were parsed.
func TestServiceTimes(t *testing.T) {
	parsed := func(text string) string {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return text
		}
		return at.UTC().Format("2006-01-02T15:04:05.0000000")
	}
	for _, text := range []string{
		"2026-03-15T08:45:12.1200000Z", "2026-03-15T08:45:12.0000000Z", "0000-01-01T00:00:00.0000000Z", "9999-12-28T23:59:59.9999999Z",
		"2026-02-29T08:45:12.1200000Z", "2024-02-29T08:45:12.1200000Z", "2026-03-31T08:45:12.1200000Z", "2026-13-01T08:45:12.1200000Z",
		"2026-00-01T08:45:12.1200000Z", "2026-03-00T08:45:12.1200000Z", "2026-03-15T24:45:12.1200000Z", "2026-03-15T08:60:12.1200000Z",
		"2026-03-15T08:45:60.1200000Z", "2026-03-15 08:45:12.1200000Z", "2026-03-15T08:45:12,1200000Z", "2026-03-15T08:45:12.12000000", "2026-03-15T08:45:12.1200000z",
		"2026-03-15T08:45:12.12Z", "2026-03-15T08:45:12+02:00", "2026-3-15T08:45:12.12000000Z", "", "x",
	} {
		v := pcommon.NewValueStr(text)
		assert.Equal(t, parsed(text), string(appendCanonical(nil, v, tables.DateTime)), text)
		if isServiceTime(text) {
			_, err := time.Parse(time.RFC3339Nano, text)
			assert.NoError(t, err, text)
		}
	}
	assert.True(t, isServiceTime("2026-03-15T08:45:12.1200000Z"))
}

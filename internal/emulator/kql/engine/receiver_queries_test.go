package engine

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

const (
	second = int64(10_000_000) // in ticks
	minute = 60 * second
)

var base = value.Ticks(now) - 10*minute

func logons(n int) *memoryTable {
	t := newTable("Timestamp:datetime DeviceId:string AccountSid:string AccountName:string ReportId:long")
	for i := range n {
		account := fmt.Sprint("user", i%7)
		if i%5 == 0 {
			account = ""
		}
		t.rows = append(t.rows, []value.Value{
			value.NewDateTime(base + int64(i)*second), value.NewString(fmt.Sprint("device", i%3)), value.NewString(""), value.NewString(account), value.NewLong(int64(i)),
		})
	}
	t.ingest = func(row int) value.Value { return value.NewDateTime(base + int64(row)*second + 3*minute) }
	return t
}

func TestPageByIngestionTime(t *testing.T) {
	table := logons(600)
	db := memoryDatabase{"DeviceLogonEvents": table}
	lines := run(t, db, `
DeviceLogonEvents
| extend IngestionTime = ingestion_time()
| where IngestionTime >= datetime(2026-11-21T10:00:00.0000000Z) and IngestionTime < datetime(2026-11-21T10:05:00.0000000Z)
| where not((isnotempty(AccountSid) or isnotempty(AccountName)) and (AccountName =~ "USER1" or AccountName in~ ("USER2", "user3")))
| where hash(strcat(DeviceId, tostring(ReportId)), 2) == 1
| project Timestamp, DeviceId, AccountName, ReportId, IngestionTime
| order by IngestionTime asc
| take 50000`, 1)
	var want []string
	for i := 120; i < 420; i++ {
		name := fmt.Sprint("user", i%7)
		if i%5 == 0 {
			name = ""
		}
		device := fmt.Sprint("device", i%3)
		part := value.HashOf(value.NewString(device+strconv.Itoa(i)), value.NewLong(2)).Int()
		if name == "user1" || name == "user2" || name == "user3" || part != 1 {
			continue
		}
		at := base + int64(i)*second
		want = append(want, fmt.Sprintf("%s %s %s %d %s", value.FormatDateTime(at), device, name, i, value.FormatDateTime(at+3*minute)))
	}
	assert.Equal(t, want, lines)
	assert.Equal(t, Range{From: base + 5*minute, To: base + 10*minute - 1}, table.bounds[0].IngestionTime)
	assert.Equal(t, value.Ticks(now), table.bounds[0].AsOf)
}

func TestAlertsJoin(t *testing.T) {
	info := newTable("Timestamp:datetime AlertId:string Title:string Severity:string",
		[]value.Value{value.NewDateTime(base), value.NewString("a1"), value.NewString("First"), value.NewString("Low")},
		[]value.Value{value.NewDateTime(base), value.NewString("a1"), value.NewString("First"), value.NewString("Low")},
		[]value.Value{value.NewDateTime(base), value.NewString("a1"), value.NewString("Renamed"), value.NewString("High")},
		[]value.Value{value.NewDateTime(base), value.NewString("a2"), value.NewString("Second"), value.NewString("Low")},
	)
	info.ingest = func(row int) value.Value { return value.NewDateTime(base + int64(row)*minute) }
	evidence := newTable("Timestamp:datetime AlertId:string Title:string EntityType:string AccountName:string",
		[]value.Value{value.NewDateTime(base), value.NewString("a1"), value.NewString(""), value.NewString("User"), value.NewString("ann")},
		[]value.Value{value.NewDateTime(base), value.NewString("a1"), value.NewString(""), value.NewString("Machine"), value.NewString("")},
		[]value.Value{value.NewDateTime(base), value.NewString("a1"), value.NewString(""), value.NewString("Machine"), value.NewString("")},
		[]value.Value{value.NewDateTime(base), value.NewString("a2"), value.NewString("own"), value.NewString("Machine"), value.NewString("")},
		[]value.Value{value.NewDateTime(base), value.NewString("a3"), value.NewString(""), value.NewString("User"), value.NewString("bob")},
	)
	evidence.ingest = func(row int) value.Value { return value.NewDateTime(base + int64(row)*second) }
	db := memoryDatabase{"AlertInfo": info, "AlertEvidence": evidence}
	query := `
let info = AlertInfo | project AlertId, InfoTitle = Title, InfoSeverity = Severity, InfoPlace = ingestion_time() | where InfoPlace < datetime(2026-11-21T10:05:00Z)
 | sort by AlertId asc, InfoPlace asc | where AlertId != prev(AlertId) or InfoTitle != prev(InfoTitle) or InfoSeverity != prev(InfoSeverity)
 | where AlertId != next(AlertId);
let evidence = AlertEvidence | extend EvidencePlace = ingestion_time() | where EvidencePlace < datetime(2026-11-21T10:05:00Z);
let users = evidence | where EntityType == "User" | summarize AlertUsers = make_set(bag_pack("AccountName", AccountName, "X", 1)) by AlertId;
evidence | summarize EvidencePlace = min(EvidencePlace) by Timestamp, AlertId, EntityType, Title, AccountName
| join kind=inner (info) on AlertId | join kind=leftouter (users) on AlertId
| extend IngestionTime = max_of(EvidencePlace, InfoPlace)
| where IngestionTime >= datetime(2026-11-21T09:55:00Z) and IngestionTime < datetime(2026-11-21T10:05:00Z)
| project Timestamp, AlertId, EntityType, Title = iff(isempty(InfoTitle), Title, InfoTitle), InfoSeverity, AlertUsers, IngestionTime
| order by IngestionTime asc, EntityType desc | take 50000`
	want := []string{
		`2026-11-21T09:55:00.0000000Z a1 User Renamed High [{"AccountName":"ann","X":1}] 2026-11-21T09:57:00.0000000Z`,
		`2026-11-21T09:55:00.0000000Z a1 Machine Renamed High [{"AccountName":"ann","X":1}] 2026-11-21T09:57:00.0000000Z`,
		`2026-11-21T09:55:00.0000000Z a2 Machine Second Low null 2026-11-21T09:58:00.0000000Z`,
	}
	for seed := range uint64(5) {
		assert.Equal(t, want, run(t, db, query, seed))
	}
	assert.Equal(t, "Timestamp:datetime AlertId:string EntityType:string Title:string InfoSeverity:string AlertUsers:dynamic IngestionTime:datetime",
		columnsOf(t, db, query))
	assert.Equal(t, base+10*minute-1, info.bounds[0].IngestionTime.To)
}

func TestOtherReceiverQueries(t *testing.T) {
	db := memoryDatabase{"T": logons(600)}
	for query, want := range map[string]any{
		`T | summarize arg_max(Timestamp, *) by DeviceId | project DeviceId, ReportId | sort by DeviceId asc`:       []string{"device0 597", "device1 598", "device2 599"},
		`T | where Timestamp > ago(1d) | take 100 | summarize n = count(), bad = countif(isnull(ingestion_time()))`: []string{"100 0"},
		`T | summarize n = count() by DeviceId | summarize n = count(), bad = countif(isnull(ingestion_time()))`:    []string{"3 3"},
		`T | where ReportId < 2 | project ReportId | union (print Now = now()) | order by ReportId asc`:             []string{"null 2026-11-21T10:05:00.0000000Z", "0 null", "1 null"},
		`T | summarize Rows = count() by Bin = bin(ingestion_time(), 5m) | order by Bin asc`:                        []string{"2026-11-21T09:55:00.0000000Z 120", "2026-11-21T10:00:00.0000000Z 300", "2026-11-21T10:05:00.0000000Z 180"},
		`print x = 1`: []string{"1"},
	} {
		assert.Equal(t, want, run(t, db, query, 3), query)
	}
}

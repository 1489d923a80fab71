package kql

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

const minute = ticksPerMinute

var base = Ticks(now) - 10*minute

func logons(n int) *memoryTable {
	t := newTable("Timestamp:datetime DeviceId:string AccountSid:string AccountName:string ReportId:long")
	for i := range n {
		account := fmt.Sprint("user", i%7)
		if i%5 == 0 {
			account = ""
		}
		t.rows = append(t.rows, []Value{
			NewDateTime(base + int64(i)*ticksPerSecond), NewString(fmt.Sprint("device", i%3)), NewString(""), NewString(account), NewLong(int64(i)),
		})
	}
	t.ingest = func(row int) Value { return NewDateTime(base + int64(row)*ticksPerSecond + 3*minute) }
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
		part, _ := computeLong("%", Hash(NewString(device+strconv.Itoa(i))), 2)
		if name == "user1" || name == "user2" || name == "user3" || part != 1 {
			continue
		}
		at := base + int64(i)*ticksPerSecond
		want = append(want, fmt.Sprintf("%s %s %s %d %s", FormatDateTime(at), device, name, i, FormatDateTime(at+3*minute)))
	}
	assert.Equal(t, want, lines)
	assert.Equal(t, Range{From: base + 5*minute, To: base + 10*minute - 1}, table.bounds[0].IngestionTime)
	assert.Equal(t, Ticks(now), table.bounds[0].AsOf)
}

func TestAlertsJoin(t *testing.T) {
	info := newTable("Timestamp:datetime AlertId:string Title:string Severity:string",
		[]Value{NewDateTime(base), NewString("a1"), NewString("First"), NewString("Low")},
		[]Value{NewDateTime(base), NewString("a1"), NewString("First"), NewString("Low")},
		[]Value{NewDateTime(base), NewString("a1"), NewString("Renamed"), NewString("High")},
		[]Value{NewDateTime(base), NewString("a2"), NewString("Second"), NewString("Low")},
	)
	info.ingest = func(row int) Value { return NewDateTime(base + int64(row)*minute) }
	evidence := newTable("Timestamp:datetime AlertId:string Title:string EntityType:string AccountName:string",
		[]Value{NewDateTime(base), NewString("a1"), NewString(""), NewString("User"), NewString("ann")},
		[]Value{NewDateTime(base), NewString("a1"), NewString(""), NewString("Machine"), NewString("")},
		[]Value{NewDateTime(base), NewString("a1"), NewString(""), NewString("Machine"), NewString("")},
		[]Value{NewDateTime(base), NewString("a2"), NewString("own"), NewString("Machine"), NewString("")},
		[]Value{NewDateTime(base), NewString("a3"), NewString(""), NewString("User"), NewString("bob")},
	)
	evidence.ingest = func(row int) Value { return NewDateTime(base + int64(row)*ticksPerSecond) }
	db := memoryDatabase{"AlertInfo": info, "AlertEvidence": evidence}
	query := `
let info = AlertInfo | extend InfoIngestionTime = ingestion_time() | where InfoIngestionTime < datetime(2026-11-21T10:05:00Z)
 | sort by AlertId asc, InfoIngestionTime asc | extend Changed = AlertId != prev(AlertId) or Title != prev(Title) or Severity != prev(Severity)
 | where Changed | summarize arg_max(InfoIngestionTime, *) by AlertId;
let evidence = AlertEvidence | extend E = ingestion_time() | where E < datetime(2026-11-21T10:05:00Z)
 | summarize EvidenceIngestionTime = min(E) by Timestamp, AlertId, EntityType, Title, AccountName;
let users = AlertEvidence | where EntityType == "User" | summarize AlertUsers = make_set(bag_pack("AccountName", AccountName, "X", 1)) by AlertId;
evidence | join kind=inner info on AlertId | join kind=leftouter users on AlertId
| extend IngestionTime = max_of(EvidenceIngestionTime, InfoIngestionTime)
| where IngestionTime >= datetime(2026-11-21T09:55:00Z) and IngestionTime < datetime(2026-11-21T10:05:00Z)
| project Timestamp, AlertId, EntityType, Title = coalesce(Title1, Title), Severity, AlertUsers, IngestionTime
| order by IngestionTime asc, EntityType desc | take 50000`
	want := []string{
		`2026-11-21T09:55:00.0000000Z a1 User Renamed High [{"AccountName":"ann","X":1}] 2026-11-21T09:57:00.0000000Z`,
		`2026-11-21T09:55:00.0000000Z a1 Machine Renamed High [{"AccountName":"ann","X":1}] 2026-11-21T09:57:00.0000000Z`,
		`2026-11-21T09:55:00.0000000Z a2 Machine Second Low null 2026-11-21T09:58:00.0000000Z`,
	}
	for seed := range uint64(5) {
		assert.Equal(t, want, run(t, db, query, seed))
	}
	assert.Equal(t, "Timestamp:datetime AlertId:string EntityType:string Title:string Severity:string AlertUsers:dynamic IngestionTime:datetime",
		columnsOf(t, db, query))
	assert.Equal(t, base+10*minute-1, info.bounds[0].IngestionTime.To)
}

func TestOtherReceiverQueries(t *testing.T) {
	db := memoryDatabase{"T": logons(600)}
	for query, want := range map[string]any{
		`T | summarize arg_max(Timestamp, *) by DeviceId | project DeviceId, ReportId | sort by DeviceId asc`:       []string{"device0 597", "device1 598", "device2 599"},
		`T | where Timestamp > ago(1d) | take 100 | summarize n = count(), bad = countif(isnull(ingestion_time()))`: []string{"100 0"},
		`T | summarize n = count() by DeviceId | summarize n = count(), bad = countif(isnull(ingestion_time()))`:    []string{"3 3"},
		`T | summarize Rows = count() by Bin = bin(ingestion_time(), 5m) | order by Bin asc`:                        []string{"2026-11-21T09:55:00.0000000Z 120", "2026-11-21T10:00:00.0000000Z 300", "2026-11-21T10:05:00.0000000Z 180"},
		`print x = 1`: []string{"1"},
		`T | getschema | project ColumnName, ColumnType`: []string{"Timestamp datetime", "DeviceId string", "AccountSid string", "AccountName string", "ReportId long"},
	} {
		assert.Equal(t, want, run(t, db, query, 3), query)
	}
}

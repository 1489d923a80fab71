package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/oracle"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

var (
	from = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	page = Page{From: from, To: from.Add(5 * time.Minute), MaxRows: 50_000}
)

// all are the queries that the receiver can send, by name: each table, with and without filters and
// additional columns, whole and in parts, and its probe.
func all(t *testing.T) map[string]string {
	t.Helper()
	filter, err := kusto.Predicate(`Timestamp > ago(20d) and tostring(AlertUsers) != ""`)
	require.NoError(t, err)
	plain, err := kusto.Predicate(`Timestamp > ago(20d)`)
	require.NoError(t, err)
	system := accounts.ServerRules()
	part := page
	part.Part, part.Parts = 3, 8
	queries := map[string]string{"first": First()}
	for _, declared := range readable() {
		full := Table{Table: declared, System: &system, UserFilter: plain, UserColumns: []string{"ReportId"}}
		if declared.Kind == tables.Alerts {
			full.UserFilter, full.UserColumns = filter, []string{"EmailSubject"}
		}
		byEvent := full
		byEvent.TimeBasis = EventTime
		queries[declared.Name] = Table{Table: declared}.Read(page)
		queries[declared.Name+", filtered"] = full.Read(page)
		queries[declared.Name+", in parts"] = full.Read(part)
		queries[declared.Name+", probe"] = full.Probe()
		queries[declared.Name+", sample"] = full.Sample(page)
		if declared.Kind != tables.Directory {
			queries[declared.Name+", count"] = full.Count(page)
			queries[declared.Name+", count of what is left"] = full.CountLeft(page)
			queries[declared.Name+", count of what is left unfiltered"] = Table{Table: declared}.CountLeft(page)
		}
		queries[declared.Name+", by event time"] = byEvent.Read(page)
		queries[declared.Name+", sample by event time"] = byEvent.Sample(page)
		queries[declared.Name+", count by event time"] = byEvent.Count(page)
		byEvent.ArrivedBefore = from
		queries[declared.Name+", that arrived before"] = byEvent.Read(page)
		queries[declared.Name+", count that arrived before"] = byEvent.Count(page)
		if declared.Kind == tables.Passed {
			full.Learned = names(declared.Columns())
			queries[declared.Name+", in learned parts"] = full.Read(part)
			continue
		}
		lacking := full
		lacking.Table, lacking.UserColumns = declared.Without("AccountSid", "AdditionalFields", "InitiatingProcessAccountName"), nil
		queries[declared.Name+", without columns"] = lacking.Read(page)
	}
	return queries
}

// readable are the tables whose columns are declared.
func readable() []*tables.Table {
	return append(tables.All(), slices.DeleteFunc(tables.Others(), func(t *tables.Table) bool { return len(t.Schema.Columns) == 1 })...)
}

func TestQueriesCompile(t *testing.T) {
	for name, text := range all(t) {
		_, err := engine.Compile(schema{}, text, engine.Options{Now: from})
		assert.NoError(t, err, "%s:\n%s", name, text)
	}
}

// The decoder is told what columns come, so an answer must have exactly these.
func TestProjectionIsWhatComes(t *testing.T) {
	both := []Table{}
	for _, declared := range readable() {
		both = append(both, Table{Table: declared, UserColumns: []string{"Timestamp"}},
			Table{Table: declared, UserColumns: []string{"Timestamp"}, TimeBasis: EventTime},
			Table{Table: declared, UserColumns: []string{"Timestamp"}, TimeBasis: EventTime, ArrivedBefore: from})
	}
	for _, table := range both {
		q, err := engine.Compile(schema{}, table.Read(page), engine.Options{Now: from})
		require.NoError(t, err)
		want, got := map[string]string{}, map[string]string{}
		for _, c := range table.AnswerColumns() {
			want[c.Name] = c.Type.KQL()
		}
		for _, c := range q.Columns() {
			got[c.Name] = c.Type.String()
		}
		assert.Equal(t, want, got, table.Name)
	}
}

// A column that the service lacks stands nowhere in the query, or the service would refuse it again.
func TestLackingColumnsAreNotNamed(t *testing.T) {
	system := accounts.ServerRules()
	for _, declared := range tables.All() {
		for _, column := range declared.Columns() {
			if declared.Needs(column.Name) {
				continue
			}
			q := Table{Table: declared.Without(column.Name), System: &system}
			for _, text := range []string{q.Read(page), q.Probe()} {
				assert.NotRegexp(t, `\b`+column.Name+`\b`, text, declared.Name)
			}
		}
	}
}

func TestEventPage(t *testing.T) {
	registry, ok := tables.ByName("DeviceRegistryEvents")
	require.True(t, ok)
	filter, err := kusto.Predicate(`DeviceName has "a?b"`)
	require.NoError(t, err)
	part := page
	part.Part, part.Parts = 1, 2
	assert.Equal(t, `DeviceRegistryEvents
| extend IngestionTime = ingestion_time()
| where IngestionTime >= datetime(2026-11-21T10:00:00.0000000Z) and IngestionTime < datetime(2026-11-21T10:05:00.0000000Z)
| where (DeviceName has "a?b")
| where hash(strcat(tostring(DeviceId), "|", tostring(Timestamp), "|", tostring(ReportId), "|", tostring(ActionType)), 2) == 1
| project Timestamp, DeviceId, DeviceName, ActionType, RegistryKey, RegistryValueName, RegistryValueData, InitiatingProcessAccountDomain, `+
		`InitiatingProcessAccountName, InitiatingProcessAccountSid, InitiatingProcessAccountUpn, InitiatingProcessAccountObjectId, `+
		`InitiatingProcessFileName, ReportId, IngestionTime
| order by IngestionTime asc, Timestamp asc
| take 50000
| union (print ServiceNow = now())
| order by IngestionTime asc, Timestamp asc`, Table{Table: registry, UserFilter: filter}.Read(part))
}

// A table that is read whole is asked for all that it has. Its rows are put into parts by the columns that an answer had.
func TestWholePage(t *testing.T) {
	part := page
	part.Part, part.Parts = 1, 2
	system := accounts.ServerRules()
	whole := Table{Table: tables.Named("WeatherEvents"), System: &system}
	want := func(divider string) string {
		return `WeatherEvents
| extend IngestionTime = ingestion_time()
| where IngestionTime >= datetime(2026-11-21T10:00:00.0000000Z) and IngestionTime < datetime(2026-11-21T10:05:00.0000000Z)
| where hash(` + divider + `, 2) == 1
| order by IngestionTime asc, Timestamp asc
| take 50000
| union (print ServiceNow = now())
| order by IngestionTime asc, Timestamp asc`
	}
	assert.Equal(t, want("strcat(tostring(Timestamp))"), whole.Read(part), "nothing has come yet")
	whole.Learned = []string{"Timestamp", "Station", "Wind Speed"}
	assert.Equal(t, want(`strcat(tostring(Timestamp), "|", tostring(Station), "|", tostring(["Wind Speed"]))`), whole.Read(part))
	assert.False(t, whole.IsFiltered(), "human_accounts_only does not filter it")

	whole.Learned = nil
	for n := range 100 {
		whole.Learned = append(whole.Learned, fmt.Sprint("C", n))
	}
	for _, call := range strings.Split(whole.Read(part), "strcat(")[2:] {
		arguments, _, _ := strings.Cut(call, "))")
		assert.LessOrEqual(t, strings.Count(arguments, ", ")+1, 64, "strcat takes no more")
	}
}

// A name cannot be read as anything but a name.
func TestNamesAreQuoted(t *testing.T) {
	for name, want := range map[string]string{
		"union":                    `["union"]`,
		`X | take 1`:               `["X | take 1"]`,
		`X"] | union (DeviceInfo)`: `["X\"] | union (DeviceInfo)"]`,
	} {
		whole := Table{Table: tables.Named(name)}
		for _, text := range []string{whole.Read(page), whole.Count(page), whole.Sample(page)} {
			assert.True(t, strings.HasPrefix(text, want+"\n"), text)
		}
		assert.Contains(t, whole.Probe(), want)
	}
}

// A row that names who was logged on is read whatever its accounts are.
func TestRowsThatNameWhoWasLoggedOnAreRead(t *testing.T) {
	system := accounts.ServerRules()
	for _, declared := range tables.All() {
		_, has := declared.Schema.Column("AdditionalFields")
		text := Table{Table: declared, System: &system}.Filter()
		assert.Equal(t, has && len(declared.Accounts) > 0, strings.HasSuffix(text, `or AdditionalFields has "LoggedOnUsers"`), "%s: %s", declared.Name, text)
	}
}

// schema is a database that has Defender's tables and no rows.
type schema struct{}

func (schema) Table(name string) (engine.Table, bool) {
	for _, s := range tables.Schemas() {
		if s.Name == name {
			return emptyTable{s}, true
		}
	}
	return nil, false
}

// Microsoft's own parser accepts every query, and gives it the columns that the decoder expects.
func TestMicrosoftAgrees(t *testing.T) {
	queries := all(t)
	names := slices.Sorted(maps.Keys(queries))
	var texts []string
	for _, name := range names {
		texts = append(texts, queries[name])
	}
	for i, result := range oracle.Check(t, oracle.Defender(), texts) {
		assert.Empty(t, result.Errors, "%s:\n%s", names[i], texts[i])
		compiled, err := engine.Compile(schema{}, texts[i], engine.Options{Now: from})
		require.NoError(t, err)
		var want []oracle.Column
		for _, c := range compiled.Columns() {
			want = append(want, oracle.Column{Name: c.Name, Type: c.Type.String()})
		}
		assert.Equal(t, want, result.Columns, names[i])
	}
}

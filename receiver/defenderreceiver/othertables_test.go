package defenderreceiver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
)

// weather is a table that no list knows.
const weather = "WeatherEvents"

// newOtherStage has the table that no list knows.
func newOtherStage(t *testing.T, o defendersim.Options) *stage {
	t.Helper()
	schema := tables.NewSchema(weather, "Timestamp:datetime Station:string Degrees:long IsStorm:bool Details:json Gusts:dynamic Seen:datetime")
	o.Extra = []*tables.Schema{schema}
	return newStage(t, o)
}

// named polls tables as a user has them who only names them.
func (s *stage) named(names ...string) *Config {
	cfg := s.config()
	for _, name := range names {
		cfg.Tables[name] = cfg.Tables.defaultsOf(name)
	}
	return cfg
}

// otherRow is the row of a table that a number tells apart from others.
func otherRow(table string, number int) map[string]any {
	row := map[string]any{"Timestamp": epoch.Add(-time.Hour).Add(time.Duration(number) * 100).Format(time.RFC3339Nano)}
	if table == weather {
		maps.Copy(row, map[string]any{"Station": "s", "Degrees": int64(1<<60 + number), "IsStorm": number%2 == 0, "Details": `{"b":1}`})
		return row
	}
	declared := tables.Named(table)
	for _, name := range declared.Identity {
		column, _ := declared.Column(name)
		switch {
		case name == tables.TimestampColumn:
		case column.Type == tables.String:
			row[name] = "x"
		case column.Type == tables.Bool:
			row[name] = true
		default:
			row[name] = int64(7)
		}
	}
	switch id, _ := declared.Column(tables.ReportIDColumn); id.Type {
	case tables.String:
		row[tables.ReportIDColumn] = fmt.Sprint("report-", number)
	default:
		row[tables.ReportIDColumn] = int64(number)
	}
	return row
}

func (s *stage) plantOther(table string, first, n int, arrived time.Time) {
	s.t.Helper()
	rows := make([]defendersim.Planted, n)
	for i := range rows {
		rows[i] = defendersim.Planted{Row: otherRow(table, first+i), IngestionTime: arrived}
	}
	require.NoError(s.t, s.Sim.Plant(table, rows...))
}

// withSchema are the tables that are read whole and that the emulator has.
func withSchema() []string {
	names := []string{weather}
	for _, t := range tables.Others() {
		if len(t.Schema.Columns) > 1 {
			names = append(names, t.Name)
		}
	}
	return names
}

// Each row of each table comes once: rows of one time, over page limits, and after a restart; and the audit finds the late
// ones behind the cursor.
func TestOtherTablesAreReadWhole(t *testing.T) {
	for mode, names := range map[Mode][]string{
		ModeIngestionTime: withSchema(), ModeEventTime: {weather, "EmailEvents", "DeviceImageLoadEvents"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			s := newOtherStage(t, defendersim.Options{})
			cfg := s.named(names...)
			cfg.LateArrival.Mode = mode
			cfg.InitialLookback = 2 * time.Hour
			// The rows are an hour old. On a busy machine, the receiver takes the service's time for some seconds later than it is.
			cfg.LateArrival.Overlap = time.Hour + 30*time.Second
			cfg.Page.MaxRows = 6
			for _, name := range names {
				s.plantOther(name, 0, 20, epoch.Add(-time.Minute))
				s.plantOther(name, 20, 3, epoch.Add(-time.Minute+100))
			}
			life := s.launch(cfg)
			s.delivered(23 * len(names))
			life.stop()

			for _, name := range names {
				s.plantOther(name, 30, 2, epoch.Add(30*time.Second))
			}
			s.Clock.Advance(time.Minute)
			s.launch(cfg)
			s.delivered(25 * len(names))
			for _, name := range names {
				s.plantOther(name, 40, 1, epoch.Add(-10*time.Minute)) // behind the cursor
			}
			s.Clock.Advance(61 * time.Minute)
			s.delivered(26 * len(names))
			for _, name := range names {
				assert.Zero(t, s.Metrics.Sum("otelcol_receiver_defender_audit_missing", "table", name), name)
			}
		})
	}
}

// One instant with many more rows than a page holds is read in parts, by the columns that were learned.
func TestOtherTablesAtOneInstant(t *testing.T) {
	s := newOtherStage(t, defendersim.Options{})
	names := []string{weather, "EmailEvents"}
	cfg := s.named(names...)
	cfg.Page.MaxRows = 20
	for _, name := range names {
		for number := range 100 {
			row := otherRow(name, number)
			row["Timestamp"] = epoch.Add(-time.Hour).Format(time.RFC3339Nano)
			require.NoError(t, s.Sim.Plant(name, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Minute)}))
		}
	}
	s.start(cfg)
	s.delivered(100 * len(names))
}

// What a generated tenant has of these tables comes once, in whatever form the service writes it, with its history.
func TestOtherTablesOfATenant(t *testing.T) {
	generated := tenant.DefaultConfig()
	generated.Start, generated.History, generated.RowsPerDay = epoch, 3*time.Hour, 3000
	s := newStage(t, defendersim.Options{Tenant: &generated, Quirks: defendersim.DefaultQuirks()})
	names := []string{"CloudAppEvents", "DeviceImageLoadEvents", "EmailEvents", "IdentityLogonEvents", "UrlClickEvents"}
	cfg := s.named(names...)
	cfg.Backfill.Window = 4 * time.Hour
	cfg.PollInterval = 250 * time.Millisecond // leaves turns for the history
	s.launch(cfg)
	until := epoch.Add(-settle)
	s.readUntil(until, names...)
	want := 0
	for _, name := range names {
		rows, err := s.Sim.Truth(name, time.Time{}, until.Add(-time.Second))
		require.NoError(t, err)
		assert.Greater(t, len(rows), 5, name)
		want += len(rows)
	}
	require.Eventually(t, func() bool { return s.Sink.Count() >= want }, wait, time.Millisecond)
	s.Exactly(s.Sink.Count())
	assert.InDelta(t, want, s.Sink.Count(), 10, "and those of the last seconds")
}

// A record has what the service has, and nothing else.
func TestOtherTablesColumns(t *testing.T) {
	s := newOtherStage(t, defendersim.Options{Quirks: defendersim.Quirks{MixedBooleans: true, TrimmedTimestamps: true}})
	s.plantOther(weather, 0, 8, epoch.Add(-time.Minute))
	mail := otherRow("EmailEvents", 0)
	maps.Copy(mail, map[string]any{"EmailClusterId": int64(1<<60 + 1), "AuthenticationDetails": `{"SPF":"pass"}`, "Subject": "a"})
	require.NoError(t, s.Sim.Plant("EmailEvents", defendersim.Planted{Row: mail, IngestionTime: epoch.Add(-time.Minute)}))
	s.start(s.named(weather, "EmailEvents"))
	s.delivered(9)
	for _, r := range s.Sink.Records() {
		body := r.Log.Body().Map()
		table, _ := r.Log.Attributes().Get("microsoft.defender.table")
		got := body.AsRaw()
		arrived, _ := r.Log.Attributes().Get("microsoft.defender.ingestion_time")
		assert.NotEmpty(t, arrived.Str())
		assert.NotZero(t, r.Log.Timestamp())
		if table.Str() == weather {
			assert.Equal(t, "microsoft.defender.weather_events", r.Log.EventName())
			assert.Equal(t, []string{"Degrees", "Details", "IsStorm", "Station", "Timestamp"}, slices.Sorted(maps.Keys(got)))
			degrees := got["Degrees"].(int64)
			assert.Equal(t, (degrees-1<<60)%2 == 0, got["IsStorm"], "a boolean in whatever form")
			continue
		}
		assert.Equal(t, "microsoft.defender.email_events", r.Log.EventName())
		assert.Equal(t, int64(1<<60+1), got["EmailClusterId"])
		assert.Equal(t, `{"SPF":"pass"}`, got["AuthenticationDetails"])
		texts := 0
		for _, column := range tables.Named("EmailEvents").Columns() {
			if v, ok := body.Get(column.Name); ok && v.Type() == pcommon.ValueTypeStr {
				texts++
			}
		}
		assert.Equal(t, 35, texts, "empty texts are kept")
	}
}

// A name that the service does not have pauses its table at once, says what to look at, and holds no other table up.
func TestUnknownTablePauses(t *testing.T) {
	s := newStage(t, defendersim.Options{WithoutTables: []string{"EmailEvents"}})
	s.Plant(0, 3, epoch.Add(-time.Minute))
	cfg := s.named("EmailEvents", "NoSuchEvents")
	logon := cfg.Tables[logons]
	logon.Enabled = true
	cfg.Tables[logons] = logon
	life := s.launch(cfg)
	s.delivered(3)
	for _, name := range []string{"EmailEvents", "NoSuchEvents"} {
		require.Eventually(t, func() bool { return s.pausedFor(name) == "not_in_plan" }, wait, time.Millisecond, name)
	}
	for _, l := range life.receiver.lanes {
		if l.table == "NoSuchEvents" {
			assert.ErrorContains(t, l.health.View().Err, "or its name is misspelt")
		}
	}
}

// The connection test shows what a table holds, and says what to do about one that cannot be read.
func TestCheckupOfOtherTables(t *testing.T) {
	now := tables.NewSchema("StockNow", "DeviceId:string Software:string")
	s := newStage(t, defendersim.Options{Extra: []*tables.Schema{now}})
	s.plantOther("EmailEvents", 0, 4, epoch.Add(-time.Minute))
	cfg := s.named("EmailEvents", "NoSuchEvents", "StockNow")
	cfg.LateArrival.Audit.Interval = 0
	s.start(cfg)
	s.delivered(4)
	result, err := s.receivers[0].Test(t.Context())
	require.NoError(t, err)
	said := strings.Join(strings.Fields(result.Text()), " ")
	assert.Contains(t, said, "4 events in the last 24 h")
	assert.Contains(t, said, "check the spelling of tables::NoSuchEvents, which is none of the tables that this release knows")
	assert.Contains(t, said, "set tables::StockNow::enabled: false: the table cannot be read without Timestamp")
	for _, l := range s.receivers[0].lanes {
		if l.table == "StockNow" {
			require.Eventually(t, func() bool { return l.health.View().Err != nil }, wait, time.Millisecond)
			assert.ErrorContains(t, l.health.View().Err, "without which the table cannot be read")
		}
	}
}

// A name that no list knows is told at start; one that is known is not.
func TestUnknownTablesAreTold(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	cfg := written(t, rightBase, "tables: {WeatherEvents: , EmailEvents: , OtherEvents: {enabled: false}, Users: {enabled: true}}")
	cfg.warnOfUnknownTables(zap.New(core))
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, map[string]any{"table": "WeatherEvents"}, logs.All()[0].ContextMap())
}

// The status shows them after the tables that have defaults.
func TestStatusOfOtherTables(t *testing.T) {
	s := newOtherStage(t, defendersim.Options{})
	s.plantOther(weather, 0, 2, epoch.Add(-time.Minute))
	cfg := s.named(weather)
	cfg.Tables["EmailEvents"] = TableConfig{Priority: 9}
	life := s.launch(cfg)
	s.delivered(2)
	shown, err := life.receiver.newControlled(t.Context(), health.NewRegistry(), pauses{life.receiver.store, cfg.Credentials.TenantID})
	require.NoError(t, err)
	var names []string
	for _, table := range shown.Status().Tables {
		if table.Kind == tableKind {
			names = append(names, table.Name+" "+string(table.State))
		}
	}
	assert.Equal(t, []string{"EmailEvents disabled", "WeatherEvents running"}, names[len(names)-2:])
	require.NoError(t, shown.Pause(t.Context(), weather))
	assert.Equal(t, []string{weather}, shown.tables())
}

// Naming a table that is off by default is to want it, whatever else is said of it.
func TestNamingATableEnablesIt(t *testing.T) {
	cfg := written(t, rightBase, "tables: {EmailEvents: {filter: 'UrlCount > 0'}, IdentityLogonEvents: , CloudAppEvents: {enabled: false}, WeatherEvents: {priority: 3}, DeviceEvents: {enabled: false}}")
	require.NoError(t, cfg.Validate())
	assert.Equal(t, TableConfig{Enabled: true, Priority: 9, Filter: "UrlCount > 0"}, cfg.Tables["EmailEvents"])
	assert.Equal(t, TableConfig{Enabled: true, Priority: 9}, cfg.Tables["IdentityLogonEvents"])
	assert.Equal(t, TableConfig{Priority: 9}, cfg.Tables["CloudAppEvents"])
	assert.Equal(t, TableConfig{Enabled: true, Priority: 3}, cfg.Tables["WeatherEvents"])
	assert.NotContains(t, cfg.Tables, "UrlClickEvents")
	assert.Contains(t, strings.Join(cfg.audited(), " "), "EmailEvents IdentityLogonEvents WeatherEvents")
}

package tenant

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// get is a column of a row by its name.
func get(r *row, column string) value.Value {
	i := slices.IndexFunc(r.table.columns, func(c engine.Column) bool { return c.Name == column })
	if i < 0 {
		panic("BUG: the table has no column " + column)
	}
	return r.Value(i)
}

// acted gives the names of those who acted in an event row, in the order in which they are asked.
func acted(r *row, table *tables.Table) []string {
	var names []string
	for _, a := range table.Accounts {
		if a.RemoteOnly {
			if p := get(r, "RequestProtocol").Text(); p == "" || p == "Local" {
				continue
			}
		}
		if name := get(r, a.Name).Text(); name != "" {
			names = append(names, strings.ToLower(get(r, a.Domain).Text()+`\`+name))
		}
	}
	return names
}

// humans are the accounts of people, also those on one device only.
func humans(t *Tenant) map[string]bool {
	all := map[string]bool{}
	for _, p := range t.people {
		all[p.Domain+`\`+p.Name] = true
		for _, d := range p.devices {
			a := d.accountOf(p)
			all[a.domain+`\`+a.name] = true
		}
	}
	for _, d := range t.fleet.shared {
		if a := d.localUser; a != nil {
			all[a.domain+`\`+a.name] = true
		}
	}
	return all
}

func eventTables() []*tables.Table {
	return slices.DeleteFunc(tables.All(), func(t *tables.Table) bool { return t.Kind != tables.Events })
}

func TestEveryHourHasPeopleAndMachines(t *testing.T) {
	for hours := range 7 * 24 {
		// Coprime with a day, so that all hours of the day come up.
		if hours%11 != 0 {
			continue
		}
		cfg := DefaultConfig()
		cfg.Start, cfg.History = start.Add(time.Duration(hours)*time.Hour), time.Hour
		tenant := newTenant(t, cfg)
		people := humans(tenant)
		human, total := 0, 0
		for _, table := range eventTables() {
			before := human
			for r := range walk(t, tableOf(t, tenant, table.Name), asOf(cfg.Start)) {
				total++
				if slices.ContainsFunc(acted(r, table), func(name string) bool { return people[name] }) {
					human++
				}
			}
			assert.Greater(t, human-before, 50, "%s at %s", table.Name, cfg.Start)
		}
		assert.Greater(t, human, 2000, "rows of people at %s", cfg.Start)
		assert.InDelta(t, 0.25, float64(human)/float64(total), 0.06, "share of people at %s", cfg.Start)
	}
}

func TestIdentityColumnsTellRowsApart(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Start = start
	tenant := newTenant(t, cfg)
	repeated := false
	for _, table := range eventTables() {
		type identity struct {
			device          string
			event, reportID int64
			action          string
		}
		seen := map[identity]bool{}
		instants, reports, uploads := map[int64]int{}, map[identity]int{}, map[int64]int{}
		for r := range walk(t, tableOf(t, tenant, table.Name), asOf(start)) {
			id := identity{r.device.id, r.event, r.reportID, r.activity().action}
			if seen[id] {
				require.Fail(t, "two rows have one identity", "%s: %+v", table.Name, id)
			}
			seen[id] = true
			instants[r.event]++
			uploads[r.ingestion]++
			reports[identity{device: r.device.id, reportID: r.reportID}]++
		}
		many := func(n int) bool { return n > 1 }
		assert.True(t, slices.ContainsFunc(slices.Collect(maps.Values(instants)), many), "%s: equal event times", table.Name)
		assert.True(t, slices.ContainsFunc(slices.Collect(maps.Values(uploads)), many), "%s: equal ingestion times", table.Name)
		repeated = repeated || slices.ContainsFunc(slices.Collect(maps.Values(reports)), many)
	}
	assert.True(t, repeated, "repeated ReportId")
}

func TestLateHiddenAndFutureRowsAreAsConfigured(t *testing.T) {
	count := func(cfg Config) (late, hidden, future, wholeMillis, total float64) {
		tenant := newTenant(t, cfg)
		for _, table := range eventTables() {
			for r := range walk(t, tableOf(t, tenant, table.Name), asOf(start.Add(3*time.Hour))) {
				total++
				switch lag := r.ingestion - r.event; {
				case lag < 0:
					require.GreaterOrEqual(t, lag, -maxAhead)
					future++
				case lag >= minLateLag:
					require.LessOrEqual(t, lag, ticksOf(cfg.LateMax))
					late++
				default:
					require.GreaterOrEqual(t, lag, 2*minute)
					require.LessOrEqual(t, lag, maxPunctualLag)
				}
				if r.event%millisecond == 0 {
					wholeMillis++
				}
				if r.visible-r.ingestion > maxVisibleLag {
					require.LessOrEqual(t, r.visible-r.ingestion, ticksOf(cfg.HiddenMax))
					hidden++
				}
			}
		}
		return late, hidden, future, wholeMillis, total
	}
	cfg := testConfig()
	late, hidden, future, wholeMillis, total := count(cfg)
	assert.InDelta(t, cfg.LateShare, late/total, 0.01, "late")
	assert.InDelta(t, cfg.HiddenShare, hidden/total, 0.02, "hidden")
	assert.InDelta(t, cfg.FutureShare, future/total, 0.01, "future")
	assert.InDelta(t, 0.15, wholeMillis/total, 0.1, "trailing zeros")

	cfg.LateShare, cfg.HiddenShare, cfg.FutureShare = 0, 0, 0
	late, hidden, future, _, _ = count(cfg)
	assert.Equal(t, []float64{0, 0, 0}, []float64{late, hidden, future})
}

func TestRowsPerDayIsTheWeeksAverage(t *testing.T) {
	cfg := testConfig()
	cfg.History = 7 * 24 * time.Hour
	tenant := newTenant(t, cfg)
	total := 0
	for _, table := range eventTables() {
		total += len(scan(t, tableOf(t, tenant, table.Name), asOf(start)))
	}
	assert.InEpsilon(t, 7*cfg.RowsPerDay, total, 0.03)
}

package tenant

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// A Saturday night in UTC: the quietest hours of the week.
var start = time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)

func testConfig() Config {
	cfg := DefaultConfig()
	cfg.Start, cfg.History, cfg.RowsPerDay = start, 3*time.Hour, 30_000
	cfg.LateShare, cfg.HiddenShare, cfg.HiddenMax, cfg.FutureShare = 0.05, 0.05, 10*time.Minute, 0.02
	return cfg
}

func newTenant(tb testing.TB, cfg Config) *Tenant {
	tb.Helper()
	tenant, err := New(cfg)
	require.NoError(tb, err)
	return tenant
}

func tableOf(tb testing.TB, t *Tenant, name string) engine.Table {
	tb.Helper()
	tab, ok := t.Table(name)
	require.True(tb, ok, name)
	return tab
}

// generated are the tables that a tenant has rows of.
func generated() []*tables.Schema {
	return slices.DeleteFunc(tables.Schemas(), func(s *tables.Schema) bool {
		_, ok := tableKinds[s.Name]
		return !ok
	})
}

func schemaNames() []string {
	var names []string
	for _, s := range generated() {
		names = append(names, s.Name)
	}
	return names
}

// scan gives the rows that a scan yields, cloned.
func scan(tb testing.TB, tab engine.Table, b engine.Bounds) []*row {
	tb.Helper()
	var rows []*row
	require.NoError(tb, tab.Scan(tb.Context(), b, func(r engine.Row) bool {
		rows = append(rows, r.Clone().(*row))
		return true
	}))
	return rows
}

// walk is scan for who keeps no row: each is valid until the next one.
func walk(tb testing.TB, tab engine.Table, b engine.Bounds) iter.Seq[*row] {
	tb.Helper()
	return func(yield func(*row) bool) {
		assert.NoError(tb, tab.Scan(tb.Context(), b, func(r engine.Row) bool { return yield(r.(*row)) }))
	}
}

func asOf(t time.Time) engine.Bounds { return engine.Bounds{AsOf: value.Ticks(t)} }

// byKey has a row's every value, as bytes that differ where a value does, by what identifies the row in this tenant.
func byKey(tb testing.TB, rows iter.Seq[*row]) map[uint64]string {
	tb.Helper()
	all := map[uint64]string{}
	var written []byte
	for r := range rows {
		if _, twice := all[r.key]; twice {
			require.Fail(tb, "two rows have one key")
		}
		written = written[:0]
		for _, v := range append(valuesOf(r), r.IngestionTime(), value.NewLong(r.Visible())) {
			written = value.AppendKey(written, v)
		}
		all[r.key] = string(written)
	}
	return all
}

func valuesOf(r *row) []value.Value {
	values := make([]value.Value, len(r.table.columns))
	for i := range values {
		values[i] = r.Value(i)
	}
	return values
}

func TestSameSeedGivesSameRows(t *testing.T) {
	other := testConfig()
	// Another start shows another part of the same history.
	other.Start = start.Add(-time.Hour)
	a, b := newTenant(t, testConfig()), newTenant(t, other)
	third := testConfig()
	third.Seed++
	c := newTenant(t, third)
	for _, name := range schemaNames() {
		since := engine.Range{From: value.Ticks(start.Add(-3 * time.Hour)), To: value.Ticks(start)}
		bounds := asOf(start.Add(-time.Hour))
		bounds.IngestionTime = since
		rows := byKey(t, walk(t, tableOf(t, a, name), bounds))
		require.NotEmpty(t, rows, name)
		again := byKey(t, walk(t, tableOf(t, b, name), bounds))
		for key, values := range rows {
			require.Equal(t, values, again[key], name)
		}
		for key := range byKey(t, walk(t, tableOf(t, c, name), bounds)) {
			_, same := rows[key]
			require.False(t, same, "another seed gives other rows")
		}
	}
}

func TestRowsNeverChangeNorDisappear(t *testing.T) {
	tenant := newTenant(t, testConfig())
	for _, name := range schemaNames() {
		tab := tableOf(t, tenant, name)
		earlier := byKey(t, walk(t, tab, asOf(start.Add(30*time.Minute))))
		later := byKey(t, walk(t, tab, asOf(start.Add(90*time.Minute))))
		if name != "IdentityInfo" {
			assert.Greater(t, len(later), len(earlier), name)
		}
		for key, values := range earlier {
			require.Equal(t, values, later[key], name)
		}
	}
}

func TestScanYieldsWhatCanBeSeen(t *testing.T) {
	tenant := newTenant(t, testConfig())
	at := start.Add(17 * time.Minute)
	for _, name := range schemaNames() {
		tab := tableOf(t, tenant, name)
		seen := byKey(t, walk(t, tab, asOf(at)))
		// A scan far later yields all that a scan at any earlier time could.
		for r := range walk(t, tab, asOf(at.Add(time.Hour))) {
			visible := r.Visible() <= value.Ticks(at)
			_, ok := seen[r.key]
			require.Equal(t, visible, ok, "%s: a row visible from %s on", name, value.Time(r.Visible()))
			require.Greater(t, r.visible, r.ingestion)
			if !r.table.kind.directory {
				require.GreaterOrEqual(t, r.ingestion, value.Ticks(start.Add(-3*time.Hour)), name)
			}
		}
	}
}

func TestNarrowedScanIsComplete(t *testing.T) {
	tenant := newTenant(t, testConfig())
	random := rand.New(rand.NewPCG(1, 2))
	end := start.Add(time.Hour)
	someRange := func() engine.Range {
		from := value.Ticks(end) - random.Int64N(6*hour)
		return engine.Range{From: from, To: from + random.Int64N(2*hour)}
	}
	for _, name := range schemaNames() {
		tab := tableOf(t, tenant, name)
		full := scan(t, tab, asOf(end))
		require.NotEmpty(t, full, name)
		for i := range 60 {
			b := asOf(end)
			if i%3 != 0 {
				b.Timestamp = someRange()
			}
			if i%3 != 1 {
				b.IngestionTime = someRange()
			}
			var want, got []uint64
			for _, r := range full {
				if b.Timestamp.Open().Contains(r.event) && b.IngestionTime.Open().Contains(r.ingestion) {
					want = append(want, r.key)
				}
			}
			for r := range walk(t, tab, b) {
				got = append(got, r.key)
			}
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got, "%s %+v", name, b)
		}
	}
}

// TestStreamsKeepWithinTheirOffsets walks the buckets themselves: a row outside the offsets that its
// stream declares would be missing from every scan alike.
func TestStreamsKeepWithinTheirOffsets(t *testing.T) {
	punctual := testConfig()
	punctual.LateShare, punctual.HiddenShare, punctual.FutureShare, punctual.AlertApartShare = 0, 0, 0, 0
	for name, cfg := range map[string]Config{"all on": testConfig(), "all off": punctual} {
		t.Run(name, func(t *testing.T) { checkOffsets(t, newTenant(t, cfg)) })
	}
}

func checkOffsets(t *testing.T, tenant *Tenant) {
	t.Helper()
	for _, name := range schemaNames() {
		tab := tenant.tables[name]
		since, until := value.Ticks(start.Add(-24*time.Hour)), value.Ticks(start)
		walked := map[uint64]bool{}
		for _, s := range tab.streams {
			for bucket := floorDiv(since, s.width); bucket <= until/s.width; bucket++ {
				r, from := &row{table: tab, scratch: new(activity)}, bucket*s.width
				s.fill(r, from, func() bool {
					inside := r.ingestion >= from+s.ingestion.From && r.ingestion <= from+s.ingestion.To &&
						r.event >= from+s.event.From && r.event <= from+s.event.To
					require.True(t, inside, "%s: bucket %s, event %s, ingestion %s", name, value.Time(from), value.Time(r.event), value.Time(r.ingestion))
					if r.ingestion >= tab.since && r.visible <= until {
						walked[r.key] = true
					}
					return true
				})
			}
		}
		require.NotEmpty(t, walked, name)
		for r := range walk(t, tab, asOf(start)) {
			delete(walked, r.key)
		}
		require.Empty(t, walked, name)
	}
}

func TestEveryColumnHasItsDeclaredType(t *testing.T) {
	tenant := newTenant(t, testConfig())
	for _, s := range generated() {
		tab := tableOf(t, tenant, s.Name)
		columns := tab.Columns()
		require.Len(t, columns, len(s.Columns))
		for r := range walk(t, tab, asOf(start)) {
			for i, c := range columns {
				if v := r.Value(i); v.Type() != c.Type || c.Type == value.String && v.IsNull() {
					require.Fail(t, "wrong type", "%s.%s: %+v", s.Name, c.Name, v)
				}
			}
		}
	}
}

// A sort keeps rows and reads them after the scan, by turns.
func TestClonesOutliveTheScan(t *testing.T) {
	tenant := newTenant(t, testConfig())
	for _, name := range schemaNames() {
		var clones []*row
		var during [][]value.Value
		b := asOf(start)
		b.IngestionTime = engine.Range{From: value.Ticks(start.Add(-25 * time.Hour)), To: value.Ticks(start)}
		require.NoError(t, tableOf(t, tenant, name).Scan(t.Context(), b, func(r engine.Row) bool {
			before := r.Clone().(*row)
			during = append(during, valuesOf(r.(*row)), valuesOf(r.(*row)))
			clones = append(clones, before, r.Clone().(*row))
			return len(clones) < 400
		}))
		for column := range clones[0].table.columns {
			for i, r := range clones {
				require.Equal(t, during[i][column], r.Value(column), name)
			}
		}
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := tableOf(t, newTenant(t, testConfig()), "AlertInfo").Scan(ctx, asOf(start), func(engine.Row) bool { return true })
	require.ErrorIs(t, err, context.Canceled)
}

func TestScanStops(t *testing.T) {
	tab := tableOf(t, newTenant(t, testConfig()), "DeviceProcessEvents")
	n := 0
	require.NoError(t, tab.Scan(t.Context(), asOf(start), func(engine.Row) bool { n++; return n < 5 }))
	assert.Equal(t, 5, n)
}

func TestTwentyMillionRowsStartAtOnce(t *testing.T) {
	cfg := DefaultConfig()
	cfg.History, cfg.RowsPerDay = 30*24*time.Hour, 20_000_000/30
	fastest := time.Hour // of several: one can be held up by what else the machine does
	for range 5 {
		began := time.Now()
		newTenant(t, cfg)
		if fastest = min(fastest, time.Since(began)); fastest < 200*time.Millisecond {
			return
		}
	}
	assert.Fail(t, "it takes longer", "%s", fastest)
}

func TestOddSizesWork(t *testing.T) {
	for name, size := range map[string]struct{ devices, people int }{
		"one person": {minDevices, 1}, "crowded": {minDevices, 300}, "many devices": {200, 5},
		"people given": {0, 30}, "devices given": {30, 0},
	} {
		cfg := testConfig()
		cfg.Devices, cfg.People, cfg.Domain = size.devices, size.people, "Contoso.co.uk"
		tenant := newTenant(t, cfg)
		assert.Equal(t, "contoso", tenant.domain)
		for _, table := range schemaNames() {
			rows := byKey(t, walk(t, tableOf(t, tenant, table), asOf(start.Add(time.Hour))))
			if size.people != 1 {
				assert.NotEmpty(t, rows, "%s, %s", name, table)
			}
		}
	}
}

func TestBadConfigNamesTheField(t *testing.T) {
	for field, breakIt := range map[string]func(*Config){
		"Start":       func(c *Config) { c.Start = time.Time{} },
		"History":     func(c *Config) { c.History = 31 * 24 * time.Hour },
		"RowsPerDay":  func(c *Config) { c.RowsPerDay = 10 },
		"Devices":     func(c *Config) { c.Devices = 3 },
		"People":      func(c *Config) { c.People = -1 },
		"LateShare":   func(c *Config) { c.LateShare = 1.5 },
		"LateMax":     func(c *Config) { c.LateMax = time.Minute },
		"HiddenShare": func(c *Config) { c.HiddenShare = -0.1 },
		"HiddenMax":   func(c *Config) { c.HiddenMax = time.Second },
		"FutureShare": func(c *Config) { c.FutureShare = 2 },
		"Domain":      func(c *Config) { c.Domain = "acme" },
		"TenantID":    func(c *Config) { c.TenantID = "acme" },
	} {
		cfg := DefaultConfig()
		breakIt(&cfg)
		_, err := New(cfg)
		assert.ErrorContains(t, err, "tenant "+field)
	}
}

package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func TestOrderMeansNothingUnlessAskedFor(t *testing.T) {
	db := memoryDatabase{"T": logons(300)}
	for _, query := range []string{
		`T | project ReportId`,
		`T | take 50 | project ReportId`,
		`T | sort by DeviceId asc | project ReportId`,
		`T | sort by DeviceId asc | take 20 | project ReportId`,
		`T | sort by ReportId asc | summarize count() by ReportId | project ReportId`,
	} {
		first, again, other := run(t, db, query, 1), run(t, db, query, 1), run(t, db, query, 2)
		assert.Equal(t, first, again, "%s: the seed decides", query)
		assert.NotEqual(t, first, other, "%s: and nothing else", query)
	}
	sorted := `T | sort by ReportId asc | project ReportId`
	assert.Equal(t, run(t, db, sorted, 1), run(t, db, sorted, 2))

	all := run(t, db, `T | project ReportId`, 1)
	assert.Len(t, all, 300)
	slices.Sort(all)
	assert.Len(t, slices.Compact(all), 300)

	prefix := 0 // a take without an order is no prefix of the scan
	for seed := range uint64(10) {
		for _, id := range run(t, db, `T | take 10 | project ReportId`, seed) {
			if len(id) == 1 {
				prefix++
			}
		}
	}
	assert.Less(t, prefix, 30)
}

func TestIngestionTimeIsLostWithTheTable(t *testing.T) {
	db := memoryDatabase{"T": logons(10)}
	for query, known := range map[string]bool{
		`T | where isnotnull(ingestion_time())`:                                 true,
		`T | sort by ReportId | take 5 | where isnotnull(ingestion_time())`:     true,
		`let x = T | extend y = 1; x | where isnotnull(ingestion_time())`:       true,
		`T | summarize count() by DeviceId | where isnotnull(ingestion_time())`: false,
		`union T, T | where isnotnull(ingestion_time())`:                        false,
		`T | join kind=inner T on ReportId | where isnotnull(ingestion_time())`: false,
	} {
		assert.Equal(t, known, len(run(t, db, query, 1)) > 0, query)
	}
}

func TestFiltersNarrowTheScan(t *testing.T) {
	from, to := base, base+10*minute
	whole := everything
	for query, want := range map[string]Bounds{
		`T | where Timestamp >= datetime(2026-11-21 09:55)`:                                       {Timestamp: Range{from, whole.To}, IngestionTime: whole},
		`T | where datetime(2026-11-21 09:55) < Timestamp and Timestamp <= now()`:                 {Timestamp: Range{from + 1, to}, IngestionTime: whole},
		`T | where Timestamp between (ago(10m) .. 5m) | where ReportId > 5`:                       {Timestamp: Range{from, from + 5*minute}, IngestionTime: whole},
		`T | where ReportId > 5 | where ingestion_time() > ago(10m) and Timestamp == now()`:       {Timestamp: Range{to, to}, IngestionTime: Range{from + 1, whole.To}},
		`T | extend At = Timestamp | project At, ReportId | where At < now()`:                     {Timestamp: Range{whole.From, to - 1}, IngestionTime: whole},
		`let x = T | extend I = ingestion_time(); x | extend J = I | where J < now() | sort by J`: {Timestamp: whole, IngestionTime: Range{whole.From, to - 1}},
		`T | where Timestamp > ago(10m) or ReportId == 1`:                                         {Timestamp: whole, IngestionTime: whole},
		`T | where not(Timestamp > ago(10m))`:                                                     {Timestamp: whole, IngestionTime: whole},
		`T | take 5 | where Timestamp > now()`:                                                    {Timestamp: whole, IngestionTime: whole},
		`T | sort by ReportId | take 5 | where Timestamp > now()`:                                 {Timestamp: whole, IngestionTime: whole},
		`T | extend Timestamp = now() | where Timestamp > ago(1d)`:                                {Timestamp: whole, IngestionTime: whole},
		`T | sort by ReportId asc | extend p = prev(ReportId) | where Timestamp > now()`:          {Timestamp: whole, IngestionTime: whole},
		`T | where Timestamp > datetime(null)`:                                                    {Timestamp: whole, IngestionTime: whole},
	} {
		table := logons(20)
		run(t, memoryDatabase{"T": table}, query, 1)
		want.AsOf = value.Ticks(now)
		require.Len(t, table.bounds, 1, query)
		assert.Equal(t, want, table.bounds[0], query)
	}
	// One use of a let statement is not narrowed by another's filter.
	table := logons(20)
	db := memoryDatabase{"T": table}
	assert.Equal(t, []string{"20"}, run(t, db, `let x = T; x | where Timestamp > now() | union x | summarize count()`, 1))
}

func TestTimespanRestrictsEveryTable(t *testing.T) {
	table := logons(100)
	q, err := Compile(memoryDatabase{"T": table}, `T | where ReportId in ((T | project ReportId)) | summarize count()`, Options{Now: now, Timespan: &Range{base + 10*second, base + 19*second}})
	require.NoError(t, err)
	_, err = q.Run(t.Context(), func(row []value.Value) bool {
		assert.Equal(t, int64(10), row[0].Int())
		return true
	})
	require.NoError(t, err)
	assert.Equal(t, Range{base + 10*second, base + 19*second}, table.bounds[0].Timestamp)
}

func TestColumnsAreComputedOnlyWhenRead(t *testing.T) {
	table := logons(200)
	table.reads = map[int]int{}
	db := memoryDatabase{"T": table}
	run(t, db, `T | extend I = ingestion_time() | where ReportId < 100 | sort by I asc | take 10 | project AccountName, ReportId`, 1)
	assert.Equal(t, map[int]int{3: 10, 4: 210}, table.reads, "a filter reads its column of every row, the result only its rows'")

	clear(table.reads)
	run(t, db, `T | summarize arg_max(ReportId, *) by DeviceId | project DeviceId, AccountName`, 1)
	assert.Equal(t, map[int]int{1: 200, 3: 3, 4: 200}, table.reads)

	clear(table.reads)
	run(t, db, `T | join kind=inner (T | where ReportId == 3) on ReportId | project AccountName1`, 1)
	assert.Equal(t, map[int]int{3: 1, 4: 400}, table.reads)
}

func TestRunStops(t *testing.T) {
	db := memoryDatabase{"T": logons(10_000)}
	q, err := Compile(db, `T | where ReportId >= 0 | sort by ReportId`, Options{Now: now})
	require.NoError(t, err)
	n := 0
	stats, err := q.Run(t.Context(), func([]value.Value) bool { n++; return n < 7 })
	require.NoError(t, err)
	assert.Equal(t, Stats{RowsScanned: 10_000, RowsReturned: 7}, stats)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, query := range []string{`T`, `T | summarize count()`, `union T, T`, `T | join kind=inner T on ReportId`, `T | where ReportId in (T | project ReportId)`} {
		q, err = Compile(db, query, Options{Now: now})
		require.NoError(t, err)
		_, err = q.Run(ctx, func([]value.Value) bool { return true })
		assert.ErrorIs(t, err, context.Canceled, query)
	}
}

func TestRunStopsAmongRowsItMakes(t *testing.T) {
	table := newTable("x:long k:long")
	for i := range int64(2000) {
		table.rows = append(table.rows, []value.Value{value.NewLong(i), value.NewLong(1)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	table.ingest = func(row int) value.Value {
		if row == 1999 { // the scan itself looks at the context only now and then
			cancel()
		}
		return value.Null(value.DateTime)
	}
	q, err := Compile(memoryDatabase{"T": table}, `T | join kind=inner T on k | where x < 0`, Options{Now: now})
	require.NoError(t, err)
	_, err = q.Run(ctx, func([]value.Value) bool { return true })
	assert.ErrorIs(t, err, context.Canceled)
}

func TestQueryRunsAtOnceSeveralTimes(t *testing.T) {
	db := memoryDatabase{"T": &memoryTable{columns: logons(0).columns, rows: logons(500).rows}}
	q, err := Compile(frozen{db}, `T | where AccountName in ("user1", "user2") and ReportId in (T | project ReportId) | summarize arg_max(ReportId, *) by DeviceId | sort by DeviceId asc`, Options{Now: now, Seed: 1})
	require.NoError(t, err)
	var wg sync.WaitGroup
	results := make([]string, 4)
	for i := range results {
		wg.Go(func() {
			_, err := q.Run(t.Context(), func(row []value.Value) bool { results[i] += fmt.Sprint(row[1]); return true })
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for _, r := range results {
		assert.NotEmpty(t, r)
		assert.Equal(t, results[0], r)
	}
}

// frozen is a database whose scans record nothing.
type frozen struct{ db memoryDatabase }

func (f frozen) Table(name string) (Table, bool) {
	t, ok := f.db[name]
	return frozenTable{t}, ok
}

type frozenTable struct{ *memoryTable }

func (t frozenTable) Scan(_ context.Context, _ Bounds, yield func(Row) bool) error {
	for i := range t.rows {
		if !yield(memoryRow{t.memoryTable, i}) {
			break
		}
	}
	return nil
}

func BenchmarkSortPage(b *testing.B) {
	table := &memoryTable{}
	for i := range 25 {
		table.columns = append(table.columns, Column{Name: fmt.Sprint("C", i), Type: value.String})
	}
	table.columns[0].Type = value.Long
	for i := range 100_000 {
		row := make([]value.Value, 25)
		for c := range row {
			row[c] = value.NewString("some text of a row")
		}
		row[0] = value.NewLong(int64(i * 7919 % 100_000))
		table.rows = append(table.rows, row)
	}
	table.ingest = func(row int) value.Value { return value.NewDateTime(base + int64(row*7919%100_000)) }
	for name, query := range map[string]string{
		"page": `T | extend I = ingestion_time() | where I > ago(1d) | order by I asc | take 50000`,
		"all":  `T | extend I = ingestion_time() | order by I asc`,
	} {
		q, err := Compile(frozen{memoryDatabase{"T": table}}, query, Options{Now: now})
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := q.Run(b.Context(), func([]value.Value) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

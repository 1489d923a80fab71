package judge

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

func window(from, to int64) []engine.Bounds {
	return []engine.Bounds{{AsOf: 1000 * 1e7, IngestionTime: engine.Range{From: from * 1e7, To: to * 1e7}}}
}

func rowsSeen(ids ...uint64) *Result {
	return &Result{Identified: true, Identities: ids, Rows: int64(len(ids)), Scanned: 10, Bytes: 100}
}

func TestRowsReadAgainAndWindowsThatOverlap(t *testing.T) {
	j := New()
	j.Read([]string{"T"}, window(0, 10), rowsSeen(1, 2, 3))
	j.Read([]string{"T"}, window(10, 20), rowsSeen(4, 5))
	got := j.Report(0).Table("T")
	assert.Equal(t, TableReport{Table: "T", Queries: 2, RowsScanned: 20, RowsReturned: 5}, got, "an instant in common is no overlap")

	j.Read([]string{"T"}, window(15, 30), rowsSeen(5, 6, 6))
	j.Read([]string{"T"}, window(40, 50), rowsSeen())
	j.Read([]string{"T"}, window(5, 45), rowsSeen(1))
	j.Read([]string{"U"}, window(0, 50), rowsSeen(1))
	got = j.Report(0).Table("T")
	assert.Equal(t, int64(3), got.RowsRepeated)
	assert.Equal(t, int64(2), got.OverlappingQueries)
	assert.InDelta(t, 5+25+5, got.OverlapSeconds, 1e-9)
	assert.Zero(t, j.Report(0).Table("U").RowsRepeated)

	cut := rowsSeen(7)
	cut.Cut = true
	j.Read([]string{"V"}, window(0, 50), cut)
	j.Read([]string{"V"}, window(20, 50), rowsSeen(8))
	assert.Zero(t, j.Report(0).Table("V").OverlappingQueries, "a page that met its limit is followed by one of the same window")
	j.Read([]string{"T"}, window(0, 50), &Result{Rows: 1, Identities: []uint64{1}})
	assert.Equal(t, int64(2), j.Report(0).Table("T").OverlappingQueries, "a count reads no rows")
}

func TestCutShort(t *testing.T) {
	assert.True(t, CutShort("T | order by x asc | take 500", 500, 0))
	assert.True(t, CutShort("T | Take  500", 500, 0))
	assert.True(t, CutShort("T", 100, 100))
	assert.False(t, CutShort("T | take 500", 50, 100))
	assert.False(t, CutShort("T | where take == 500", 500, 0))
}

func TestRememberedRowsAreBounded(t *testing.T) {
	j := New()
	ids := make([]uint64, rememberedRows)
	for round := range 3 {
		for i := range ids {
			ids[i] = uint64(round*rememberedRows + i)
		}
		j.Read([]string{"T"}, nil, rowsSeen(ids...))
	}
	table := j.tables["T"]
	assert.LessOrEqual(t, len(table.current)+len(table.previous), 2*rememberedRows)
	j.Read([]string{"T"}, nil, rowsSeen(ids...))
	assert.Equal(t, int64(rememberedRows), j.Report(0).Table("T").RowsRepeated)
}

package defendersim

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func window(from, to int64) []scan {
	return []scan{{table: "T", bounds: engine.Bounds{AsOf: 1000 * 1e7, IngestionTime: engine.Range{From: from * 1e7, To: to * 1e7}}}}
}

func rowsSeen(ids ...uint64) *result {
	return &result{identified: true, identities: ids, rows: int64(len(ids)), scanned: 10, bytes: 100}
}

func TestRowsReadAgainAndWindowsThatOverlap(t *testing.T) {
	j := newJudge()
	j.read([]string{"T"}, window(0, 10), rowsSeen(1, 2, 3))
	j.read([]string{"T"}, window(10, 20), rowsSeen(4, 5))
	got := j.report(0).Table("T")
	assert.Equal(t, TableReport{Table: "T", Queries: 2, RowsScanned: 20, RowsReturned: 5}, got, "an instant in common is no overlap")

	j.read([]string{"T"}, window(15, 30), rowsSeen(5, 6, 6))
	j.read([]string{"T"}, window(40, 50), rowsSeen())
	j.read([]string{"T"}, window(5, 45), rowsSeen(1))
	j.read([]string{"U"}, window(0, 50), rowsSeen(1))
	got = j.report(0).Table("T")
	assert.Equal(t, int64(3), got.RowsRepeated)
	assert.Equal(t, int64(2), got.OverlappingQueries)
	assert.InDelta(t, 5+25+5, got.OverlapSeconds, 1e-9)
	assert.Zero(t, j.report(0).Table("U").RowsRepeated)

	cut := rowsSeen(7)
	cut.cut = true
	j.read([]string{"V"}, window(0, 50), cut)
	j.read([]string{"V"}, window(20, 50), rowsSeen(8))
	assert.Zero(t, j.report(0).Table("V").OverlappingQueries, "a page that met its limit is followed by one of the same window")
	j.read([]string{"T"}, window(0, 50), &result{rows: 1, identities: []uint64{1}})
	assert.Equal(t, int64(2), j.report(0).Table("T").OverlappingQueries, "a count reads no rows")
}

func TestCutShort(t *testing.T) {
	assert.True(t, cutShort("T | order by x asc | take 500", 500, 0))
	assert.True(t, cutShort("T | Limit  500", 500, 0))
	assert.True(t, cutShort("T", 100, 100))
	assert.False(t, cutShort("T | take 500", 50, 100))
	assert.False(t, cutShort("T | where take == 500", 500, 0))
}

func TestRememberedRowsAreBounded(t *testing.T) {
	j := newJudge()
	ids := make([]uint64, rememberedRows)
	for round := range 3 {
		for i := range ids {
			ids[i] = uint64(round*rememberedRows + i)
		}
		j.read([]string{"T"}, nil, rowsSeen(ids...))
	}
	table := j.tables["T"]
	assert.LessOrEqual(t, len(table.current)+len(table.previous), 2*rememberedRows)
	j.read([]string{"T"}, nil, rowsSeen(ids...))
	assert.Equal(t, int64(rememberedRows), j.report(0).Table("T").RowsRepeated)
}

func TestIdentityOfResultRows(t *testing.T) {
	columns := []engine.Column{
		{Name: "ActionType", Type: value.String},
		{Name: "Timestamp", Type: value.DateTime},
		{Name: "DeviceId", Type: value.String},
		{Name: "ReportId", Type: value.Long},
		{Name: "FileName", Type: value.String},
	}
	row := func(file string, id int64) []value.Value {
		return []value.Value{value.NewString("a"), value.NewDateTime(5), value.NewString("d"), value.NewLong(id), value.NewString(file)}
	}
	key := newRowKey(columns)
	assert.Equal(t, key.hash(row("x", 1)), key.hash(row("y", 1)))
	assert.NotEqual(t, key.hash(row("x", 1)), key.hash(row("x", 2)))
	other := newRowKey(columns[:3])
	assert.NotEqual(t, other.hash([]value.Value{value.NewString("a"), value.NewDateTime(5), value.NewString("d")}),
		other.hash([]value.Value{value.NewString("a"), value.NewDateTime(5), value.NewString("e")}))
	assert.True(t, other.identifies)
	counts := newRowKey([]engine.Column{{Name: "count_", Type: value.Long}})
	assert.False(t, counts.identifies)
	nan := newRowKey([]engine.Column{{Name: "r", Type: value.Real}})
	assert.NotPanics(t, func() { nan.hash([]value.Value{value.NewReal(math.NaN())}) })
}

func TestRetryAfterIsJudged(t *testing.T) {
	h := start(t, Options{compile: rowsOf(0, twoColumns, nil)})
	h.FailNext(1, Fault{Kind: FaultUnavailable, Delay: 30 * time.Second})
	assert.Equal(t, "30", h.query(t, graphPath, "T").Header.Get("Retry-After"))
	h.clock.Advance(29 * time.Second)
	h.query(t, graphPath, "T")
	h.clock.Advance(time.Second)
	h.query(t, graphPath, "T")
	assert.Equal(t, int64(1), h.Report().RetriedTooEarly)
	assert.Zero(t, h.Report().Throttled)
}

func TestAdmin(t *testing.T) {
	h := start(t, Options{compile: rowsOf(3, twoColumns, twoValues)})
	assert.Equal(t, 204, h.post(t, "/_admin/faults?next=1", "500", "").StatusCode)
	assert.Equal(t, 500, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 204, h.post(t, "/_admin/faults", "504", "").StatusCode)
	assert.Equal(t, 504, h.query(t, graphPath, "T").StatusCode)
	assert.Equal(t, 204, h.post(t, "/_admin/faults", "", "").StatusCode)
	assert.Equal(t, 200, h.query(t, graphPath, "T").StatusCode)
	for _, bad := range []string{"/_admin/faults?next=x", "/_admin/faults?next=0"} {
		assert.Equal(t, 400, h.post(t, bad, "500", "").StatusCode)
	}
	assert.Equal(t, 400, h.post(t, "/_admin/faults", "odd", "").StatusCode)

	res, err := h.client.Get(h.URL() + "/_admin/report")
	require.NoError(t, err)
	defer res.Body.Close()
	var report Report
	require.NoError(t, json.NewDecoder(res.Body).Decode(&report))
	assert.Equal(t, h.Report(), report)
	assert.Equal(t, int64(2), report.Count(graphPath, "200"))
	assert.Equal(t, int64(1), report.Count(oauth2Path, "200"))
	assert.Contains(t, report.String(), "fault 504")
}

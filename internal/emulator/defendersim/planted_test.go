package defendersim

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

var everything = engine.Range{From: math.MinInt64, To: math.MaxInt64}

// scanReports returns the ReportIds that a query with these bounds may read.
func (h *harness) scanReports(t *testing.T, table string, b engine.Bounds) []int64 {
	t.Helper()
	if b.AsOf == 0 {
		b.AsOf = value.Ticks(h.clock.Now())
	}
	source, ok := h.database.View().Table(table)
	require.True(t, ok)
	column := -1
	for i, c := range source.Columns() {
		if c.Name == "ReportId" {
			column = i
		}
	}
	var ids []int64
	require.NoError(t, source.Scan(t.Context(), b, func(r engine.Row) bool {
		ids = append(ids, r.Clone().Value(column).Int())
		return true
	}))
	return ids
}

func TestPlantedRowsBecomeVisible(t *testing.T) {
	h := start(t, Options{})
	require.NoError(t, h.Plant("DeviceEvents",
		event(1, time.Hour),
		Planted{Row: event(2, time.Hour).Row, IngestionTime: noon.Add(-time.Minute), Visible: noon.Add(time.Minute)},
		Planted{Row: event(3, time.Hour).Row, IngestionTime: noon.Add(time.Minute)},
	))
	assert.Equal(t, []int64{1}, h.scanReports(t, "DeviceEvents", engine.Bounds{}))
	h.clock.Advance(time.Minute)
	assert.Equal(t, []int64{1, 2, 3}, h.scanReports(t, "DeviceEvents", engine.Bounds{}))
	assert.Equal(t, []int64{2}, h.scanReports(t, "DeviceEvents", engine.Bounds{
		IngestionTime: engine.Range{From: value.Ticks(noon.Add(-time.Minute)), To: value.Ticks(noon)},
	}))
	assert.Empty(t, h.scanReports(t, "DeviceProcessEvents", engine.Bounds{}))

	require.NoError(t, h.Plant("DeviceEvents", event(5, 30*time.Minute), event(4, 2*time.Hour)))
	assert.Equal(t, []int64{4, 1, 5}, h.scanReports(t, "DeviceEvents", engine.Bounds{
		IngestionTime: engine.Range{To: value.Ticks(noon.Add(-29 * time.Minute))},
	}), "rows planted later may have arrived earlier")
}

func TestRowsGrowTooOld(t *testing.T) {
	h := start(t, Options{})
	require.NoError(t, h.Plant("DeviceEvents", event(1, 30*24*time.Hour), event(2, 30*24*time.Hour-time.Second)))
	assert.Equal(t, []int64{1, 2}, h.scanReports(t, "DeviceEvents", engine.Bounds{}))
	h.clock.Advance(time.Second / 2)
	assert.Equal(t, []int64{2}, h.scanReports(t, "DeviceEvents", engine.Bounds{}))
	h.clock.Advance(time.Second)
	assert.Empty(t, h.scanReports(t, "DeviceEvents", engine.Bounds{}))
}

func TestPlantedValues(t *testing.T) {
	h := start(t, Options{})
	require.NoError(t, h.Plant("IdentityInfo", Planted{Row: map[string]any{
		"Timestamp": "2026-03-15T11:00:00.1234567Z", "IsAccountEnabled": "1", "AccountUpn": "a@b",
		"AssignedRoles": []any{"x", 2.0}, "CreatedDateTime": time.Date(2020, 1, 1, 0, 0, 0, 700, time.UTC),
	}}))
	require.NoError(t, h.Plant("DeviceFileEvents", Planted{Row: map[string]any{
		"FileSize": int64(math.MaxInt64), "RequestSourcePort": 445, "AdditionalFields": map[string]any{"k": 1}, "FileName": "", "ReportId": nil,
	}}))
	identity, err := h.Truth("IdentityInfo", time.Time{}, time.Time{})
	require.NoError(t, err)
	require.Len(t, identity, 1)
	stamp := time.Date(2026, 3, 15, 11, 0, 0, 123456700, time.UTC)
	assert.Equal(t, stamp, identity[0].Timestamp)
	assert.Equal(t, noon, identity[0].IngestionTime)
	row := identity[0].Row
	assert.Equal(t, true, row["IsAccountEnabled"])
	assert.Equal(t, []any{"x", int64(2)}, row["AssignedRoles"])
	assert.Equal(t, time.Date(2020, 1, 1, 0, 0, 0, 700, time.UTC), row["CreatedDateTime"])
	assert.Empty(t, row["City"])

	files, err := h.Truth("DeviceFileEvents", time.Time{}, time.Time{})
	require.NoError(t, err)
	assert.Equal(t, int64(math.MaxInt64), files[0].Row["FileSize"])
	assert.Equal(t, int64(445), files[0].Row["RequestSourcePort"])
	assert.Equal(t, `{"k":1}`, files[0].Row["AdditionalFields"])
	assert.NotContains(t, files[0].Row, "ReportId")
	assert.Zero(t, files[0].Timestamp)
}

func TestPlantRefuses(t *testing.T) {
	h := start(t, Options{})
	for name, row := range map[string]map[string]any{
		`no column "Odd"`:   {"Odd": 1},
		"column ReportId":   {"ReportId": "x"},
		"column Timestamp":  {"Timestamp": "yesterday"},
		"column RemotePort": {"RemotePort": int64(1) << 40},
		"is no integer":     {"ReportId": 1.5},
	} {
		err := h.Plant("DeviceEvents", event(1, 0), Planted{Row: row})
		require.ErrorContains(t, err, "plant row 1 of DeviceEvents")
		assert.ErrorContains(t, err, name)
	}
	require.ErrorContains(t, h.Plant("Nothing"), `no table "Nothing"`)
	assert.ErrorContains(t, h.Plant("DeviceInfo", Planted{Row: map[string]any{"IsExcluded": "maybe"}}), "is no boolean")
	assert.Empty(t, h.scanReports(t, "DeviceEvents", engine.Bounds{}))
}

func TestAMillionRowsAtOneInstant(t *testing.T) {
	h := start(t, Options{})
	const n = 1_000_000
	rows := make([]Planted, n)
	row := map[string]any{"Timestamp": noon, "DeviceId": "d1", "ActionType": "x"}
	for i := range rows {
		rows[i] = Planted{Row: row, IngestionTime: noon}
	}
	require.NoError(t, h.Plant("DeviceEvents", rows...))
	require.NoError(t, h.Plant("DeviceEvents", event(1, time.Hour), event(2, 2*time.Hour)))
	source, _ := h.database.View().Table("DeviceEvents")
	seen := 0
	require.NoError(t, source.Scan(t.Context(), engine.Bounds{AsOf: value.Ticks(noon)}, func(engine.Row) bool {
		seen++
		return true
	}))
	assert.Equal(t, n+2, seen)
	assert.Len(t, h.scanReports(t, "DeviceEvents", engine.Bounds{
		Timestamp: everything, IngestionTime: engine.Range{To: value.Ticks(noon) - 1},
	}), 2)
}

func TestIngestionTimeSwitchedOff(t *testing.T) {
	h := start(t, Options{NoIngestionTime: true})
	require.NoError(t, h.Plant("DeviceEvents", event(1, time.Hour)))
	source, _ := h.database.View().Table("DeviceEvents")
	seen := 0
	require.NoError(t, source.Scan(t.Context(), engine.Bounds{AsOf: value.Ticks(noon), IngestionTime: engine.Range{From: 5, To: 6}}, func(r engine.Row) bool {
		seen++
		return assert.True(t, r.IngestionTime().IsNull()) && assert.True(t, r.Clone().IngestionTime().IsNull())
	}))
	assert.Equal(t, 1, seen)
}

func TestTablesOutsideThePlan(t *testing.T) {
	h := start(t, Options{WithoutTables: []string{"DeviceEvents"}})
	_, ok := h.database.View().Table("DeviceEvents")
	assert.False(t, ok)
	_, ok = h.database.View().Table("deviceinfo")
	assert.False(t, ok)
	require.NoError(t, h.SetWithoutTables())
	_, ok = h.database.View().Table("DeviceEvents")
	assert.True(t, ok)
	assert.ErrorContains(t, h.SetWithoutTables("Odd"), `no table "Odd"`)
}

func TestTruth(t *testing.T) {
	h := start(t, Options{})
	late := event(7, 48*time.Hour)
	late.IngestionTime, late.Visible = noon.Add(-time.Minute), noon.Add(time.Minute)
	require.NoError(t, h.Plant("DeviceProcessEvents", event(1, time.Hour), late))
	rows, err := h.Truth("DeviceProcessEvents", noon.Add(-2*time.Minute), time.Time{})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	assert.Equal(t, late.IngestionTime, rows[0].IngestionTime)
	assert.Equal(t, late.Visible, rows[0].Visible)
	assert.Equal(t, fmt.Sprintf("d1|%d|7|ProcessCreated", value.Ticks(rows[0].Timestamp)), rows[0].Key)
	assert.Equal(t, RowKey("d1", noon.Add(-48*time.Hour), 7, "ProcessCreated"), rows[0].Key)
	rows, err = h.Truth("DeviceProcessEvents", noon.Add(-72*time.Hour), noon.Add(-2*time.Minute))
	require.NoError(t, err)
	assert.Len(t, rows, 1)
	_, err = h.Truth("Odd", noon, noon)
	assert.Error(t, err)
}

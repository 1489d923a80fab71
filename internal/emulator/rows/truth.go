package rows

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

// TrueRow is a row as it truly is, whatever a client may see of it and however it is written.
type TrueRow struct {
	Key           string         // that of RowKey, or a hash of the whole row where a table lacks its columns
	Row           map[string]any // string, bool, int64, time.Time, or for dynamic any; nulls are left out
	Timestamp     time.Time      // zero: null
	IngestionTime time.Time
	Visible       time.Time // from when on queries see it
}

// Truth returns every row of table, generated and planted, with an ingestion time from `from` to
// `to`, both included. Tables that the tenant's plan lacks
// and rows older than the service keeps are included.
func (db *Database) Truth(table string, from, to time.Time) ([]TrueRow, error) {
	sources, err := db.lookup(table)
	if err != nil {
		return nil, err
	}
	bounds := engine.Bounds{
		AsOf:          math.MaxInt64,
		Timestamp:     engine.Range{From: math.MinInt64, To: math.MaxInt64},
		IngestionTime: engine.Range{From: value.Ticks(from), To: value.Ticks(to)},
	}
	key := NewIdentity(sources.columns)
	values := make([]value.Value, len(sources.columns))
	var rows []TrueRow
	for _, part := range sources.parts {
		err := part.Scan(context.Background(), bounds, func(r engine.Row) bool {
			ingestion := r.IngestionTime().Ticks()
			if !bounds.IngestionTime.Contains(ingestion) {
				return true
			}
			row := TrueRow{Row: map[string]any{}, IngestionTime: value.Time(ingestion), Visible: value.Time(ingestion)}
			for i, c := range sources.columns {
				values[i] = r.Value(i)
				if v, ok := goValue(values[i]); ok {
					row.Row[c.Name] = v
				}
			}
			row.Timestamp, _ = row.Row[sources.columns[sources.planted.timestamp].Name].(time.Time)
			if v, ok := r.(tenant.Visible); ok {
				row.Visible = value.Time(v.Visible())
			}
			row.Key = key.name(values)
			rows = append(rows, row)
			return true
		})
		if err != nil {
			return nil, fmt.Errorf("read the truth of %s: %w", table, err)
		}
	}
	return rows, nil
}

// goValue is v in Go's own type; false if it is null.
func goValue(v value.Value) (any, bool) {
	if v.IsNull() {
		return nil, false
	}
	switch v.Type() {
	case value.Bool:
		return v.Bool(), true
	case value.Int, value.Long, value.TimeSpan:
		return v.Int(), true
	case value.Real:
		return v.Real(), true
	case value.DateTime:
		return value.Time(v.Ticks()), true
	case value.Dynamic:
		return v.Object(), true
	default:
		return v.Text(), true
	}
}

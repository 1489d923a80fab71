package rows

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// plantedRow is one row of a plantedTable; its cells are packed because a test plants millions.
type plantedRow struct {
	timestamp, ingestion, visible int64 // ticks; timestamp may be noTime
	cells                         string
}

// plantedTable holds rows that were put in by hand, sorted by ingestion time. It is an engine.Table.
type plantedTable struct {
	schema    *tables.Schema
	columns   []engine.Column
	index     map[string]int // of columns, by name
	timestamp int            // index of the Timestamp column

	mu   sync.RWMutex // guards rows
	rows []plantedRow
}

func newPlantedTable(schema *tables.Schema, columns []engine.Column) *plantedTable {
	t := &plantedTable{schema: schema, columns: columns, index: map[string]int{}, timestamp: slices.IndexFunc(columns, isTimestamp)}
	for i, c := range columns {
		t.index[c.Name] = i
	}
	return t
}

// pack makes row one of t's. Errors name the column.
func (t *plantedTable) pack(row Planted, now time.Time) (plantedRow, error) {
	packed := plantedRow{timestamp: noTime}
	if given := row.Row[tables.TimestampColumn]; given != nil {
		var err error
		if packed.timestamp, err = datetime(given); err != nil {
			return plantedRow{}, fmt.Errorf("column %s: %w", tables.TimestampColumn, err)
		}
	}
	if row.IngestionTime.IsZero() {
		row.IngestionTime = now
	}
	if row.Visible.IsZero() {
		row.Visible = row.IngestionTime
	}
	packed.ingestion, packed.visible = value.Ticks(row.IngestionTime), value.Ticks(row.Visible)
	var err error
	packed.cells, err = t.packCells(row.Row)
	return packed, err
}

// packCells writes a row's values as (column, length, bytes), without nulls and empty strings. The
// Timestamp is kept beside the cells, so it is left out too. Errors name the column.
func (t *plantedTable) packCells(row map[string]any) (string, error) {
	var packed []byte
	for name, given := range row {
		i, ok := t.index[name]
		if !ok {
			return "", fmt.Errorf("no column %q", name)
		}
		if given == nil || given == "" || i == t.timestamp {
			continue
		}
		cell, err := packCell(t.schema.Columns[i].Type, given)
		if err != nil {
			return "", fmt.Errorf("column %s: %w", name, err)
		}
		if len(cell) == 0 {
			continue
		}
		packed = append(packed, byte(i))
		packed = binary.AppendUvarint(packed, uint64(len(cell)))
		packed = append(packed, cell...)
	}
	return string(packed), nil
}

// add puts rows in. A scan that is under way goes on with the rows it began with.
func (t *plantedTable) add(rows []plantedRow) {
	slices.SortStableFunc(rows, byIngestion)
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.rows); n == 0 || len(rows) == 0 || t.rows[n-1].ingestion <= rows[0].ingestion {
		t.rows = append(t.rows, rows...)
		return
	}
	merged := make([]plantedRow, 0, len(t.rows)+len(rows))
	for _, old := range t.rows {
		for len(rows) > 0 && rows[0].ingestion < old.ingestion {
			merged, rows = append(merged, rows[0]), rows[1:]
		}
		merged = append(merged, old)
	}
	merged = append(merged, rows...)
	t.rows = merged
}

func byIngestion(a, b plantedRow) int { return cmp.Compare(a.ingestion, b.ingestion) }

// Columns implements engine.Table.
func (t *plantedTable) Columns() []engine.Column { return t.columns }

// Scan implements engine.Table.
func (t *plantedTable) Scan(ctx context.Context, b engine.Bounds, yield func(engine.Row) bool) error {
	t.mu.RLock()
	rows := t.rows
	t.mu.RUnlock()
	ingestion, timestamp := b.IngestionTime.Open(), b.Timestamp.Open()
	from := sort.Search(len(rows), func(i int) bool { return rows[i].ingestion >= ingestion.From })
	cursor := &plantedCursor{table: t}
	for i := from; i < len(rows) && rows[i].ingestion <= ingestion.To; i++ {
		if (i-from)%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		row := &rows[i]
		if row.visible > b.AsOf || !timestamp.Contains(row.timestamp) {
			continue
		}
		cursor.row, cursor.decoded = row, false
		if !yield(cursor) {
			return nil
		}
	}
	return nil
}

// plantedCursor is the engine.Row of a scan; the cells of a row are unpacked when the first is asked for.
type plantedCursor struct {
	table   *plantedTable
	row     *plantedRow
	values  []value.Value
	decoded bool
}

// Value implements engine.Row.
func (c *plantedCursor) Value(column int) value.Value {
	if column == c.table.timestamp {
		if c.row.timestamp == noTime {
			return value.Null(value.DateTime)
		}
		return value.NewDateTime(c.row.timestamp)
	}
	if !c.decoded {
		if c.values == nil {
			c.values = make([]value.Value, len(c.table.columns))
		}
		unpackCells(c.values, c.table.columns, c.row.cells)
		c.decoded = true
	}
	return c.values[column]
}

// IngestionTime implements engine.Row.
func (c *plantedCursor) IngestionTime() value.Value { return value.NewDateTime(c.row.ingestion) }

// Visible is the tick from which on queries see the row.
func (c *plantedCursor) Visible() int64 { return c.row.visible }

// Clone implements engine.Row.
func (c *plantedCursor) Clone() engine.Row { return &plantedCursor{table: c.table, row: c.row} }

// Planted is a row put in by hand. The values of Row may be of the column's own Go type, of another
// that says the same (a time as RFC 3339 text, a number as json.Number), or nil.
type Planted struct {
	Row           map[string]any
	IngestionTime time.Time // zero: the emulator's present
	Visible       time.Time // zero: IngestionTime
}

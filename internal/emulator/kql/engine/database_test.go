package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// now is now() in every test.
var now = time.Date(2026, 11, 21, 10, 5, 0, 0, time.UTC)

// memoryDatabase is a database of rows in memory.
type memoryDatabase map[string]*memoryTable

func (d memoryDatabase) Table(name string) (Table, bool) {
	t, ok := d[name]
	return t, ok
}

type memoryTable struct {
	columns []Column
	rows    [][]value.Value
	ingest  func(row int) value.Value
	bounds  []Bounds    // of the scans there were
	reads   map[int]int // how often each column was computed
}

func (t *memoryTable) Columns() []Column { return t.columns }

func (t *memoryTable) Scan(_ context.Context, b Bounds, yield func(Row) bool) error {
	t.bounds = append(t.bounds, b)
	for i := range t.rows {
		at := t.IngestionTime(i)
		if !at.IsNull() && !b.IngestionTime.Contains(at.Ticks()) {
			continue
		}
		if !yield(memoryRow{t, i}) {
			break
		}
	}
	return nil
}

func (t *memoryTable) IngestionTime(row int) value.Value {
	if t.ingest == nil {
		return value.Null(value.DateTime)
	}
	return t.ingest(row)
}

type memoryRow struct {
	t   *memoryTable
	row int
}

func (r memoryRow) Value(column int) value.Value {
	if r.t.reads != nil {
		r.t.reads[column]++
	}
	return r.t.rows[r.row][column]
}
func (r memoryRow) IngestionTime() value.Value { return r.t.IngestionTime(r.row) }
func (r memoryRow) Clone() Row                 { return r }

// newTable reads a schema written as "A:long B:string".
func newTable(schema string, rows ...[]value.Value) *memoryTable {
	t := &memoryTable{rows: rows}
	for field := range strings.FieldsSeq(schema) {
		name, typ, _ := strings.Cut(field, ":")
		t.columns = append(t.columns, Column{Name: name, Type: typeNamed(typ)})
	}
	return t
}

// run gives the rows of a query as text, a line each.
func run(tb testing.TB, db Database, query string, seed uint64) []string {
	tb.Helper()
	q, err := Compile(db, query, Options{Now: now, Seed: seed})
	require.NoError(tb, err, query)
	var lines []string
	_, err = q.Run(tb.Context(), func(row []value.Value) bool {
		cells := make([]string, len(row))
		for i, v := range row {
			require.Equal(tb, q.Columns()[i].Type, v.Type(), "%s: type of %s", query, q.Columns()[i].Name)
			if cells[i] = v.Format(); v.IsNull() {
				cells[i] = "null"
			}
		}
		lines = append(lines, strings.Join(cells, " "))
		return true
	})
	require.NoError(tb, err, query)
	return lines
}

func columnsOf(tb testing.TB, db Database, query string) string {
	tb.Helper()
	q, err := Compile(db, query, Options{Now: now})
	require.NoError(tb, err, query)
	var names []string
	for _, c := range q.Columns() {
		names = append(names, fmt.Sprintf("%s:%s", c.Name, c.Type))
	}
	return strings.Join(names, " ")
}

// typeNamed is the type of this name in KQL.
func typeNamed(name string) value.Type {
	typ := value.Bool
	for typ.String() != name {
		typ++
	}
	return typ
}

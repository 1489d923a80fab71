package engine

import (
	"context"
	"math"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// Database is what a query can name.
type Database interface {
	Table(name string) (Table, bool)
}

// Table is a table that a query reads.
type Table interface {
	Columns() []Column
	// Scan calls yield for the rows that are visible at b.AsOf and may lie within b's ranges, and
	// stops when yield returns false. The ranges are hints that save work: a row outside them may
	// be yielded, a visible row inside them must be. The order means nothing.
	Scan(ctx context.Context, b Bounds, yield func(Row) bool) error
}

// Row is one row. Columns are computed only when asked for, and a Row is valid only until yield
// returns, unless Clone is called.
type Row interface {
	Value(column int) value.Value
	// IngestionTime is what ingestion_time() gives for the row: a datetime, or null.
	IngestionTime() value.Value
	Clone() Row
}

// Column is a column of a table or of a result.
type Column struct {
	Name string
	Type value.Type
}

// Bounds narrows a scan. Times are ticks of 100 ns since 0001-01-01 UTC, both ends included.
type Bounds struct {
	AsOf          int64
	Timestamp     Range
	IngestionTime Range
}

// Range is a closed range of ticks.
type Range struct{ From, To int64 }

// Contains reports whether ticks lies in r.
func (r Range) Contains(ticks int64) bool { return r.From <= ticks && ticks <= r.To }

// Open is r, and of the zero Range all times: a Table may take it so, since more rows than asked for are allowed.
func (r Range) Open() Range {
	if r == (Range{}) {
		return everything
	}
	return r
}

var everything = Range{From: math.MinInt64, To: math.MaxInt64}

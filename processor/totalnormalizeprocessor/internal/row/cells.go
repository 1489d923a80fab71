package row

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Place is where a layout has a column.
type Place int

// Nowhere is the place of a column that a table does not have. Nothing ever stands there.
const Nowhere Place = 0

// Layout gives each column that is read of a table a place.
type Layout struct{ places map[string]Place }

// NewLayout returns a layout without columns.
func NewLayout() *Layout { return &Layout{places: map[string]Place{}} }

// Place is that of a column, which has one from then on. Readers know the columns that had one when they were made.
func (l *Layout) Place(column string) Place {
	if column == "" {
		return Nowhere
	}
	place, ok := l.places[column]
	if !ok {
		place = Place(len(l.places) + 1)
		l.places[column] = place
	}
	return place
}

// Cells are the values of a row by their places. An empty value stands where the row has none.
type Cells []pcommon.Value

// Text is the scalar at a place as text.
func (c Cells) Text(p Place) string { return Text(c[p]) }

// Reader reads rows of one table in one pass each. Rows of one answer have their columns in one order, so it expects each
// column where the row before had it, and hardly ever searches: that takes 0.1 µs a row, where asking a map with 30
// columns for each of 25 takes 1.5 µs.
type Reader struct {
	layout   *Layout
	expected []expected // in the order in which rows have shown them
	cells    Cells
	blank    Cells
	fields   fields // of the last Row
}

type expected struct {
	column string
	place  Place
}

// NewReader returns a reader of rows of the layout's table.
func (l *Layout) NewReader() *Reader {
	blank := slices.Repeat(Cells{pcommon.NewValueEmpty()}, len(l.places)+1)
	return &Reader{layout: l, blank: blank, cells: slices.Clone(blank)}
}

// Read returns the cells of a row. They are good until the next one is read. Of a column that stands twice the first
// counts.
func (r *Reader) Read(columns pcommon.Map) Cells {
	copy(r.cells, r.blank)
	next := 0
	for column, v := range columns.All() {
		var place Place
		place, next = r.placeOf(column, next)
		if place != Nowhere && r.cells[place] == r.blank[place] {
			r.cells[place] = v
		}
	}
	return r.cells
}

// Row is a row of the table. What it says of AdditionalFields and AlertUsers is good until the next one is asked for.
func (r *Reader) Row(table *tables.Table, columns pcommon.Map, at time.Time) Row {
	r.fields.parsed, r.fields.listed = false, false
	return Row{Table: table, Columns: columns, Time: at, fields: &r.fields}
}

// Forget lets go of all rows, and of their order of columns.
func (r *Reader) Forget() {
	copy(r.cells, r.blank)
	clear(r.expected)
	r.expected = r.expected[:0]
	r.fields.forget()
}

// placeOf finds the place of a column that is expected at next or a little later, and what is expected after it.
func (r *Reader) placeOf(column string, next int) (Place, int) {
	const ahead, most = 8, 512 // empty columns are left out of rows
	for i := next; i < min(next+ahead, len(r.expected)); i++ {
		if r.expected[i].column == column {
			return r.expected[i].place, i + 1
		}
	}
	place := r.layout.places[column]
	if len(r.expected) < most {
		r.expected = slices.Insert(r.expected, next, expected{column, place})
		next++
	}
	return place, next
}

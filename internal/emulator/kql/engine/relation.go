package engine

import (
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// relation is a bound pipeline: rows to come, and what is known of them.
type relation struct {
	frame   *frame
	columns []relationColumn
	// ordered: some operator gave the rows an order; serialized: window functions may rely on it.
	ordered, serialized bool
	// fromTable: ingestion_time() still means the row's own.
	fromTable bool
	// scan is what filters may still narrow; sort is what a take may still limit. Either may be nil.
	scan *scan
	sort *sorting

	produce func(x *execution, yield func(*record) bool)
}

type relationColumn struct {
	Column
	slot int
}

// newRelation begins a frame whose rows have these columns.
func newRelation(columns []Column, produce func(x *execution, f *frame, yield func(*record) bool)) *relation {
	f := newFrame(len(columns))
	r := &relation{frame: f}
	for i, c := range columns {
		r.columns = append(r.columns, relationColumn{Column: c, slot: i})
	}
	r.produce = func(x *execution, yield func(*record) bool) { produce(x, f, yield) }
	return r
}

func (r *relation) column(name string) (relationColumn, bool) {
	i := slices.IndexFunc(r.columns, func(c relationColumn) bool { return c.Name == name })
	if i < 0 {
		return relationColumn{}, false
	}
	return r.columns[i], true
}

func (r *relation) schema() []Column {
	columns := make([]Column, len(r.columns))
	for i, c := range r.columns {
		columns[i] = c.Column
	}
	return columns
}

// with gives e a slot, as a column without a name; an expression that only reads a slot has one already.
func (r *relation) with(e *expr) relationColumn {
	slot := e.slot
	if slot < 0 {
		slot = r.frame.compute(e)
	}
	return relationColumn{Column: Column{Type: e.typ}, slot: slot}
}

// columnsReplaced is r with other columns over the same slots.
func (r *relation) columnsReplaced(columns []relationColumn) *relation {
	next := *r
	next.columns = columns
	return &next
}

// after is r with another way to produce its records and everything else kept.
func (r *relation) after(produce func(x *execution, yield func(*record) bool)) *relation {
	next := *r
	next.columns = slices.Clone(r.columns)
	next.produce = produce
	return &next
}

// row copies the record's columns into dst. A column that nothing has read yet comes straight from
// the row: remembering it would only cost a copy.
func (r *relation) row(rec *record, dst []value.Value) {
	for i, c := range r.columns {
		if s := &rec.frame.slots[c.slot]; s.kind == sourceSlot && rec.known[c.slot] != rec.load {
			dst[i] = rec.source.Value(s.source)
			continue
		}
		dst[i] = rec.get(c.slot)
	}
}

// sorting is a sort; limit is how many of its rows are wanted.
type sorting struct {
	terms []sortTerm
	limit int
}

type sortTerm struct {
	key       *expr
	ascending bool // then nulls come first
}

func readSlot(c relationColumn) *expr {
	slot := c.slot
	return &expr{typ: c.Type, slot: slot, column: c.Name, eval: func(r *record) value.Value { return r.get(slot) }}
}

// isReadBy reports whether e is this column. Several columns may share a slot, so the name counts too.
func (c relationColumn) isReadBy(e *expr) bool { return e.slot == c.slot && e.column == c.Name }

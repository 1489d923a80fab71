package engine

import (
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// scan reads a table. Filters that follow it narrow its bounds.
type scan struct {
	table     Table
	bounds    Bounds
	timestamp int // the Timestamp column, or -1
	timespan  *Range
}

const timestampColumn = "Timestamp"

func newScan(t Table, asOf int64, timespan *Range) *scan {
	s := &scan{
		table:     t,
		bounds:    Bounds{AsOf: asOf, Timestamp: everything, IngestionTime: everything},
		timestamp: slices.Index(t.Columns(), Column{Name: timestampColumn, Type: value.DateTime}),
	}
	if s.timestamp >= 0 && timespan != nil {
		s.timespan = timespan
		s.bounds.Timestamp = *timespan
	}
	return s
}

func (s *scan) produce(x *execution, f *frame, yield func(*record) bool) {
	if err := x.ctx.Err(); err != nil {
		x.fail(err)
		return
	}
	if s.bounds.Timestamp.From > s.bounds.Timestamp.To || s.bounds.IngestionTime.From > s.bounds.IngestionTime.To {
		return
	}
	r := f.record(x)
	err := s.table.Scan(x.ctx, s.bounds, func(row Row) bool {
		x.stats.RowsScanned++
		if !x.step() {
			return false
		}
		r.begin(row)
		if s.timespan != nil {
			if at := r.get(s.timestamp); at.IsNull() || !s.timespan.Contains(at.Ticks()) {
				return x.err == nil
			}
		}
		return yield(r) && x.err == nil
	})
	if err != nil {
		x.fail(err)
	}
}

// narrow takes from a filter what it says of Timestamp and ingestion_time(). The filter still runs.
func (s *scan) narrow(f *frame, filter *expr) {
	switch filter.shape {
	case "and":
		for _, term := range filter.operands {
			s.narrow(f, term)
		}
	case "==", "<", "<=", ">", ">=":
		left, right := f.definition(filter.operands[0]), f.definition(filter.operands[1])
		operator := filter.shape
		if left.constant {
			left, right = right, left
			operator = mirrored[operator]
		}
		bounded := s.bounded(left)
		if bounded == nil || !right.constant || right.typ != value.DateTime || right.value.IsNull() {
			return
		}
		tighten(bounded, operator, right.value.Ticks())
	}
}

var mirrored = map[string]string{"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// bounded is the range that e's value lies in, nil if e is neither time.
func (s *scan) bounded(e *expr) *Range {
	switch {
	case e.shape == "ingestion_time":
		return &s.bounds.IngestionTime
	case e.slot >= 0 && e.slot == s.timestamp:
		return &s.bounds.Timestamp
	}
	return nil
}

func tighten(r *Range, operator string, ticks int64) {
	switch operator {
	case ">":
		r.From = max(r.From, ticks+1)
	case ">=":
		r.From = max(r.From, ticks)
	case "<":
		r.To = min(r.To, ticks-1)
	case "<=":
		r.To = min(r.To, ticks)
	case "==":
		r.From, r.To = max(r.From, ticks), min(r.To, ticks)
	}
}

// definition follows a column to the expression that an extend or project gave it.
func (f *frame) definition(e *expr) *expr {
	for e.slot >= 0 && f.slots[e.slot].kind == computedSlot {
		e = f.slots[e.slot].expression
	}
	return e
}

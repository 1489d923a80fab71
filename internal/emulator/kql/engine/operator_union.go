package engine

import (
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// unionInput is one input of a union, and where each result column comes from in it: -1, nowhere.
type unionInput struct {
	rel  *relation
	from []int
}

// union binds union, at the beginning of a query or, with in, after a pipe.
func (b *binder) union(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	var inputs []*unionInput
	if in != nil {
		inputs = append(inputs, &unionInput{rel: in})
	}
	for _, t := range o.Tables {
		rel, err := b.tabular(t, s, o.Name)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, &unionInput{rel: rel})
	}
	columns := unionColumns(inputs)
	return newRelation(columns, func(x *execution, f *frame, yield func(*record) bool) {
		out := f.record(x)
		for _, input := range inputs {
			if !input.produce(x, out, columns, yield) {
				return
			}
		}
	}), nil
}

// unionColumns are the result's columns. A column that has several types becomes one for each, under
// the names X_type.
func unionColumns(inputs []*unionInput) []Column {
	var columns []Column
	kinds := map[string]int{}
	for _, input := range inputs {
		for _, c := range input.rel.columns {
			if !slices.Contains(columns, c.Column) {
				columns = append(columns, c.Column)
				kinds[c.Name]++
			}
		}
	}
	for _, input := range inputs {
		for _, c := range columns {
			input.from = append(input.from, slices.IndexFunc(input.rel.columns, func(have relationColumn) bool { return have.Column == c }))
		}
	}
	for i, c := range columns {
		if kinds[c.Name] > 1 {
			columns[i].Name = c.Name + "_" + c.Type.String()
		}
	}
	return columns
}

func (u *unionInput) produce(x *execution, out *record, columns []Column, yield func(*record) bool) bool {
	more := true
	reader := u.rel.frame.record(x)
	u.rel.produce(x, func(r *record) bool {
		out.begin(unionRow{u: u, current: r, reader: reader, columns: columns})
		more = yield(out) && x.err == nil
		return more
	})
	return more && x.err == nil
}

// unionRow reads its input's record while that is current; a clone holds the row instead.
type unionRow struct {
	u       *unionInput
	current *record
	held    *heldRow
	reader  *record
	columns []Column
}

func (u unionRow) Value(column int) value.Value {
	i := u.u.from[column]
	switch {
	case i < 0:
		return value.Null(u.columns[column].Type)
	case u.held != nil:
		return u.held.column(u.reader, u.u.rel.columns[i])
	}
	return u.current.get(u.u.rel.columns[i].slot)
}

func (u unionRow) IngestionTime() value.Value { return value.Null(value.DateTime) }

func (u unionRow) Clone() Row {
	if u.held == nil {
		u.held = &heldRow{row: u.current.keep()}
		u.current = nil
	}
	return u
}

package kql

import "slices"

// unionInput is one input of a union, and where each result column comes from in it: -1, nowhere.
type unionInput struct {
	rel  *relation
	name string
	from []int
}

// union binds union, at the beginning of a query or, with in, after a pipe.
func (b *binder) union(o *operator, in *relation, s *scope) (*relation, error) {
	kind, fuzzy, source := "outer", false, ""
	for option, value := range o.options {
		switch {
		case option == "kind" && (value.text == "inner" || value.text == "outer"):
			kind = value.text
		case option == "withsource":
			source = value.text
		case option == "isfuzzy" && (value.text == "true" || value.text == "false"):
			fuzzy = value.text == "true"
		case option == "hint.concurrency", option == "hint.spread":
		default:
			return nil, semanticError(o.start, o.name, "The option '%s=%s' is not known.", option, value.text)
		}
	}
	var inputs []*unionInput
	if in != nil {
		inputs = append(inputs, &unionInput{rel: in, name: "union_arg0"})
	}
	for _, t := range o.tables {
		if fuzzy && t.kind == nameNode && !b.isTabular(t, s) {
			continue
		}
		rel, err := b.tabular(t, s, o.name)
		if err != nil {
			return nil, err
		}
		name := t.text
		if t.kind != nameNode {
			name = "union_arg" + text(NewLong(int64(len(inputs))))
		}
		inputs = append(inputs, &unionInput{rel: rel, name: name})
	}
	if len(inputs) == 0 {
		return nil, semanticError(o.start, o.name, "None of the tables could be resolved.")
	}
	columns := unionColumns(inputs, kind == "inner")
	if source != "" {
		list := &columnList{operator: o.name}
		for _, c := range columns {
			list.columns = append(list.columns, relationColumn{Column: c})
		}
		columns = slices.Insert(columns, 0, Column{Name: list.unique(source), Type: String})
		for _, input := range inputs {
			input.from = slices.Insert(input.from, 0, -1)
		}
	}
	return newRelation(columns, func(x *execution, f *frame, yield func(*record) bool) {
		out := f.record(x)
		for _, input := range inputs {
			if !input.produce(x, out, columns, source != "", yield) {
				return
			}
		}
	}), nil
}

// unionColumns are the result's columns. A column that has several types becomes one for each, under
// the names X_type.
func unionColumns(inputs []*unionInput, inner bool) []Column {
	var columns []Column
	kinds := map[string][]Type{}
	holders := map[Column]int{}
	for _, input := range inputs {
		for _, c := range input.rel.columns {
			holders[c.Column]++
			if !slices.Contains(columns, c.Column) {
				columns = append(columns, c.Column)
				kinds[c.Name] = append(kinds[c.Name], c.Type)
			}
		}
	}
	if inner {
		columns = slices.DeleteFunc(columns, func(c Column) bool { return holders[c] < len(inputs) })
	}
	for _, input := range inputs {
		for _, c := range columns {
			input.from = append(input.from, slices.IndexFunc(input.rel.columns, func(have relationColumn) bool { return have.Column == c }))
		}
	}
	for i, c := range columns {
		if len(kinds[c.Name]) > 1 {
			columns[i].Name = c.Name + "_" + c.Type.String()
		}
	}
	return columns
}

func (u *unionInput) produce(x *execution, out *record, columns []Column, withSource bool, yield func(*record) bool) bool {
	more := true
	reader := u.rel.frame.record(x)
	u.rel.produce(x, func(r *record) bool {
		out.begin(unionRow{u: u, current: r, reader: reader, columns: columns, withSource: withSource})
		more = yield(out) && x.err == nil
		return more
	})
	return more && x.err == nil
}

// unionRow reads its input's record while that is current; a clone holds the row instead.
type unionRow struct {
	u          *unionInput
	current    *record
	held       *heldRow
	reader     *record
	columns    []Column
	withSource bool
}

func (u unionRow) Value(column int) Value {
	i := u.u.from[column]
	switch {
	case u.withSource && column == 0:
		return NewString(u.u.name)
	case i < 0:
		return Null(u.columns[column].Type)
	case u.held != nil:
		return sideValue(u.held, u.reader, u.u.rel.columns[i])
	}
	return u.current.get(u.u.rel.columns[i].slot)
}

func (u unionRow) IngestionTime() Value { return Null(DateTime) }

func (u unionRow) Clone() Row {
	if u.held == nil {
		u.held = &heldRow{row: u.current.keep(), found: true}
		u.current = nil
	}
	return u
}

package kql

import "strconv"

// print gives one row of constants.
func (b *binder) print(o *operator, s *scope) (*relation, error) {
	c := &exprBinder{b: b, scope: s, operator: o.name}
	list := &columnList{operator: o.name}
	rel := newRelation(nil, func(x *execution, f *frame, yield func(*record) bool) {
		r := f.record(x)
		r.begin(tuple{})
		yield(r)
	})
	for i, n := range o.columns {
		named, body := assigned(n)
		e, err := c.bind(body)
		if err != nil {
			return nil, err
		}
		name := resultName(body)
		if name == "" {
			name = "print_" + strconv.Itoa(i)
		}
		if err = list.addNamed(n, named, name, rel.with(e)); err != nil {
			return nil, err
		}
	}
	return rel.columnsReplaced(list.columns), nil
}

func (b *binder) datatable(o *operator, s *scope) (*relation, error) {
	c := &exprBinder{b: b, scope: s, operator: o.name}
	width := len(o.schema)
	if width == 0 || len(o.columns)%width != 0 {
		return nil, semanticError(o.start, o.name, "The number of values is not a multiple of the number of columns.")
	}
	list := &columnList{operator: o.name}
	for _, column := range o.schema {
		if err := list.addDeclared(&node{start: o.start}, column.Name, relationColumn{Column: column}); err != nil {
			return nil, err
		}
	}
	rows := make([]tuple, len(o.columns)/width)
	for i, n := range o.columns {
		e, err := c.bind(n)
		if err != nil {
			return nil, err
		}
		typ := o.schema[i%width].Type
		v := convert(e.value, typ)
		if !e.constant || v.null && !e.value.null {
			return nil, c.fail(n, "A constant of type %s was expected.", typ)
		}
		rows[i/width] = append(rows[i/width], v)
	}
	return newRelation(o.schema, func(x *execution, f *frame, yield func(*record) bool) {
		r := f.record(x)
		for _, row := range rows {
			r.begin(row)
			if !yield(r) || x.err != nil {
				return
			}
		}
	}), nil
}

// maxRangeRows bounds range, as the service does.
const maxRangeRows = 1_000_000

func (b *binder) rangeValues(o *operator, s *scope) (*relation, error) {
	c := &exprBinder{b: b, scope: s, operator: o.name}
	var bound [3]*expr
	for i, n := range o.columns {
		e, err := c.bind(n)
		if err != nil {
			return nil, err
		}
		if !e.constant || !orderable.has(e.typ) || e.value.null {
			return nil, c.fail(n, "A constant number, datetime or timespan was expected.")
		}
		bound[i] = e
	}
	from, to, step := bound[0], bound[1], bound[2]
	typ := arithmeticType("+", from.typ, step.typ)
	if typ == Unknown || !comparison("<=", typ, to.typ) {
		return nil, semanticError(o.start, o.name, "The types %s, %s and %s do not go together.", from.typ, to.typ, step.typ)
	}
	direction := compareValues(step.value, convert(NewLong(0), step.typ))
	if direction == 0 {
		return nil, semanticError(o.start, o.name, "The step must not be zero.")
	}
	add := arithmetic("+", typ)
	columns := []Column{{Name: o.schema[0].Name, Type: typ}}
	rel := newRelation(columns, func(x *execution, f *frame, yield func(*record) bool) {
		r := f.record(x)
		v := convert(from.value, typ)
		for range maxRangeRows {
			if v.null || compareValues(v, to.value)*direction > 0 || !x.step() {
				return
			}
			r.begin(tuple{v})
			if !yield(r) {
				return
			}
			next := add(v, step.value)
			if next.null || compareValues(next, v)*direction <= 0 { // overflow
				return
			}
			v = next
		}
	})
	rel.ordered, rel.serialized = true, true
	return rel, nil
}

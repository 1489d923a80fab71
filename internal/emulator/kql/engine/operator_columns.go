package engine

import (
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// over begins binding an operator's expressions over its input.
func (b *binder) over(o *syntax.Operator, in *relation, s *scope) *exprBinder {
	return &exprBinder{b: b, scope: s, operator: o.Name, rel: in, window: &window{rel: in}}
}

func (b *binder) where(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	filter, err := c.bind(o.Columns[0])
	if err != nil {
		return nil, err
	}
	if filter.typ != value.Bool {
		return nil, c.fail(o.Columns[0], "The expression must have the type bool, not %s.", filter.typ)
	}
	in = c.window.apply(in)
	if in.scan != nil {
		in.scan.narrow(in.frame, filter)
	}
	out := in.after(func(x *execution, yield func(*record) bool) {
		in.produce(x, func(r *record) bool {
			if v := filter.eval(r); v.IsNull() || !v.Bool() {
				return x.err == nil
			}
			return yield(r)
		})
	})
	out.sort = nil // a take after it counts only the rows that pass
	return out, nil
}

func (b *binder) extend(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	list := &columnList{operator: o.Name, columns: append([]relationColumn(nil), in.columns...)}
	declared := map[string]bool{}
	for _, n := range o.Columns {
		named, body := assigned(n)
		e, err := c.bind(body)
		if err != nil {
			return nil, err
		}
		column := in.with(e)
		if named == "" {
			list.put(list.orNumbered(resultName(body)), column)
			continue
		}
		if declared[named] {
			return nil, c.fail(n, "A column with the name '%s' is already declared.", named)
		}
		declared[named] = true
		list.put(named, column)
	}
	return c.window.apply(in).columnsReplaced(list.columns), nil
}

func (b *binder) project(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	list := &columnList{operator: o.Name}
	for _, n := range o.Columns {
		named, body := assigned(n)
		e, err := c.bind(body)
		if err != nil {
			return nil, err
		}
		if err = list.addNamed(n, named, resultName(body), in.with(e)); err != nil {
			return nil, err
		}
	}
	return c.window.apply(in).columnsReplaced(list.columns), nil
}

// print gives one row of constants.
func (b *binder) print(o *syntax.Operator, s *scope) (*relation, error) {
	c := &exprBinder{b: b, scope: s, operator: o.Name}
	list := &columnList{operator: o.Name}
	rel := newRelation(nil, func(x *execution, f *frame, yield func(*record) bool) {
		r := f.record(x)
		r.begin(noColumns{})
		yield(r)
	})
	for i, n := range o.Columns {
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

// noColumns is the row that print computes its columns over.
type noColumns struct{}

func (noColumns) Value(int) value.Value      { return value.Value{} }
func (noColumns) IngestionTime() value.Value { return value.Null(value.DateTime) }
func (noColumns) Clone() Row                 { return noColumns{} }

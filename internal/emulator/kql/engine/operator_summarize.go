package engine

import (
	"slices"
	"strconv"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func (b *binder) summarize(o *syntax.Operator, in *relation, s *scope) (*relation, error) {
	inner := &exprBinder{b: b, scope: s, operator: o.Name, rel: in}
	a := &aggregation{in: in, inner: inner, out: &relation{frame: &frame{}}}
	a.out.produce = a.produce
	list := &columnList{operator: o.Name}
	for _, n := range o.By {
		if err := a.bindKey(list, n); err != nil {
			return nil, err
		}
	}
	for _, n := range o.Columns {
		if err := a.bindColumn(list, n); err != nil {
			return nil, err
		}
	}
	a.out.columns = list.columns
	return a.out, nil
}

func (a *aggregation) bindKey(list *columnList, n *syntax.Node) error {
	named, body := assigned(n)
	key, err := a.inner.bind(body)
	if err != nil {
		return err
	}
	if key.typ == value.Dynamic {
		return a.inner.fail(n, "Summarize group key '%s' is of a 'dynamic' type. Please use an explicit cast (for example, 'summarize ... by tostring(%[1]s)').", keyName(named, body))
	}
	a.keys = append(a.keys, key)
	column := a.addColumn(Column{Type: key.typ}, groupColumn{key: len(a.keys) - 1})
	return list.addNamed(n, named, resultName(body), column)
}

func keyName(named string, body *syntax.Node) string {
	if named != "" {
		return named
	}
	return resultName(body)
}

// bindColumn binds one result of summarize: arg_max, which gives several columns, or an expression
// over functions that give one.
func (a *aggregation) bindColumn(list *columnList, n *syntax.Node) error {
	named, body := assigned(n)
	if body.Kind == syntax.Call && body.Text == argMax && named == "" {
		return a.bindArgMax(list, body)
	}
	before := len(a.bound)
	outer := &exprBinder{b: a.inner.b, scope: a.inner.scope, operator: a.inner.operator, aggregates: a}
	e, err := outer.bind(body)
	if err != nil {
		return err
	}
	if len(a.bound) == before {
		return a.inner.fail(body, "The expression is not an aggregate function.")
	}
	return list.addNamed(n, named, resultName(body), a.out.with(e))
}

// bindArgMax binds arg_max(by, columns...), where * stands for all columns but the keys and those named before it.
func (a *aggregation) bindArgMax(list *columnList, call *syntax.Node) error {
	if len(call.Args) < 1 {
		return a.inner.arity(call, 1, anyNumber)
	}
	accumulated := &argMaxAccumulator{}
	index := a.addAggregate(boundAggregate{new: func() accumulator { return &argMaxAccumulator{columns: accumulated.columns} }})
	add := func(name string, e *expr) {
		accumulated.columns = append(accumulated.columns, e)
		from := groupColumn{key: -1, aggregate: index, part: len(accumulated.columns) - 1}
		list.addUnique(name, a.addColumn(Column{Type: e.typ}, from))
	}
	for i, arg := range call.Args {
		if arg.Kind == syntax.Star && i > 0 {
			for _, c := range a.otherColumns(accumulated.columns) {
				add(c.Name, readSlot(c))
			}
			continue
		}
		named, body := assigned(arg)
		e, err := a.inner.bind(body)
		if err != nil {
			return err
		}
		if i == 0 && e.typ == value.Dynamic {
			return a.inner.fail(call, "The function '%s' does not take a value of type %s as argument 1.", call.Text, e.typ)
		}
		add(argMaxName(call, named, i), e)
	}
	return nil
}

// argMaxName is the name of the column of an argument.
func argMaxName(call *syntax.Node, named string, argument int) string {
	if named != "" {
		return named
	}
	_, body := assigned(call.Args[argument])
	switch name := resultName(body); {
	case name != "":
		return name
	case argument == 0:
		return aggregates[argMax].prefix
	}
	_, by := assigned(call.Args[0])
	return aggregates[argMax].prefix + resultName(by) + "_arg" + strconv.Itoa(argument)
}

// otherColumns are the input's columns that * means.
func (a *aggregation) otherColumns(named []*expr) []relationColumn {
	return slices.DeleteFunc(slices.Clone(a.in.columns), func(c relationColumn) bool {
		return slices.ContainsFunc(a.keys, c.isReadBy) || slices.ContainsFunc(named, c.isReadBy)
	})
}

package engine

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// accumulator gathers one aggregate of one group.
type accumulator interface {
	add(r *record)
	// value is the result; r is a free record of the input's frame for those that held rows.
	value(r *record, part int) value.Value
}

// aggregate is an aggregate function.
type aggregate struct {
	arguments int
	prefix    string // of the column's default name
	bind      func(c *exprBinder, n *syntax.Node, args []*expr) (boundAggregate, error)
}

type boundAggregate struct {
	typ value.Type
	new func() accumulator
}

// argMax gives several columns, so it stands only at the top of a summarize (see bindColumn).
const argMax = "arg_max"

// aggregates holds every aggregate function.
var aggregates = map[string]aggregate{
	"count":    {prefix: "count_", bind: bindCount},
	"countif":  {arguments: 1, prefix: "countif_", bind: bindCountIf},
	"min":      {arguments: 1, prefix: "min_", bind: bindMin},
	"make_set": {arguments: 1, prefix: "set_", bind: bindMakeSet},
	argMax:     {prefix: "max_"},
}

// aggregateName is the default name of an aggregate's column: count_, min_X, set_X.
func aggregateName(n *syntax.Node) string {
	argument := ""
	if len(n.Args) > 0 {
		argument = resultName(n.Args[0])
	}
	return aggregates[n.Text].prefix + argument
}

// countAccumulator counts the rows for which condition is true, or all.
type countAccumulator struct {
	condition *expr
	n         int64
}

func (a *countAccumulator) add(r *record) {
	if a.condition != nil {
		if v := a.condition.eval(r); v.IsNull() || !v.Bool() {
			return
		}
	}
	a.n++
}

func (a *countAccumulator) value(*record, int) value.Value { return value.NewLong(a.n) }

func bindCount(*exprBinder, *syntax.Node, []*expr) (boundAggregate, error) {
	return boundAggregate{typ: value.Long, new: func() accumulator { return &countAccumulator{} }}, nil
}

func bindCountIf(c *exprBinder, n *syntax.Node, args []*expr) (boundAggregate, error) {
	condition := args[0]
	if condition.typ != value.Bool {
		return boundAggregate{}, c.fail(n, "The function '%s' expects a condition of type bool, not %s.", n.Text, condition.typ)
	}
	return boundAggregate{typ: value.Long, new: func() accumulator { return &countAccumulator{condition: condition} }}, nil
}

type minAccumulator struct {
	of    *expr
	least value.Value
}

func (a *minAccumulator) add(r *record) {
	v := a.of.eval(r)
	if !v.IsNull() && (a.least.IsNull() || value.Compare(v, a.least) < 0) {
		a.least = v
	}
}

func (a *minAccumulator) value(*record, int) value.Value { return a.least }

func bindMin(c *exprBinder, n *syntax.Node, args []*expr) (boundAggregate, error) {
	of := args[0]
	return boundAggregate{typ: of.typ, new: func() accumulator {
		return &minAccumulator{of: of, least: value.Null(of.typ)}
	}}, c.check(n, args, orderable)
}

type setAccumulator struct {
	of  *expr
	set value.Set
}

func (a *setAccumulator) add(r *record)                  { a.set.Add(a.of.eval(r)) }
func (a *setAccumulator) value(*record, int) value.Value { return a.set.Value() }

func bindMakeSet(_ *exprBinder, _ *syntax.Node, args []*expr) (boundAggregate, error) {
	return boundAggregate{typ: value.Dynamic, new: func() accumulator { return &setAccumulator{of: args[0]} }}, nil
}

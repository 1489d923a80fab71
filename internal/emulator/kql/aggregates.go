package kql

import "maps"

// aggregates holds every aggregate function. Those without bind give several columns and stand
// only at the top of a summarize (see bindColumn). Filled in init, since binding refers to it.
var aggregates map[string]aggregate

func init() {
	aggregates = map[string]aggregate{
		"count":      {min: 0, max: 0, prefix: "count_", bind: bindCount},
		"countif":    {min: 1, max: 1, prefix: "countif_", bind: bindCountIf},
		"dcount":     {min: 1, max: 2, prefix: "dcount_", bind: bindDistinct},
		"dcountif":   {min: 2, max: 3, prefix: "dcountif_", bind: conditional(bindDistinct)},
		"sum":        {min: 1, max: 1, prefix: "sum_", bind: bindSum},
		"sumif":      {min: 2, max: 2, prefix: "sumif_", bind: conditional(bindSum)},
		"avg":        {min: 1, max: 1, prefix: "avg_", bind: bindAverage},
		"avgif":      {min: 2, max: 2, prefix: "avgif_", bind: conditional(bindAverage)},
		"min":        {min: 1, max: 1, prefix: "min_", bind: bindExtremeOf(-1)},
		"max":        {min: 1, max: 1, prefix: "max_", bind: bindExtremeOf(1)},
		"minif":      {min: 2, max: 2, prefix: "minif_", bind: conditional(bindExtremeOf(-1))},
		"maxif":      {min: 2, max: 2, prefix: "maxif_", bind: conditional(bindExtremeOf(1))},
		"take_any":   {min: 1, max: 1, bind: bindAnyValue},
		"any":        {min: 1, max: 1, prefix: "any_", bind: bindAnyValue},
		"arg_max":    {prefix: "max_"},
		"arg_min":    {prefix: "min_"},
		"percentile": {min: 2, max: 2, prefix: "percentile_", bind: bindPercentile},
	}
	aggregates["percentiles"] = aggregate{prefix: "percentile_"}
	aggregates["count_distinct"] = aggregate{min: 1, max: 1, prefix: "count_distinct_", bind: bindDistinct}
	aggregates["take_anyif"] = aggregate{min: 2, max: 2, bind: conditional(bindAnyValue)}
	maps.Copy(aggregates, collectionAggregates())
}

// conditional makes f(x, condition) of f(x): rows for which the condition is not true do not count.
func conditional(bind func(*exprBinder, *node, []*expr) (boundAggregate, error)) func(*exprBinder, *node, []*expr) (boundAggregate, error) {
	return func(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
		condition := args[1]
		if condition.typ != Bool {
			return boundAggregate{}, c.fail(n, "The function '%s' expects a condition of type bool, not %s.", n.text, condition.typ)
		}
		rest := append([]*expr{args[0]}, args[2:]...)
		inner, err := bind(c, n, rest)
		return boundAggregate{typ: inner.typ, new: func() accumulator {
			return &conditionalAccumulator{condition: condition, accumulator: inner.new()}
		}}, err
	}
}

type conditionalAccumulator struct {
	accumulator
	condition *expr
}

func (a *conditionalAccumulator) add(r *record) {
	if v := a.condition.eval(r); !v.null && v.Bool() {
		a.accumulator.add(r)
	}
}

type countAccumulator struct{ n int64 }

func (a *countAccumulator) add(*record)              { a.n++ }
func (a *countAccumulator) value(*record, int) Value { return NewLong(a.n) }

func bindCount(*exprBinder, *node, []*expr) (boundAggregate, error) {
	return boundAggregate{typ: Long, new: func() accumulator { return &countAccumulator{} }}, nil
}

func bindCountIf(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
	return conditional(bindCount)(c, n, []*expr{nil, args[0]})
}

type distinctAccumulator struct {
	of      *expr
	seen    map[string]struct{}
	scratch []byte
}

func (a *distinctAccumulator) add(r *record) {
	v := a.of.eval(r)
	if v.null {
		return
	}
	a.scratch = appendKey(a.scratch[:0], v)
	if _, ok := a.seen[string(a.scratch)]; !ok {
		a.seen[string(a.scratch)] = struct{}{}
	}
}
func (a *distinctAccumulator) value(*record, int) Value { return NewLong(int64(len(a.seen))) }

// bindDistinct counts exactly, where the service estimates.
func bindDistinct(_ *exprBinder, _ *node, args []*expr) (boundAggregate, error) {
	of := args[0]
	return boundAggregate{typ: Long, new: func() accumulator { return &distinctAccumulator{of: of, seen: map[string]struct{}{}} }}, nil
}

// sumAccumulator adds up; with mean it divides by the count.
type sumAccumulator struct {
	of    *expr
	typ   Type
	mean  bool
	n     int64
	whole int64
	real  float64
}

func (a *sumAccumulator) add(r *record) {
	v := plainNumber(a.of.eval(r))
	if v.null {
		return
	}
	a.n++
	a.whole += v.n
	if v.typ == Real {
		a.real += v.f
	} else if a.typ == Real {
		a.real += float64(v.n)
	}
}

func (a *sumAccumulator) value(*record, int) Value {
	switch {
	case a.typ == Real && a.mean:
		return NewReal(a.real / float64(a.n)) // NaN where there was no row, as in Kusto
	case a.typ == Real:
		return NewReal(a.real)
	case a.mean && a.n == 0:
		return Null(a.typ)
	case a.mean:
		return Value{typ: a.typ, n: a.whole / a.n}
	}
	return Value{typ: a.typ, n: a.whole}
}

func bindSum(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
	if err := c.check(n, args, numbers|spans); err != nil {
		return boundAggregate{}, err
	}
	typ := args[0].typ
	if typ == Int {
		typ = Long
	}
	return boundAggregate{typ: typ, new: func() accumulator { return &sumAccumulator{of: args[0], typ: typ} }}, nil
}

func bindAverage(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
	if err := c.check(n, args, numbers|spans|moments); err != nil {
		return boundAggregate{}, err
	}
	of, typ := args[0], args[0].typ
	switch typ {
	case DateTime:
		return boundAggregate{typ: DateTime, new: func() accumulator { return &momentMean{of: of} }}, nil
	case TimeSpan:
	default:
		typ = Real
	}
	return boundAggregate{typ: typ, new: func() accumulator { return &sumAccumulator{of: of, typ: typ, mean: true} }}, nil
}

// momentMean averages datetimes from the first on, so that their ticks do not overflow.
type momentMean struct {
	of          *expr
	first, rest int64
	n           int64
}

func (a *momentMean) add(r *record) {
	v := a.of.eval(r)
	if v.null {
		return
	}
	if a.n == 0 {
		a.first = v.n
	}
	a.n++
	a.rest += v.n - a.first
}

func (a *momentMean) value(*record, int) Value {
	if a.n == 0 {
		return Null(DateTime)
	}
	return NewDateTime(a.first + a.rest/a.n)
}

type extremeAccumulator struct {
	of     *expr
	wanted int
	best   Value
	found  bool
}

func (a *extremeAccumulator) add(r *record) {
	v := a.of.eval(r)
	if !v.null && (!a.found || compareValues(v, a.best)*a.wanted > 0) {
		a.best, a.found = v, true
	}
}

func (a *extremeAccumulator) value(*record, int) Value {
	if !a.found {
		return Null(a.of.typ)
	}
	return a.best
}

func bindExtremeOf(wanted int) func(*exprBinder, *node, []*expr) (boundAggregate, error) {
	return func(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
		of := args[0]
		if of.typ == Dynamic || of.typ == GUID {
			return boundAggregate{}, c.fail(n, "The function '%s' does not take a value of type %s.", n.text, of.typ)
		}
		return boundAggregate{typ: of.typ, new: func() accumulator { return &extremeAccumulator{of: of, wanted: wanted} }}, nil
	}
}

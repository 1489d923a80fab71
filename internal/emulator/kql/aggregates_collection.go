package kql

import (
	"maps"
	"math"
	"slices"
)

// maxItems is how many values make_list and make_set hold unless told otherwise.
const maxItems = 1 << 20

func collectionAggregates() map[string]aggregate {
	all := map[string]aggregate{
		"make_bag": {min: 1, max: 2, prefix: "bag_", bind: bindMakeBag},
		"stdev":    {min: 1, max: 1, prefix: "stdev_", bind: bindSpread(true)},
		"variance": {min: 1, max: 1, prefix: "variance_", bind: bindSpread(false)},
	}
	for name, distinct := range map[string]bool{"make_list": false, "make_set": true} {
		prefix := name[len("make_"):] + "_"
		all[name] = aggregate{min: 1, max: 2, prefix: prefix, bind: bindMakeList(distinct)}
		all[name+"_if"] = aggregate{min: 2, max: 3, prefix: prefix, bind: conditional(bindMakeList(distinct))}
	}
	return all
}

type listAccumulator struct {
	of       *expr
	limit    int
	items    []any
	seen     map[string]struct{} // nil: repeats are kept
	distinct bool
}

func (a *listAccumulator) add(r *record) {
	v := a.of.eval(r)
	if v.null {
		return
	}
	if array, ok := v.d.([]any); ok && a.distinct {
		for _, item := range array {
			a.put(item)
		}
		return
	}
	a.put(toObject(v))
}

func (a *listAccumulator) put(item any) {
	if len(a.items) >= a.limit {
		return
	}
	if a.distinct {
		key := string(appendObject(nil, item))
		if _, ok := a.seen[key]; ok {
			return
		}
		a.seen[key] = struct{}{}
	}
	a.items = append(a.items, item)
}

func (a *listAccumulator) value(*record, int) Value { return NewDynamic(a.items) }

func bindMakeList(distinct bool) func(*exprBinder, *node, []*expr) (boundAggregate, error) {
	return func(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
		limit, err := c.itemLimit(n, args)
		return boundAggregate{typ: Dynamic, new: func() accumulator {
			return &listAccumulator{of: args[0], limit: limit, items: []any{}, distinct: distinct, seen: map[string]struct{}{}}
		}}, err
	}
}

func (c *exprBinder) itemLimit(n *node, args []*expr) (int, error) {
	if len(args) < 2 {
		return maxItems, nil
	}
	if !args[1].constant || !args[1].typ.isInteger() || args[1].value.n < 1 {
		return 0, c.fail(n, "The function '%s' expects a constant maximum size.", n.text)
	}
	return int(min(args[1].value.n, maxItems)), nil
}

type bagAccumulator struct {
	of    *expr
	limit int
	bag   map[string]any
}

func (a *bagAccumulator) add(r *record) {
	bag, _ := a.of.eval(r).d.(map[string]any)
	for key, item := range bag {
		if _, taken := a.bag[key]; !taken && len(a.bag) < a.limit {
			a.bag[key] = item
		}
	}
}
func (a *bagAccumulator) value(*record, int) Value { return NewDynamic(maps.Clone(a.bag)) }

func bindMakeBag(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
	if err := c.check(n, args, objects, integers); err != nil {
		return boundAggregate{}, err
	}
	limit, err := c.itemLimit(n, args)
	return boundAggregate{typ: Dynamic, new: func() accumulator {
		return &bagAccumulator{of: args[0], limit: limit, bag: map[string]any{}}
	}}, err
}

// percentileAccumulator holds all values, so its percentiles are exact: the nearest rank.
type percentileAccumulator struct {
	of       *expr
	percents []float64
	values   []Value
	sorted   bool
}

func (a *percentileAccumulator) add(r *record) {
	if v := a.of.eval(r); !v.null {
		a.values = append(a.values, v)
	}
}

func (a *percentileAccumulator) value(_ *record, part int) Value {
	if len(a.values) == 0 {
		return Null(a.of.typ)
	}
	if !a.sorted {
		slices.SortFunc(a.values, compareValues)
		a.sorted = true
	}
	rank := int(math.Ceil(a.percents[part] / 100 * float64(len(a.values))))
	return a.values[min(max(rank, 1), len(a.values))-1]
}

func (c *exprBinder) percent(n *node, e *expr) (float64, error) {
	if !e.constant || !e.typ.isNumeric() || !(e.value.number() >= 0 && e.value.number() <= 100) {
		return 0, c.fail(n, "The function '%s' expects a constant between 0 and 100.", n.text)
	}
	return e.value.number(), nil
}

func bindPercentile(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
	var percents []float64
	for _, e := range args[1:] {
		p, err := c.percent(n, e)
		if err != nil {
			return boundAggregate{}, err
		}
		percents = append(percents, p)
	}
	if err := c.check(n, args, orderable|texts, numbers); err != nil {
		return boundAggregate{}, err
	}
	return boundAggregate{typ: args[0].typ, new: func() accumulator {
		return &percentileAccumulator{of: args[0], percents: percents}
	}}, nil
}

// bindPercentiles gives a column for each percentile.
func (a *aggregation) bindPercentiles(list *columnList, n *node, named []string, call *node) error {
	if len(call.args) < 2 {
		return a.inner.arity(call, 2, anyNumber)
	}
	args, err := a.inner.bindArguments(call)
	if err != nil {
		return err
	}
	bound, err := bindPercentile(a.inner, call, args)
	if err != nil {
		return err
	}
	index := a.addAggregate(bound)
	names := &outputNames{list: list, node: n, named: named}
	for i, e := range args[1:] {
		name := "percentile_" + resultName(call.args[0]) + "_" + percentText(e.value)
		column := a.addColumn(Column{Type: bound.typ}, groupColumn{key: -1, aggregate: index, part: i})
		if err := names.add(name, column); err != nil {
			return err
		}
	}
	return nil
}

// spreadAccumulator computes the sample's variance in one pass.
type spreadAccumulator struct {
	of         *expr
	root       bool
	n          int64
	mean, sums float64
}

func (a *spreadAccumulator) add(r *record) {
	v := plainNumber(a.of.eval(r))
	if v.null {
		return
	}
	a.n++
	delta := v.number() - a.mean
	a.mean += delta / float64(a.n)
	a.sums += delta * (v.number() - a.mean)
}

func (a *spreadAccumulator) value(*record, int) Value {
	if a.n < 2 {
		return NewReal(0)
	}
	variance := a.sums / float64(a.n-1)
	if a.root {
		variance = math.Sqrt(variance)
	}
	return NewReal(variance)
}

func bindSpread(root bool) func(*exprBinder, *node, []*expr) (boundAggregate, error) {
	return func(c *exprBinder, n *node, args []*expr) (boundAggregate, error) {
		if err := c.check(n, args, numbers); err != nil {
			return boundAggregate{}, err
		}
		return boundAggregate{typ: Real, new: func() accumulator { return &spreadAccumulator{of: args[0], root: root} }}, nil
	}
}

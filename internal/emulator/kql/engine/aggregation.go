package engine

import (
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// aggregation is a summarize being bound: what it reads, and the columns of the groups it makes.
type aggregation struct {
	in      *relation
	inner   *exprBinder // binds what stands inside aggregate functions
	keys    []*expr
	bound   []boundAggregate
	columns []groupColumn
	out     *relation
}

// groupColumn says where a column of a group's row comes from.
type groupColumn struct {
	key       int // or
	aggregate int
	part      int // of an aggregate with several results
}

func (a *aggregation) addColumn(c Column, from groupColumn) relationColumn {
	a.columns = append(a.columns, from)
	slot := len(a.out.frame.slots)
	a.out.frame.slots = append(a.out.frame.slots, slotOf(len(a.columns)-1))
	return relationColumn{Column: c, slot: slot}
}

func slotOf(column int) slot { return slot{kind: sourceSlot, source: column} }

func (a *aggregation) addAggregate(b boundAggregate) int {
	a.bound = append(a.bound, b)
	return len(a.bound) - 1
}

// bindNested binds an aggregate function inside an expression; it gives one value.
func (a *aggregation) bindNested(n *syntax.Node, f aggregate) (*expr, error) {
	if f.bind == nil {
		return nil, a.inner.fail(n, "The aggregate function '%s' is not allowed in this context.", n.Text)
	}
	if len(n.Args) != f.arguments {
		return nil, a.inner.arity(n, f.arguments, f.arguments)
	}
	args, err := a.inner.bindArguments(n)
	if err != nil {
		return nil, err
	}
	bound, err := f.bind(a.inner, n, args)
	if err != nil {
		return nil, err
	}
	column := a.addColumn(Column{Type: bound.typ}, groupColumn{key: -1, aggregate: a.addAggregate(bound)})
	return readSlot(column), nil
}

// group is the rows that share their keys.
type group struct {
	keys         []value.Value
	accumulators []accumulator
}

// groupRow is a group as a row; an aggregate that held a row computes its columns when asked.
type groupRow struct {
	a      *aggregation
	g      *group
	record *record
}

func (g groupRow) Value(column int) value.Value {
	from := g.a.columns[column]
	if from.key >= 0 {
		return g.g.keys[from.key]
	}
	return g.g.accumulators[from.aggregate].value(g.record, from.part)
}

func (g groupRow) IngestionTime() value.Value { return value.Null(value.DateTime) }
func (g groupRow) Clone() Row                 { return g }

// produce groups the input's rows and yields the groups.
func (a *aggregation) produce(x *execution, yield func(*record) bool) {
	groups := map[string]*group{}
	var all []*group
	newGroup := func(keys []value.Value) *group {
		g := &group{keys: keys, accumulators: make([]accumulator, len(a.bound))}
		for i := range a.bound {
			g.accumulators[i] = a.bound[i].new()
		}
		all = append(all, g)
		return g
	}
	var scratch []byte
	keys := make([]value.Value, len(a.keys))
	a.in.produce(x, func(r *record) bool {
		scratch = scratch[:0]
		for i, k := range a.keys {
			keys[i] = k.eval(r)
			scratch = value.AppendKey(scratch, keys[i])
		}
		g, ok := groups[string(scratch)]
		if !ok {
			g = newGroup(slices.Clone(keys))
			groups[string(scratch)] = g
		}
		for _, acc := range g.accumulators {
			acc.add(r)
		}
		return x.err == nil
	})
	if len(a.keys) == 0 && len(all) == 0 {
		newGroup(nil)
	}
	out, held := a.out.frame.record(x), a.in.frame.record(x)
	for _, g := range all {
		if x.err != nil {
			return
		}
		out.begin(groupRow{a: a, g: g, record: held})
		if !yield(out) {
			return
		}
	}
}

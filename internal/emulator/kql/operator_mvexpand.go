package kql

import (
	"maps"
	"math"
	"slices"
)

// expansion is one column that mv-expand spreads over rows.
type expansion struct {
	value *expr
	typ   Type
}

// mvExpand gives a row for each item of the expanded columns.
func (b *binder) mvExpand(o *operator, in *relation, s *scope) (*relation, error) {
	c := &exprBinder{b: b, scope: s, operator: o.name, rel: in}
	limit := math.MaxInt
	if o.limit != nil {
		n, err := c.rowCount(o.limit)
		if err != nil {
			return nil, err
		}
		limit = n
	}
	list := &columnList{operator: o.name, columns: slices.Clone(in.columns)}
	var expansions []expansion
	// sources says, per result column, which expansion it comes from; -1: the input.
	sources := map[string]int{}
	for i, n := range o.columns {
		named, body := assigned(n)
		e, err := c.bind(body)
		if err != nil {
			return nil, err
		}
		if e.typ != Dynamic {
			return nil, c.fail(n, "The expression must have the type dynamic, not %s.", e.typ)
		}
		typ := o.types[i]
		if typ == Unknown {
			typ = Dynamic
		}
		name := resultName(body)
		if len(named) == 1 {
			name = named[0]
		}
		if name == "" {
			name = list.orNumbered("")
		}
		list.put(name, relationColumn{Column: Column{Type: typ}})
		sources[name] = i
		expansions = append(expansions, expansion{value: e, typ: typ})
	}
	if index, ok := o.options["with_itemindex"]; ok {
		list.put(index.text, relationColumn{Column: Column{Type: Long}})
		sources[index.text] = len(expansions)
	}
	for _, option := range []string{"bagexpansion", "kind"} {
		if kind, ok := o.options[option]; ok && kind.text != "bag" {
			return nil, c.fail(kind, "The option '%s=%s' is not known.", option, kind.text)
		}
	}
	columns := make([]Column, len(list.columns))
	from := make([]int, len(list.columns))
	for i, column := range list.columns {
		columns[i], from[i] = column.Column, -1
		if at, ok := sources[column.Name]; ok {
			from[i] = at
		}
	}
	return newRelation(columns, func(x *execution, f *frame, yield func(*record) bool) {
		out := f.record(x)
		in.produce(x, func(r *record) bool { return expand(r, out, in, expansions, from, limit, yield) && x.err == nil })
	}), nil
}

// expand yields a row for each item, and one with nulls where there is none.
func expand(r, out *record, in *relation, expansions []expansion, from []int, limit int, yield func(*record) bool) bool {
	items := make([][]any, len(expansions))
	rows := 1
	for i, e := range expansions {
		items[i] = expandable(e.value.eval(r))
		rows = max(rows, len(items[i]))
	}
	for n := range min(rows, limit) {
		row := make(tuple, len(from))
		for i, source := range from {
			switch {
			case source < 0:
				row[i] = r.get(in.columns[i].slot)
			case source == len(expansions):
				row[i] = NewLong(int64(n))
			case n < len(items[source]):
				row[i] = convert(NewDynamic(items[source][n]), expansions[source].typ)
			default:
				row[i] = Null(expansions[source].typ)
			}
		}
		out.begin(row)
		if !r.run.step() || !yield(out) {
			return false
		}
	}
	return true
}

// expandable are the items of an array, a bag's pairs as bags, and of a scalar itself.
func expandable(v Value) []any {
	switch d := v.d.(type) {
	case nil:
		return nil
	case []any:
		return d
	case map[string]any:
		var pairs []any
		for _, key := range slices.Sorted(maps.Keys(d)) {
			pairs = append(pairs, map[string]any{key: d[key]})
		}
		return pairs
	default:
		return []any{d}
	}
}

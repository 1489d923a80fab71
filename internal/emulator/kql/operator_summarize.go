package kql

import (
	"slices"
	"strconv"
	"strings"
)

func (b *binder) summarize(o *operator, in *relation, s *scope) (*relation, error) {
	inner := &exprBinder{b: b, scope: s, operator: o.name, rel: in}
	a := &aggregation{in: in, inner: inner, out: &relation{frame: &frame{}}}
	a.out.produce = a.produce
	list := &columnList{operator: o.name}
	for _, n := range o.by {
		if err := a.bindKey(list, n); err != nil {
			return nil, err
		}
	}
	if o.hasBy && len(a.keys) == 0 || len(o.columns) == 0 && !o.hasBy {
		return nil, semanticError(o.start, o.name, "An aggregate function or a key is expected.")
	}
	for _, n := range o.columns {
		if err := a.bindColumn(list, n); err != nil {
			return nil, err
		}
	}
	a.out.columns = list.columns
	return a.out, nil
}

func (a *aggregation) bindKey(list *columnList, n *node) error {
	named, body := assigned(n)
	key, err := a.inner.bind(body)
	if err != nil {
		return err
	}
	if key.typ == Dynamic {
		return a.inner.fail(n, "Summarize group key '%s' is of a 'dynamic' type. Please use an explicit cast (for example, 'summarize ... by tostring(%[1]s)').", keyName(named, body))
	}
	a.keys = append(a.keys, key)
	column := a.addColumn(Column{Type: key.typ}, groupColumn{key: len(a.keys) - 1})
	return list.addNamed(n, named, resultName(body), column)
}

func keyName(named []string, body *node) string {
	if len(named) > 0 {
		return named[0]
	}
	return resultName(body)
}

// bindColumn binds one result of summarize: a function that gives several columns, or an expression
// over functions that give one.
func (a *aggregation) bindColumn(list *columnList, n *node) error {
	named, body := assigned(n)
	if body.kind == callNode {
		switch body.text {
		case "arg_max", "arg_min":
			return a.bindArg(list, n, named, body)
		case "take_any", "any":
			if len(body.args) > 1 || len(body.args) == 1 && body.args[0].kind == starNode {
				return a.bindAny(list, n, named, body)
			}
		case "percentiles":
			return a.bindPercentiles(list, n, named, body)
		}
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

// aggregateName is the default name of an aggregate's column: count_, min_X, set_X.
func aggregateName(n *node) string {
	f := aggregates[n.text]
	argument := ""
	if len(n.args) > 0 && n.text != "count" {
		argument = resultName(n.args[0])
	}
	switch n.text {
	case "take_any", "take_anyif", "arg_max", "arg_min":
		if argument != "" {
			return argument
		}
	case "percentile":
		if len(n.args) == 2 && n.args[1].kind == literalNode {
			return f.prefix + argument + "_" + percentText(n.args[1].value)
		}
	}
	return f.prefix + argument
}

func percentText(v Value) string {
	return strings.ReplaceAll(strconv.FormatFloat(v.number(), 'f', -1, 64), ".", "_")
}

// otherColumns are the input's columns that * means: not the keys, nor the column named except.
func (a *aggregation) otherColumns(except *expr) []relationColumn {
	var others []relationColumn
	for _, c := range a.in.columns {
		skip := except != nil && except.reads(c)
		for _, k := range a.keys {
			skip = skip || k.reads(c)
		}
		if !skip {
			others = append(others, c)
		}
	}
	return others
}

// bindArg binds arg_max(by, columns...) and arg_min.
func (a *aggregation) bindArg(list *columnList, n *node, named []string, call *node) error {
	if len(call.args) < 1 {
		return a.inner.arity(call, 1, anyNumber)
	}
	given, byBody := assigned(call.args[0])
	by, err := a.inner.bind(byBody)
	if err != nil {
		return err
	}
	if by.typ == Dynamic || by.typ == GUID {
		return a.inner.fail(call, "The function '%s' does not take a value of type %s as argument 1.", call.text, by.typ)
	}
	wanted := 1
	if call.text == "arg_min" {
		wanted = -1
	}
	held := &heldColumns{values: []*expr{by}}
	index := a.addAggregate(boundAggregate{new: func() accumulator { return &argAccumulator{by: by, wanted: wanted, held: held} }})
	byName := resultName(byBody)
	names := &outputNames{list: list, node: n, named: named}
	prefix := aggregates[call.text].prefix
	first := byName
	if first == "" {
		first = prefix
	}
	if len(given) == 1 {
		first = given[0]
	}
	if err := names.add(first, a.addColumn(Column{Type: by.typ}, groupColumn{key: -1, aggregate: index})); err != nil {
		return err
	}
	return a.bindHeld(names, call.args[1:], held, index, by, prefix+byName)
}

// bindAny binds take_any(columns...) of several columns.
func (a *aggregation) bindAny(list *columnList, n *node, named []string, call *node) error {
	held := &heldColumns{}
	index := a.addAggregate(boundAggregate{new: func() accumulator { return &anyRowAccumulator{held: held} }})
	prefix := ""
	if call.text == "any" {
		prefix = "any_"
	}
	names := &outputNames{list: list, node: n, named: named, prefix: prefix}
	return a.bindHeld(names, call.args, held, index, nil, "any")
}

// bindHeld adds the columns that are taken from a row held by an aggregate.
func (a *aggregation) bindHeld(names *outputNames, args []*node, held *heldColumns, index int, except *expr, unnamed string) error {
	var listed []string
	for i, arg := range args {
		if arg.kind == starNode {
			for _, c := range a.otherColumns(except) {
				if slices.Contains(listed, c.Name) {
					continue
				}
				held.values = append(held.values, readSlot(c))
				column := a.addColumn(Column{Type: c.Type}, groupColumn{key: -1, aggregate: index, part: len(held.values) - 1})
				if err := names.add(c.Name, column); err != nil {
					return err
				}
			}
			continue
		}
		given, body := assigned(arg)
		e, err := a.inner.bind(body)
		if err != nil {
			return err
		}
		name := resultName(body)
		if len(given) == 1 {
			name = given[0]
		}
		if name == "" {
			name = unnamed + "_arg" + strconv.Itoa(i+1)
		}
		listed = append(listed, name)
		held.values = append(held.values, e)
		column := a.addColumn(Column{Type: e.typ}, groupColumn{key: -1, aggregate: index, part: len(held.values) - 1})
		if err := names.add(name, column); err != nil {
			return err
		}
	}
	return nil
}

package kql

import "strings"

// subquery is a query whose rows a scalar expression needs; it runs once a run, when first asked.
type subquery struct{ rel *relation }

// column runs the subquery and gives its first column.
func (s *subquery) column(x *execution) []Value {
	var all []Value
	row := make([]Value, len(s.rel.columns))
	s.rel.produce(x, func(r *record) bool {
		s.rel.row(r, row)
		all = append(all, row[0])
		return true
	})
	return all
}

// set is what a value is looked up in.
type set struct {
	keys    map[string]struct{}
	folded  bool // case does not count
	typ     Type
	scratch []byte
}

func (s *set) key(v Value) string {
	if s.folded {
		v = NewString(strings.ToLower(v.s))
	}
	s.scratch = appendKey(s.scratch[:0], v)
	return string(s.scratch)
}

// add takes v, and of a dynamic array its items.
func (s *set) add(v Value) {
	if array, ok := v.d.([]any); ok {
		for _, item := range array {
			s.add(NewDynamic(item))
		}
		return
	}
	if v = convert(v, s.typ); !v.null {
		s.keys[s.key(v)] = struct{}{}
	}
}

func (s *set) has(v Value) bool {
	_, ok := s.keys[s.key(v)]
	return ok && !v.null
}

// bindList binds in, !in, in~, !in~, has_any and has_all.
func (c *exprBinder) bindList(n *node) (*expr, error) {
	left, err := c.bind(n.args[0])
	if err != nil {
		return nil, err
	}
	operator, negated := strings.CutPrefix(n.text, "!")
	folded := operator == "in~"
	terms := operator == "has_any" || operator == "has_all"
	if (folded || terms) && left.typ != String {
		if left.typ != Dynamic {
			return nil, c.fail(n, "The operator '%s' is not defined for the operand type %s.", n.text, left.typ)
		}
		left = convertExpr(left, String)
	}
	list, err := c.listItems(n)
	if err != nil {
		return nil, err
	}
	if terms {
		all := operator == "has_all"
		return c.hasTerms(left, list, all), nil
	}
	return c.membership(left, list, folded, negated), nil
}

// valueList is the right side of in: expressions, or a query's first column.
type valueList struct {
	items []*expr
	query *subquery
}

func (c *exprBinder) listItems(n *node) (*valueList, error) {
	list := &valueList{}
	for _, item := range n.args[1:] {
		if c.b.isTabular(item, c.scope) && !c.isColumn(item) {
			if len(n.args) != 2 {
				return nil, c.fail(item, "A tabular expression must be the only value of '%s'.", n.text)
			}
			rel, err := c.b.tabular(item, c.scope, c.operator)
			if err != nil {
				return nil, err
			}
			list.query = &subquery{rel: rel}
			return list, nil
		}
		e, err := c.bind(item)
		if err != nil {
			return nil, err
		}
		list.items = append(list.items, e)
	}
	return list, nil
}

func (c *exprBinder) isColumn(n *node) bool {
	if n.kind != nameNode || c.rel == nil {
		return false
	}
	_, ok := c.rel.column(n.text)
	return ok
}

func (l *valueList) isConstant() bool {
	for _, e := range l.items {
		if !e.constant {
			return false
		}
	}
	return l.query == nil
}

// values are the list's values for one record.
func (l *valueList) values(r *record) []Value {
	if l.query != nil {
		if done, ok := r.run.scalars[l.query]; ok {
			return done.([]Value) //nolint:forcetypeassert // only this place stores it
		}
		values := l.query.column(r.run)
		r.run.scalars[l.query] = values
		return values
	}
	values := make([]Value, len(l.items))
	for i, e := range l.items {
		values[i] = e.eval(r)
	}
	return values
}

func (c *exprBinder) membership(left *expr, list *valueList, folded, negated bool) *expr {
	build := func(values []Value) *set {
		s := &set{keys: map[string]struct{}{}, folded: folded, typ: left.typ}
		for _, v := range values {
			s.add(v)
		}
		return s
	}
	var eval func(r *record) Value
	switch {
	case list.isConstant():
		s := build(list.values(nil))
		// The set's scratch space is not shared between runs.
		return unaryExpr(Bool, left, func(v Value) Value {
			own := *s
			own.scratch = nil
			return NewBool(own.has(v) != negated)
		})
	case list.query != nil:
		key := &subquery{}
		eval = func(r *record) Value {
			s, ok := r.run.scalars[key].(*set)
			if !ok {
				s = build(list.values(r))
				r.run.scalars[key] = s
			}
			return NewBool(s.has(left.eval(r)) != negated)
		}
	default:
		eval = func(r *record) Value { return NewBool(build(list.values(r)).has(left.eval(r)) != negated) }
	}
	return &expr{typ: Bool, eval: eval, slot: -1}
}

func (c *exprBinder) hasTerms(left *expr, list *valueList, all bool) *expr {
	eval := func(r *record) Value {
		text := strings.ToLower(left.eval(r).s)
		for _, v := range flatten(list.values(r)) {
			if hasTerm(text, strings.ToLower(convert(v, String).s)) != all {
				return NewBool(!all)
			}
		}
		return NewBool(all)
	}
	if list.query != nil {
		return &expr{typ: Bool, eval: eval, slot: -1}
	}
	return computed(Bool, eval, append([]*expr{left}, list.items...)...)
}

// flatten puts the items of dynamic arrays in their place.
func flatten(values []Value) []Value {
	var flat []Value
	for _, v := range values {
		if array, ok := v.d.([]any); ok {
			for _, item := range array {
				flat = append(flat, NewDynamic(item))
			}
			continue
		}
		flat = append(flat, v)
	}
	return flat
}

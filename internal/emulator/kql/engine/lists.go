package engine

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// subquery is a query whose first column a list needs; it runs once a run, when first asked.
type subquery struct{ rel *relation }

// column runs the subquery and gives its first column.
func (s *subquery) column(x *execution) []value.Value {
	var all []value.Value
	row := make([]value.Value, len(s.rel.columns))
	s.rel.produce(x, func(r *record) bool {
		s.rel.row(r, row)
		all = append(all, row[0])
		return true
	})
	return all
}

// set is what a value is looked up in.
type set struct {
	keys   map[string]struct{}
	folded bool // case does not count
	typ    value.Type
}

func newSet(values []value.Value, typ value.Type, folded bool) *set {
	s := &set{keys: map[string]struct{}{}, folded: folded, typ: typ}
	for _, v := range values {
		if v = value.Convert(v, typ); !v.IsNull() {
			s.keys[string(s.key(v))] = struct{}{}
		}
	}
	return s
}

func (s *set) key(v value.Value) []byte {
	if s.folded {
		v = value.NewString(strings.ToLower(v.Text()))
	}
	return value.AppendKey(nil, v)
}

func (s *set) has(v value.Value) bool {
	_, ok := s.keys[string(s.key(v))]
	return ok && !v.IsNull()
}

// bindList binds in, !in, in~, !in~, has_any and has_all.
func bindList(c *exprBinder, n *syntax.Node) (*expr, error) {
	left, err := c.bind(n.Args[0])
	if err != nil {
		return nil, err
	}
	operator, negated := strings.CutPrefix(n.Text, "!")
	terms := operator == "has_any" || operator == "has_all"
	if (operator == "in~" || terms) && left.typ != value.String {
		if left.typ != value.Dynamic {
			return nil, c.fail(n, "The operator '%s' is not defined for the operand type %s.", n.Text, left.typ)
		}
		left = convertExpr(left, value.String)
	}
	list, err := listItems(c, n)
	if err != nil {
		return nil, err
	}
	if terms {
		return list.hasTerms(left, operator == "has_all"), nil
	}
	return list.membership(left, operator == "in~", negated), nil
}

// valueList is the right side of in: expressions, or a query's first column.
type valueList struct {
	items []*expr
	query *subquery
}

func listItems(c *exprBinder, n *syntax.Node) (*valueList, error) {
	list := &valueList{}
	for _, item := range n.Args[1:] {
		if c.b.isTabular(item, c.scope) && !c.isColumn(item) {
			if len(n.Args) != 2 {
				return nil, c.fail(item, "A tabular expression must be the only value of '%s'.", n.Text)
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

func (c *exprBinder) isColumn(n *syntax.Node) bool {
	if n.Kind != syntax.Name || c.rel == nil {
		return false
	}
	_, ok := c.rel.column(n.Text)
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
func (l *valueList) values(r *record) []value.Value {
	if l.query != nil {
		return oncePerRun(r.run, l.query, func() []value.Value { return l.query.column(r.run) })
	}
	values := make([]value.Value, len(l.items))
	for i, e := range l.items {
		values[i] = e.eval(r)
	}
	return values
}

func (l *valueList) membership(left *expr, folded, negated bool) *expr {
	build := func(r *record) *set { return newSet(l.values(r), left.typ, folded) }
	if l.isConstant() {
		s := build(nil)
		return unaryExpr(value.Bool, left, func(v value.Value) value.Value { return value.NewBool(s.has(v) != negated) })
	}
	eval := func(r *record) value.Value { return value.NewBool(build(r).has(left.eval(r)) != negated) }
	if l.query != nil {
		key := new(set) // of this list in a run
		eval = func(r *record) value.Value {
			s := oncePerRun(r.run, key, func() *set { return build(r) })
			return value.NewBool(s.has(left.eval(r)) != negated)
		}
	}
	return &expr{typ: value.Bool, eval: eval, slot: -1}
}

func (l *valueList) hasTerms(left *expr, all bool) *expr {
	eval := func(r *record) value.Value {
		text := strings.ToLower(left.eval(r).Text())
		for _, v := range l.values(r) {
			if hasTerm(text, strings.ToLower(v.Format())) != all {
				return value.NewBool(!all)
			}
		}
		return value.NewBool(all)
	}
	if l.query != nil {
		return &expr{typ: value.Bool, eval: eval, slot: -1}
	}
	return computed(value.Bool, eval, append([]*expr{left}, l.items...)...)
}

package engine

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// bind resolves names and types of one expression.
func (c *exprBinder) bind(n *syntax.Node) (*expr, error) {
	if err := c.b.enter(n.Start); err != nil {
		return nil, err
	}
	defer c.b.leave()
	switch n.Kind {
	case syntax.Literal:
		return constant(n.Value), nil
	case syntax.Name:
		return c.bindName(n)
	case syntax.Member:
		return c.bindMember(n)
	case syntax.Call:
		return c.bindCall(n)
	case syntax.Minus:
		return c.bindMinus(n)
	case syntax.Binary:
		return c.bindBinary(n)
	case syntax.List:
		return bindList(c, n)
	case syntax.Between:
		return bindBetween(c, n)
	case syntax.Assign:
		return nil, c.fail(n, "An assignment is not allowed in this context.")
	case syntax.Query:
		return nil, c.fail(n, "A tabular expression is not allowed in this context.")
	default:
		return nil, c.fail(n, "'%s' is not allowed in this context.", n.Text)
	}
}

func (c *exprBinder) bindName(n *syntax.Node) (*expr, error) {
	if c.rel != nil {
		if column, ok := c.rel.column(n.Text); ok {
			return readSlot(column), nil
		}
	}
	if c.aggregates != nil {
		if _, ok := c.aggregates.in.column(n.Text); ok {
			return nil, c.fail(n, "The column '%s' must be inside an aggregate function.", n.Text)
		}
	}
	return nil, c.unresolved(n)
}

func (c *exprBinder) bindMember(n *syntax.Node) (*expr, error) {
	object, err := c.bind(n.Args[0])
	if err != nil {
		return nil, err
	}
	if object.typ != value.Dynamic {
		return nil, c.unresolved(n)
	}
	name := n.Text
	return unaryExpr(value.Dynamic, object, func(v value.Value) value.Value { return v.Member(name) }), nil
}

func (c *exprBinder) bindMinus(n *syntax.Node) (*expr, error) {
	e, err := c.bind(n.Args[0])
	if err != nil {
		return nil, err
	}
	zero := constant(value.Convert(value.NewLong(0), e.typ))
	if e.typ == value.TimeSpan {
		zero = constant(value.NewTimeSpan(0))
	}
	typ := value.SumType("-", zero.typ, e.typ)
	if typ == value.Unknown || e.typ == value.DateTime {
		return nil, c.fail(n, "The operator '-' is not defined for the operand type %s.", e.typ)
	}
	return binaryExpr(typ, zero, e, value.Sum("-", typ)), nil
}

func (c *exprBinder) bindPair(n *syntax.Node) (left, right *expr, err error) {
	if left, err = c.bind(n.Args[0]); err != nil {
		return nil, nil, err
	}
	right, err = c.bind(n.Args[1])
	return left, right, err
}

func (c *exprBinder) bindBinary(n *syntax.Node) (*expr, error) {
	if n.Text == "and" || n.Text == "or" {
		return c.bindLogic(n)
	}
	left, right, err := c.bindPair(n)
	if err != nil {
		return nil, err
	}
	switch n.Text {
	case "==", "!=", "<", "<=", ">", ">=":
		return c.compare(n, n.Text, left, right)
	case "+", "-":
		typ := value.SumType(n.Text, left.typ, right.typ)
		if typ == value.Unknown {
			return nil, c.undefined(n, left, right)
		}
		return binaryExpr(typ, left, right, value.Sum(n.Text, typ)), nil
	}
	return bindTextOperator(c, n, left, right)
}

func (c *exprBinder) compare(n *syntax.Node, operator string, left, right *expr) (*expr, error) {
	if !value.Comparable(operator, left.typ, right.typ) {
		if left.typ == right.typ {
			return nil, c.fail(n, "The operator '%s' is not defined for the operand types %s and %s.", operator, left.typ, right.typ)
		}
		return nil, c.fail(n, "Cannot compare values of types %s and %s. Try adding explicit casts.", left.typ, right.typ)
	}
	if left.typ == value.Dynamic && right.typ != value.Dynamic {
		left = convertExpr(left, right.typ)
	} else if right.typ == value.Dynamic && left.typ != value.Dynamic {
		right = convertExpr(right, left.typ)
	}
	e := binaryExpr(value.Bool, left, right, value.Comparison(operator))
	if !e.constant {
		e.shape, e.operands = operator, []*expr{left, right}
	}
	return e, nil
}

// bindLogic flattens a chain of equal operators, so that a long filter does not nest deeply.
func (c *exprBinder) bindLogic(n *syntax.Node) (*expr, error) {
	var nodes []*syntax.Node
	rest := n
	for rest.Kind == syntax.Binary && rest.Text == n.Text {
		nodes = append(nodes, rest.Args[1])
		rest = rest.Args[0]
	}
	nodes = append(nodes, rest)
	terms := make([]*expr, len(nodes))
	for i := range nodes {
		term := nodes[len(nodes)-1-i]
		e, err := c.bind(term)
		if err != nil {
			return nil, err
		}
		if e.typ == value.Dynamic {
			e = convertExpr(e, value.Bool)
		}
		if e.typ != value.Bool {
			return nil, c.fail(term, "The operator '%s' expects operands of type bool, not %s.", n.Text, e.typ)
		}
		terms[i] = e
	}
	// An 'and' is settled by one false, an 'or' by one true; else a null makes it null.
	settles := n.Text == "or"
	e := computed(value.Bool, func(r *record) value.Value {
		null := false
		for _, t := range terms {
			switch v := t.eval(r); {
			case v.IsNull():
				null = true
			case v.Bool() == settles:
				return value.NewBool(settles)
			}
		}
		if null {
			return value.Null(value.Bool)
		}
		return value.NewBool(!settles)
	}, terms...)
	if !e.constant {
		e.shape, e.operands = n.Text, terms
	}
	return e, nil
}

func bindBetween(c *exprBinder, n *syntax.Node) (*expr, error) {
	bound, err := c.bindArguments(n)
	if err != nil {
		return nil, err
	}
	tested, low, high := bound[0], bound[1], bound[2]
	if low.typ == value.DateTime && high.typ == value.TimeSpan {
		// datetime .. timespan means that much after the lower bound.
		high = binaryExpr(value.DateTime, low, high, value.Sum("+", value.DateTime))
	}
	from, err := c.compare(n, ">=", tested, low)
	if err != nil {
		return nil, err
	}
	to, err := c.compare(n, "<=", tested, high)
	if err != nil {
		return nil, err
	}
	negated := n.Text == "!between"
	e := binaryExpr(value.Bool, from, to, func(a, b value.Value) value.Value {
		if a.IsNull() || b.IsNull() {
			return value.Null(value.Bool)
		}
		return value.NewBool((a.Bool() && b.Bool()) != negated)
	})
	if !negated && !e.constant {
		e.shape, e.operands = "and", []*expr{from, to}
	}
	return e, nil
}

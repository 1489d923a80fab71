package kql

// bind resolves names and types of one expression.
func (c *exprBinder) bind(n *node) (*expr, error) {
	if err := c.b.enter(n.start); err != nil {
		return nil, err
	}
	defer c.b.leave()
	switch n.kind {
	case literalNode:
		return constant(n.value), nil
	case nameNode:
		return c.bindName(n)
	case memberNode:
		return c.bindMember(n)
	case elementNode:
		return c.bindElement(n)
	case callNode:
		return c.bindCall(n)
	case unaryNode:
		return c.bindSign(n)
	case binaryNode:
		return c.bindBinary(n)
	case listNode:
		return c.bindList(n)
	case betweenNode:
		return c.bindBetween(n)
	case assignNode:
		return nil, c.fail(n, "An assignment is not allowed in this context.")
	case queryNode:
		return nil, c.fail(n, "A tabular expression is not allowed in this context; use toscalar().")
	default:
		return nil, c.fail(n, "'%s' is not allowed in this context.", n.text)
	}
}

func (c *exprBinder) bindName(n *node) (*expr, error) {
	if c.rel != nil {
		if column, ok := c.rel.column(n.text); ok {
			return readSlot(column), nil
		}
	}
	if found := c.scope.find(n.text); found != nil && found.scalar != nil {
		return found.scalar, nil
	}
	if c.aggregates != nil {
		if _, ok := c.aggregates.in.column(n.text); ok {
			return nil, c.fail(n, "The column '%s' must be inside an aggregate function.", n.text)
		}
	}
	return nil, c.unresolved(n)
}

func (c *exprBinder) unresolved(n *node) error {
	return c.fail(n, "Failed to resolve scalar expression named '%s'.", n.text)
}

func (c *exprBinder) bindMember(n *node) (*expr, error) {
	object, err := c.bind(n.args[0])
	if err != nil {
		return nil, err
	}
	if object.typ != Dynamic {
		return nil, c.unresolved(n)
	}
	name := n.text
	return unaryExpr(Dynamic, object, func(v Value) Value { return member(v, name) }), nil
}

func (c *exprBinder) bindElement(n *node) (*expr, error) {
	object, index, err := c.bindPair(n)
	if err != nil {
		return nil, err
	}
	if object.typ != Dynamic {
		return nil, c.fail(n, "The element access operator [] is not allowed on type %s.", object.typ)
	}
	switch index.typ {
	case String:
		return binaryExpr(Dynamic, object, index, func(v, i Value) Value { return member(v, i.Text()) }), nil
	case Int, Long:
		return binaryExpr(Dynamic, object, index, element), nil
	case Dynamic:
		return binaryExpr(Dynamic, object, index, func(v, i Value) Value {
			switch i := i.Object().(type) {
			case string:
				return member(v, i)
			case int64:
				return element(v, NewLong(i))
			}
			return Null(Dynamic)
		}), nil
	}
	return nil, c.fail(n, "The element access operator [] does not take type %s.", index.typ)
}

func member(v Value, name string) Value {
	bag, _ := v.Object().(map[string]any)
	return NewDynamic(bag[name])
}

// element takes from an array; a negative index counts from the end.
func element(v, index Value) Value {
	array, _ := v.Object().([]any)
	i := index.Int()
	if i < 0 {
		i += int64(len(array))
	}
	if index.IsNull() || i < 0 || i >= int64(len(array)) {
		return Null(Dynamic)
	}
	return NewDynamic(array[i])
}

func (c *exprBinder) bindSign(n *node) (*expr, error) {
	e, err := c.bind(n.args[0])
	if err != nil {
		return nil, err
	}
	typ := e.typ
	switch typ {
	case Int:
		typ = Long
	case Long, Real, TimeSpan, Dynamic:
	default:
		return nil, c.fail(n, "The operator '%s' is not defined for the operand type %s.", n.text, e.typ)
	}
	if n.text == "+" {
		return convertExpr(e, typ), nil
	}
	zero := constant(NewLong(0))
	if typ == TimeSpan {
		zero = constant(NewTimeSpan(0))
	}
	return binaryExpr(typ, zero, e, arithmetic("-", typ)), nil
}

func (c *exprBinder) bindPair(n *node) (left, right *expr, err error) {
	if left, err = c.bind(n.args[0]); err != nil {
		return nil, nil, err
	}
	right, err = c.bind(n.args[1])
	return left, right, err
}

func (c *exprBinder) bindBinary(n *node) (*expr, error) {
	if n.text == "and" || n.text == "or" {
		return c.bindLogic(n)
	}
	left, right, err := c.bindPair(n)
	if err != nil {
		return nil, err
	}
	switch n.text {
	case "==", "!=", "<>", "<", "<=", ">", ">=":
		return c.compare(n, n.text, left, right)
	case "+", "-", "*", "/", "%":
		typ := arithmeticType(n.text, left.typ, right.typ)
		if typ == Unknown {
			return nil, c.undefined(n, left, right)
		}
		return binaryExpr(typ, left, right, arithmetic(n.text, typ)), nil
	}
	return c.bindStringOperator(n, left, right)
}

func (c *exprBinder) undefined(n *node, left, right *expr) error {
	return c.fail(n, "The operator '%s' is not defined for the operand types %s and %s.", n.text, left.typ, right.typ)
}

// bindLogic flattens a chain of equal operators, so that a long filter does not nest deeply.
func (c *exprBinder) bindLogic(n *node) (*expr, error) {
	var nodes []*node
	rest := n
	for rest.kind == binaryNode && rest.text == n.text {
		nodes = append(nodes, rest.args[1])
		rest = rest.args[0]
	}
	nodes = append(nodes, rest)
	terms := make([]*expr, len(nodes))
	for i := range nodes {
		term := nodes[len(nodes)-1-i]
		e, err := c.bind(term)
		if err != nil {
			return nil, err
		}
		if e.typ == Dynamic {
			e = convertExpr(e, Bool)
		}
		if e.typ != Bool {
			return nil, c.fail(term, "The operator '%s' expects operands of type bool, not %s.", n.text, e.typ)
		}
		terms[i] = e
	}
	// An `and` is settled by one false, an `or` by one true; else a null makes it null.
	settles := n.text == "or"
	e := computed(Bool, func(r *record) Value {
		null := false
		for _, t := range terms {
			switch v := t.eval(r); {
			case v.IsNull():
				null = true
			case v.Bool() == settles:
				return NewBool(settles)
			}
		}
		if null {
			return Null(Bool)
		}
		return NewBool(!settles)
	}, terms...)
	if !e.constant {
		e.shape, e.operands = n.text, terms
	}
	return e, nil
}

func (c *exprBinder) bindBetween(n *node) (*expr, error) {
	bound, err := c.bindArguments(n)
	if err != nil {
		return nil, err
	}
	value, low, high := bound[0], bound[1], bound[2]
	if low.typ == DateTime && high.typ == TimeSpan {
		// datetime .. timespan means that much after the lower bound.
		high = binaryExpr(DateTime, low, high, arithmetic("+", DateTime))
	}
	from, err := c.compare(n, ">=", value, low)
	if err != nil {
		return nil, err
	}
	to, err := c.compare(n, "<=", value, high)
	if err != nil {
		return nil, err
	}
	negated := n.text == "!between"
	e := binaryExpr(Bool, from, to, func(a, b Value) Value {
		if a.IsNull() || b.IsNull() {
			return Null(Bool)
		}
		return NewBool((a.Bool() && b.Bool()) != negated)
	})
	if !negated && !e.constant {
		e.shape, e.operands = "and", []*expr{from, to}
	}
	return e, nil
}

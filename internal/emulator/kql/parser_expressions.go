package kql

import "slices"

// Expressions, from the loosest binding to the tightest: or, and, equality, order, sum, product,
// string operators, sign, path.

func (p *parser) expression() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.chain(p.conjunction, "or")
}

func (p *parser) conjunction() (*node, error) { return p.chain(p.equality, "and") }

func (p *parser) sum() (*node, error) { return p.chain(p.product, "+", "-") }

func (p *parser) product() (*node, error) { return p.chain(p.stringOperation, "*", "/", "%") }

// chain reads operands joined by operators of equal rank, grouping to the left.
func (p *parser) chain(operand func() (*node, error), operators ...string) (*node, error) {
	left, err := operand()
	for err == nil {
		t := p.peek()
		if !slices.ContainsFunc(operators, t.is) {
			return left, nil
		}
		p.pos++
		var right *node
		if right, err = operand(); err == nil {
			left = &node{kind: binaryNode, start: t.start, text: t.text, args: []*node{left, right}}
		}
	}
	return nil, err
}

// once reads at most one operator: a == b == c is not KQL.
func (p *parser) once(operand func() (*node, error), operators ...string) (*node, error) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	t := p.peek()
	if !slices.ContainsFunc(operators, t.is) {
		return left, nil
	}
	p.pos++
	right, err := operand()
	if err != nil {
		return nil, err
	}
	return &node{kind: binaryNode, start: t.start, text: t.text, args: []*node{left, right}}, nil
}

var listOperators = []string{"in", "!in", "in~", "!in~", "has_any", "has_all"}

func (p *parser) equality() (*node, error) {
	left, err := p.once(p.relation, "==", "!=", "<>")
	if err != nil {
		return nil, err
	}
	t := p.peek()
	switch {
	case slices.ContainsFunc(listOperators, t.is):
		p.pos++
		return p.list(left, t)
	case t.is("between"), t.is("!between"):
		p.pos++
		return p.between(left, t)
	}
	return left, nil
}

func (p *parser) relation() (*node, error) { return p.once(p.sum, "<", ">", "<=", ">=") }

func (p *parser) list(left *node, operator token) (*node, error) {
	n := &node{kind: listNode, start: operator.start, text: operator.text, args: []*node{left}}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for {
		item, err := p.queryOrExpression()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, item)
		if p.accept(",") {
			continue
		}
		return n, p.expect(")")
	}
}

func (p *parser) between(left *node, operator token) (*node, error) {
	n := &node{kind: betweenNode, start: operator.start, text: operator.text}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	low, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err = p.expect(".."); err != nil {
		return nil, err
	}
	high, err := p.expression()
	if err != nil {
		return nil, err
	}
	n.args = []*node{left, low, high}
	return n, p.expect(")")
}

var stringOperators = []string{
	"=~", "!~", "has", "!has", "has_cs", "!has_cs", "hasprefix", "!hasprefix", "hasprefix_cs", "!hasprefix_cs",
	"hassuffix", "!hassuffix", "hassuffix_cs", "!hassuffix_cs", "contains", "!contains", "contains_cs", "!contains_cs",
	"startswith", "!startswith", "startswith_cs", "!startswith_cs", "endswith", "!endswith", "endswith_cs", "!endswith_cs",
}

func (p *parser) stringOperation() (*node, error) {
	left, err := p.unary()
	for err == nil {
		t := p.peek()
		text := t.text
		switch {
		case t.is("matches") && p.ahead(1).is("regex"):
			p.pos++
			text = "matches regex"
		case slices.ContainsFunc(stringOperators, t.is):
		default:
			return left, nil
		}
		p.pos++
		var right *node
		if right, err = p.unary(); err == nil {
			left = &node{kind: binaryNode, start: t.start, text: text, args: []*node{left, right}}
		}
	}
	return nil, err
}

func (p *parser) unary() (*node, error) {
	t := p.peek()
	if !t.is("-") && !t.is("+") {
		return p.path()
	}
	p.pos++
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	operand, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &node{kind: unaryNode, start: t.start, text: t.text, args: []*node{operand}}, nil
}

// path reads a primary expression and what is taken from it: a.b["c"][0].
func (p *parser) path() (*node, error) {
	n, err := p.primary()
	for err == nil {
		t := p.peek()
		switch {
		case t.is(".") && (p.ahead(1).kind == nameToken || p.ahead(1).is("[")):
			p.pos++
			var name string
			if name, err = p.name(); err == nil {
				n = &node{kind: memberNode, start: t.start, text: name, args: []*node{n}}
			}
		case t.is("["):
			p.pos++
			var index *node
			if index, err = p.expression(); err == nil {
				n = &node{kind: elementNode, start: t.start, args: []*node{n, index}}
				err = p.expect("]")
			}
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) primary() (*node, error) {
	t := p.peek()
	switch {
	case t.kind == literalToken:
		return p.literal()
	case t.is("("):
		p.pos++
		inner, err := p.queryOrExpression()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case t.is("*"):
		p.pos++
		return &node{kind: starNode, start: t.start, text: "*"}, nil
	case t.is("["):
		name, err := p.name()
		return &node{kind: nameNode, start: t.start, text: name}, err
	case t.is("typeof") && p.ahead(1).is("("):
		p.pos += 2
		typ, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return &node{kind: typeNode, start: t.start, value: Null(typ)}, p.expect(")")
	case t.kind == nameToken:
		p.pos++
		if p.peek().is("(") {
			return p.call(t)
		}
		return &node{kind: nameNode, start: t.start, text: t.text}, nil
	}
	return nil, p.expected("an expression")
}

// literal reads one literal; string literals that follow each other are one string.
func (p *parser) literal() (*node, error) {
	t := p.next()
	n := &node{kind: literalNode, start: t.start, value: t.value}
	for t.value.Type() == String {
		more := p.peek()
		if more.kind != literalToken || more.value.Type() != String {
			break
		}
		p.pos++
		n.value = NewString(n.value.Text() + more.value.Text())
	}
	return n, nil
}

func (p *parser) call(name token) (*node, error) {
	n := &node{kind: callNode, start: name.start, text: name.text}
	p.pos++
	for !p.accept(")") {
		if len(n.args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.argument()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
	}
	return n, nil
}

func (p *parser) argument() (*node, error) {
	if p.peek().kind == nameToken && p.ahead(1).is("=") {
		return p.assignment()
	}
	return p.queryOrExpression()
}

// assignment reads `expression`, `name = expression` or `(a, b) = expression`.
func (p *parser) assignment() (*node, error) {
	start := p.peek().start
	var names []string
	from := p.pos
	switch {
	case p.peek().is("("):
		p.pos++
		for {
			name, err := p.name()
			if err != nil {
				names = nil
				break
			}
			names = append(names, name)
			if !p.accept(",") {
				break
			}
		}
		if !p.accept(")") || !p.accept("=") {
			names = nil
		}
	case p.peek().kind == nameToken || p.peek().is("["):
		if name, err := p.name(); err == nil && p.accept("=") {
			names = []string{name}
		}
	}
	if names == nil {
		p.pos = from
	}
	n, err := p.expression()
	if err != nil || names == nil {
		return n, err
	}
	return &node{kind: assignNode, start: start, names: names, args: []*node{n}}, nil
}

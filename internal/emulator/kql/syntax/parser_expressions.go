package syntax

import (
	"slices"
)

// Expressions, from the loosest binding to the tightest: or, and, equality, order, sum, string operators, sign, path.

// The operators of expressions, but for and, or, between and matches regex.
var (
	equalityOperators = []string{"==", "!="}
	orderOperators    = []string{"<", ">", "<=", ">="}
	sumOperators      = []string{"+", "-"}
	listOperators     = []string{"in", "!in", "in~", "!in~", "has_any", "has_all"}
	stringOperators   = []string{
		"=~", "!~", "has", "!has", "has_cs", "!has_cs", "contains", "!contains", "contains_cs", "!contains_cs",
		"startswith", "!startswith", "startswith_cs", "!startswith_cs", "endswith", "!endswith", "endswith_cs", "!endswith_cs",
	}
)

func (p *parser) expression() (*Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.chain(p.conjunction, "or")
}

func (p *parser) conjunction() (*Node, error) { return p.chain(p.equality, "and") }

func (p *parser) sum() (*Node, error) { return p.chain(p.stringOperation, sumOperators...) }

// chain reads operands joined by operators of equal rank, grouping to the left.
func (p *parser) chain(operand func() (*Node, error), operators ...string) (*Node, error) {
	left, err := operand()
	for err == nil {
		t := p.peek()
		if !slices.ContainsFunc(operators, t.is) {
			return left, nil
		}
		p.pos++
		var right *Node
		if right, err = operand(); err == nil {
			left = &Node{Kind: Binary, Start: t.start, Text: t.text, Args: []*Node{left, right}}
		}
	}
	return nil, err
}

// once reads at most one operator: a == b == c is not KQL.
func (p *parser) once(operand func() (*Node, error), operators ...string) (*Node, error) {
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
	return &Node{Kind: Binary, Start: t.start, Text: t.text, Args: []*Node{left, right}}, nil
}

func (p *parser) equality() (*Node, error) {
	left, err := p.once(p.relation, equalityOperators...)
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

func (p *parser) relation() (*Node, error) { return p.once(p.sum, orderOperators...) }

func (p *parser) list(left *Node, operator token) (*Node, error) {
	n := &Node{Kind: List, Start: operator.start, Text: operator.text, Args: []*Node{left}}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for {
		item, err := p.queryOrExpression()
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, item)
		if p.accept(",") {
			continue
		}
		return n, p.expect(")")
	}
}

func (p *parser) between(left *Node, operator token) (*Node, error) {
	n := &Node{Kind: Between, Start: operator.start, Text: operator.text}
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
	n.Args = []*Node{left, low, high}
	return n, p.expect(")")
}

func (p *parser) stringOperation() (*Node, error) {
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
		var right *Node
		if right, err = p.unary(); err == nil {
			left = &Node{Kind: Binary, Start: t.start, Text: text, Args: []*Node{left, right}}
		}
	}
	return nil, err
}

func (p *parser) unary() (*Node, error) {
	t := p.peek()
	if !p.accept("-") {
		return p.path()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	operand, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &Node{Kind: Minus, Start: t.start, Text: t.text, Args: []*Node{operand}}, nil
}

// path reads a primary expression and what is taken from it: a.b.["c"].
func (p *parser) path() (*Node, error) {
	n, err := p.primary()
	for err == nil {
		t := p.peek()
		if !t.is(".") || p.ahead(1).kind != nameToken && !p.ahead(1).is("[") {
			return n, nil
		}
		p.pos++
		var name string
		if name, err = p.name(); err == nil {
			n = &Node{Kind: Member, Start: t.start, Text: name, Args: []*Node{n}}
		}
	}
	return nil, err
}

func (p *parser) primary() (*Node, error) {
	t := p.peek()
	switch {
	case t.kind == literalToken:
		return p.literal(), nil
	case t.is("("):
		p.pos++
		inner, err := p.queryOrExpression()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case t.is("*"):
		p.pos++
		return &Node{Kind: Star, Start: t.start, Text: "*"}, nil
	case t.is("["):
		name, err := p.name()
		return &Node{Kind: Name, Start: t.start, Text: name}, err
	case t.kind == nameToken:
		p.pos++
		if p.peek().is("(") {
			return p.call(t)
		}
		return &Node{Kind: Name, Start: t.start, Text: t.text}, nil
	}
	return nil, p.expected("an expression")
}

func (p *parser) call(name token) (*Node, error) {
	n := &Node{Kind: Call, Start: name.start, Text: name.text}
	p.pos++
	for !p.accept(")") {
		if len(n.Args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.assignment()
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, arg)
	}
	return n, nil
}

// assignment reads `expression` or `name = expression`.
func (p *parser) assignment() (*Node, error) {
	start, from := p.peek().start, p.pos
	name, err := p.name()
	if err != nil || !p.accept("=") {
		p.pos = from
		return p.expression()
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &Node{Kind: Assign, Start: start, Text: name, Args: []*Node{n}}, nil
}

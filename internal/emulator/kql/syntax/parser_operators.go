package syntax

// queryOrExpression reads an expression, or a query where operators or a source keyword say so.
func (p *parser) queryOrExpression() (*Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	t := p.peek()
	q := &Pipeline{}
	var err error
	switch {
	case p.atSource():
		q.First, err = p.operator()
	default:
		if q.Source, err = p.expression(); err == nil && !p.peek().is("|") {
			return q.Source, nil
		}
	}
	for err == nil && p.accept("|") {
		var o *Operator
		if o, err = p.operator(); err == nil {
			q.Operators = append(q.Operators, o)
		}
	}
	if err != nil {
		return nil, err
	}
	return &Node{Kind: Query, Start: t.start, Pipeline: q}, nil
}

type operatorParser func(p *parser, o *Operator) error

// Filled in init, since reading an operator may read a whole query.
var operatorParsers map[string]operatorParser

func init() {
	operatorParsers = map[string]operatorParser{
		"where": readWhere, "extend": readColumns, "project": readColumns, "print": readColumns,
		"take": readTake, "sort": readSort, "order": readSort,
		"summarize": readSummarize, "join": readJoin, "union": readUnion,
	}
}

func (p *parser) operator() (*Operator, error) {
	t := p.peek()
	if t.kind != nameToken {
		return nil, p.expected("a query operator")
	}
	p.pos++
	o := &Operator{Name: t.text, Start: t.start}
	// A name such as project-away is one word, or it would be read as project and a negative column.
	for end := t.end; p.peek().is("-") && p.peek().start == end && p.ahead(1).kind == nameToken && p.ahead(1).start == end+1; {
		o.Name += "-" + p.ahead(1).text
		end = p.ahead(1).end
		p.pos += 2
	}
	read, ok := operatorParsers[o.Name]
	if !ok {
		return nil, syntaxError(t.start, "The query contains syntax errors: A recognition error occurred. Query operator '%s' is not recognized at position %d.", o.Name, t.start)
	}
	return o, read(p, o)
}

func readWhere(p *parser, o *Operator) error {
	n, err := p.expression()
	o.Columns = []*Node{n}
	return err
}

func readColumns(p *parser, o *Operator) (err error) {
	o.Columns, err = readAssignments(p)
	return err
}

func readAssignments(p *parser) ([]*Node, error) { return p.separated(p.assignment) }

// separated reads one or more with commas between them.
func (p *parser) separated(read func() (*Node, error)) ([]*Node, error) {
	var all []*Node
	for {
		n, err := read()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		if !p.accept(",") {
			return all, nil
		}
	}
}

func readTake(p *parser, o *Operator) (err error) {
	o.Limit, err = p.expression()
	return err
}

func readSort(p *parser, o *Operator) error {
	if err := p.expect("by"); err != nil {
		return err
	}
	for {
		n, err := p.expression()
		if err != nil {
			return err
		}
		ascending := p.accept("asc")
		if !ascending {
			p.accept("desc")
		}
		o.Orders = append(o.Orders, Ordering{Expression: n, Ascending: ascending})
		if !p.accept(",") {
			return nil
		}
	}
}

func readSummarize(p *parser, o *Operator) (err error) {
	if o.Columns, err = readAssignments(p); err != nil {
		return err
	}
	if p.accept("by") {
		o.By, err = readAssignments(p)
	}
	return err
}

// readJoin reads kind=K right on columns.
func readJoin(p *parser, o *Operator) (err error) {
	if p.peek().is("kind") && p.ahead(1).is("=") {
		p.pos += 2
		o.Kind = p.next().text
	}
	right, err := p.path()
	if err != nil {
		return err
	}
	o.Tables = []*Node{right}
	if err = p.expect("on"); err != nil {
		return err
	}
	o.Columns, err = p.separated(p.expression)
	return err
}

func readUnion(p *parser, o *Operator) (err error) {
	o.Tables, err = p.separated(p.path)
	return err
}

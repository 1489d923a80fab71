package kql

import "slices"

// queryOrExpression reads an expression, or a query where operators or a source keyword say so.
func (p *parser) queryOrExpression() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	t := p.peek()
	q := &pipeline{}
	var err error
	switch {
	case p.atSource():
		q.first, err = p.operator()
	default:
		if q.source, err = p.expression(); err == nil && !p.peek().is("|") {
			return q.source, nil
		}
	}
	for err == nil && p.accept("|") {
		var o *operator
		if o, err = p.operator(); err == nil {
			q.operators = append(q.operators, o)
		}
	}
	if err != nil {
		return nil, err
	}
	return &node{kind: queryNode, start: t.start, query: q}, nil
}

var sourceOperators = []string{"union", "print", "datatable", "range", "search", "find", "externaldata", "evaluate"}

// atSource tells the operators that can begin a query from columns of the same name.
func (p *parser) atSource() bool {
	t := p.peek()
	if t.kind != nameToken || !slices.Contains(sourceOperators, t.text) {
		return false
	}
	after := p.ahead(1)
	if t.text == "datatable" || t.text == "union" || t.text == "print" {
		return after.kind != endToken && (after.kind != punctuationToken || after.is("(") || after.is("[") || after.is("-"))
	}
	return after.kind == nameToken || t.text == "externaldata" && after.is("(")
}

type operatorParser func(p *parser, o *operator) error

// Filled in init, since reading an operator may read a whole query.
var operatorParsers map[string]operatorParser

func init() {
	operatorParsers = map[string]operatorParser{
		"where": (*parser).one, "filter": (*parser).one,
		"extend": (*parser).many, "project": (*parser).manyOrNone, "print": (*parser).many, "distinct": (*parser).many,
		"serialize": (*parser).manyOrNone, "project-away": (*parser).wildcards, "project-keep": (*parser).wildcards,
		"project-reorder": (*parser).wildcards, "project-rename": (*parser).many,
		"sample": (*parser).count, "take": (*parser).count, "limit": (*parser).count, "top": (*parser).top, "sort": (*parser).sort, "order": (*parser).sort,
		"count": (*parser).nothing, "getschema": (*parser).nothing, "summarize": (*parser).summarize,
		"join": (*parser).join, "lookup": (*parser).join, "union": (*parser).union, "mv-expand": (*parser).mvExpand, "mvexpand": (*parser).mvExpand,
		"datatable": (*parser).datatable, "range": (*parser).rangeValues,
	}
}

func (p *parser) operator() (*operator, error) {
	t := p.peek()
	if t.kind != nameToken {
		return nil, p.expected("a query operator")
	}
	p.pos++
	o := &operator{name: t.text, start: t.start, options: map[string]*node{}}
	for end := t.end; p.peek().is("-") && p.peek().start == end && p.ahead(1).kind == nameToken && p.ahead(1).start == end+1; {
		o.name += "-" + p.ahead(1).text
		end = p.ahead(1).end
		p.pos += 2
	}
	read, ok := operatorParsers[o.name]
	if !ok {
		return nil, syntaxError(t.start, "The query contains syntax errors: A recognition error occurred. Query operator '%s' is not recognized at position %d.", o.name, t.start)
	}
	return o, read(p, o)
}

func (p *parser) nothing(*operator) error { return nil }

func (p *parser) one(o *operator) error {
	n, err := p.expression()
	o.columns = []*node{n}
	return err
}

func (p *parser) many(o *operator) (err error) {
	o.columns, err = p.assignments()
	return err
}

func (p *parser) manyOrNone(o *operator) error {
	if t := p.peek(); t.kind == endToken || t.is("|") || t.is(")") || t.is(";") || t.is("}") {
		return nil
	}
	return p.many(o)
}

func (p *parser) assignments() ([]*node, error) {
	var all []*node
	for {
		n, err := p.assignment()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		if !p.accept(",") {
			return all, nil
		}
	}
}

// wildcards reads names that may hold * anywhere; project-reorder may add asc or desc.
func (p *parser) wildcards(o *operator) error {
	for {
		n := &node{kind: nameNode, start: p.peek().start}
		if p.peek().is("[") {
			name, err := p.name()
			if err != nil {
				return err
			}
			n.text = name
		} else {
			for end := n.start; p.peek().start == end && (p.peek().kind == nameToken || p.peek().is("*")); {
				t := p.next()
				if t.text == "*" {
					n.kind = wildcardNode
				}
				n.text += t.text
				end = t.end
			}
		}
		if n.text == "" {
			return p.expected("a column")
		}
		o.columns = append(o.columns, n)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) count(o *operator) (err error) {
	o.limit, err = p.expression()
	return err
}

func (p *parser) top(o *operator) (err error) {
	if o.limit, err = p.expression(); err != nil {
		return err
	}
	if err = p.expect("by"); err != nil {
		return err
	}
	if err = p.orders(o); err == nil && len(o.orders) > 1 {
		return syntaxError(o.start, "The query contains syntax errors: 'top' takes one expression.")
	}
	return err
}

func (p *parser) sort(o *operator) error {
	if err := p.expect("by"); err != nil {
		return err
	}
	return p.orders(o)
}

func (p *parser) orders(o *operator) error {
	for {
		n, err := p.assignment()
		if err != nil {
			return err
		}
		term := ordering{expression: n}
		if p.accept("asc") {
			term.ascending = true
		} else {
			p.accept("desc")
		}
		term.nullsFirst = term.ascending
		if p.accept("nulls") {
			switch {
			case p.accept("first"):
				term.nullsFirst = true
			case p.accept("last"):
				term.nullsFirst = false
			default:
				return p.expected("first or last")
			}
		}
		o.orders = append(o.orders, term)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) summarize(o *operator) (err error) {
	if err = p.readOptions(o); err != nil {
		return err
	}
	if !p.peek().is("by") {
		if o.columns, err = p.assignments(); err != nil {
			return err
		}
	}
	if p.accept("by") {
		o.hasBy = true
		o.by, err = p.assignments()
	}
	return err
}

// readOptions reads name=value pairs such as kind=inner or hint.strategy=shuffle.
func (p *parser) readOptions(o *operator) error {
	for p.peek().kind == nameToken {
		t := p.peek()
		name, width := t.text, 1
		if p.ahead(1).is(".") && t.text == "hint" {
			name, width = "hint."+p.ahead(2).text, 3
		}
		if !p.ahead(width).is("=") || o.name == "summarize" && t.text != "hint" {
			return nil
		}
		p.pos += width + 1
		value := p.next()
		isString := value.value.Type() == String
		if value.kind != nameToken && value.kind != literalToken || isString && name != "withsource" {
			p.pos--
			return p.expected("a value of " + name)
		}
		given := value.text
		if isString {
			given = value.value.Text()
		}
		o.options[name] = &node{start: value.start, text: given}
	}
	return nil
}

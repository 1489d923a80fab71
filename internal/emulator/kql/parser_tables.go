package kql

// join reads kind=K right on conditions.
func (p *parser) join(o *operator) error {
	if err := p.readOptions(o); err != nil {
		return err
	}
	right, err := p.path()
	if err != nil {
		return err
	}
	o.tables = []*node{right}
	if err = p.readOptions(o); err != nil {
		return err
	}
	if err = p.expect("on"); err != nil {
		return err
	}
	for {
		condition, err := p.expression()
		if err != nil {
			return err
		}
		o.columns = append(o.columns, condition)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) union(o *operator) error {
	if err := p.readOptions(o); err != nil {
		return err
	}
	for {
		start := p.pos
		t, err := p.path()
		if err != nil {
			return err
		}
		if p.peek().is("*") {
			p.pos = start
			return p.expected("a table's full name (wildcards are not supported)")
		}
		o.tables = append(o.tables, t)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) mvExpand(o *operator) error {
	for p.peek().kind == nameToken && p.ahead(1).is("=") && (p.peek().text == "bagexpansion" || p.peek().text == "kind" || p.peek().text == "with_itemindex") {
		name := p.next().text
		p.pos++
		value := p.next()
		if value.kind != nameToken {
			p.pos--
			return p.expected("a value of " + name)
		}
		o.options[name] = &node{start: value.start, text: value.text}
	}
	for {
		n, err := p.assignment()
		if err != nil {
			return err
		}
		typ := Unknown
		if p.accept("to") {
			t, err := p.primary()
			if err != nil {
				return err
			}
			if t.kind != typeNode {
				return p.expected("typeof(type)")
			}
			typ = t.value.Type()
		}
		o.columns = append(o.columns, n)
		o.types = append(o.types, typ)
		if !p.accept(",") {
			break
		}
	}
	if p.accept("limit") {
		return p.count(o)
	}
	return nil
}

// datatable reads (a: long, b: string) [1, "x", ...].
func (p *parser) datatable(o *operator) (err error) {
	if o.schema, err = p.columnDeclarations(); err != nil {
		return err
	}
	if err = p.expect("["); err != nil {
		return err
	}
	for !p.accept("]") {
		cell, err := p.expression()
		if err != nil {
			return err
		}
		o.columns = append(o.columns, cell)
		if !p.accept(",") {
			return p.expect("]")
		}
	}
	return nil
}

// rangeValues reads x from a to b step c.
func (p *parser) rangeValues(o *operator) error {
	name, err := p.name()
	if err != nil {
		return err
	}
	o.schema = []Column{{Name: name}}
	for _, word := range []string{"from", "to", "step"} {
		if err = p.expect(word); err != nil {
			return err
		}
		bound, err := p.expression()
		if err != nil {
			return err
		}
		o.columns = append(o.columns, bound)
	}
	return nil
}

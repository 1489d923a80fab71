package syntax

// parser reads by recursive descent: a method for each rule of the language.
type parser struct{ cursor }

// Parse reads a query: statements, of which the last gives the result. Its errors are of type *Error.
func Parse(text string) ([]Statement, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{cursor{tokens: tokens}}
	return p.statements()
}

// statements reads statements that stand apart by semicolons.
func (p *parser) statements() ([]Statement, error) {
	var all []Statement
	for {
		for p.accept(";") {
			continue
		}
		if p.peek().kind == endToken {
			break
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		if end := p.peek(); end.kind != endToken && !end.is(";") {
			return nil, p.expected("; or |")
		}
	}
	if len(all) == 0 || all[len(all)-1].Name != "" {
		return nil, p.expected("a query")
	}
	for _, s := range all[:len(all)-1] {
		if s.Name == "" {
			return nil, syntaxError(s.Start, "The query contains syntax errors: only one tabular expression statement is supported.")
		}
	}
	return all, nil
}

func (p *parser) statement() (Statement, error) {
	s := Statement{Start: p.peek().start}
	var err error
	if p.peek().is("let") && p.ahead(1).kind == nameToken && p.ahead(2).is("=") {
		p.pos++
		if s.Name, err = p.name(); err != nil {
			return s, err
		}
		p.pos++
	}
	s.Body, err = p.queryOrExpression()
	return s, err
}

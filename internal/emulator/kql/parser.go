package kql

// maxDepth bounds how deep expressions and queries may nest, so that no text exhausts the stack.
const maxDepth = 200

type parser struct {
	tokens []token
	pos    int
	depth  int
}

func parse(text string) ([]statement, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	statements, err := p.statements(endToken, "")
	if err != nil {
		return nil, err
	}
	return statements, nil
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) ahead(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != endToken {
		p.pos++
	}
	return t
}

func (t token) is(text string) bool {
	return t.text == text && (t.kind == punctuationToken || t.kind == nameToken)
}

// accept takes the next token if it is text.
func (p *parser) accept(text string) bool {
	if p.peek().is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.expected(text)
	}
	return nil
}

func (p *parser) expected(what string) *Error {
	t := p.peek()
	if t.kind == endToken {
		return syntaxError(t.start, "The query contains syntax errors: Expected: %s at the end of the query.", what)
	}
	return syntaxError(t.start, "The query contains syntax errors: Expected: %s but found '%s' at position %d.", what, t.text, t.start)
}

// enter guards recursion; call leave when done.
func (p *parser) enter() error {
	p.depth++
	if p.depth > maxDepth {
		return syntaxError(p.peek().start, "The query contains syntax errors: the query is nested too deeply.")
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// name reads an identifier or a bracketed name such as ['a b'].
func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind == nameToken {
		p.pos++
		return t.text, nil
	}
	if t.is("[") {
		if s := p.ahead(1); s.kind == literalToken && s.value.Type() == String && p.ahead(2).is("]") {
			p.pos += 3
			return s.value.Text(), nil
		}
	}
	return "", p.expected("a name")
}

// statements reads `;`-separated statements up to a token of kind end (or the text close).
func (p *parser) statements(end tokenKind, closing string) ([]statement, error) {
	var all []statement
	atEnd := func() bool {
		t := p.peek()
		return t.kind == endToken || end != endToken && t.is(closing)
	}
	for {
		for p.accept(";") {
			continue
		}
		if atEnd() {
			break
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		if !atEnd() && !p.peek().is(";") {
			return nil, p.expected("; or |")
		}
	}
	if len(all) == 0 || all[len(all)-1].name != "" {
		return nil, p.expected("a query")
	}
	for _, s := range all[:len(all)-1] {
		if s.name == "" {
			return nil, syntaxError(s.start, "The query contains syntax errors: only one tabular expression statement is supported.")
		}
	}
	return all, nil
}

func (p *parser) statement() (statement, error) {
	s := statement{start: p.peek().start}
	var err error
	if p.peek().is("let") && p.ahead(1).kind == nameToken && p.ahead(2).is("=") {
		p.pos++
		if s.name, err = p.name(); err != nil {
			return s, err
		}
		p.pos++
		if p.isFunction() {
			s.function, err = p.function()
			return s, err
		}
	}
	s.body, err = p.queryOrExpression()
	return s, err
}

// isFunction looks ahead for `(a: type, ...) {`, `() {` or `view () {`.
func (p *parser) isFunction() bool {
	i := 0
	if p.peek().is("view") {
		i = 1
	}
	if !p.ahead(i).is("(") {
		return false
	}
	return p.ahead(i+1).is(")") && p.ahead(i+2).is("{") || p.ahead(i+1).kind == nameToken && p.ahead(i+2).is(":")
}

func (p *parser) function() (*functionNode, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.accept("view")
	if err := p.expect("("); err != nil {
		return nil, err
	}
	f := &functionNode{}
	for !p.accept(")") {
		if len(f.parameters) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		parameter, err := p.parameter()
		if err != nil {
			return nil, err
		}
		f.parameters = append(f.parameters, parameter)
	}
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	var err error
	if f.body, err = p.statements(punctuationToken, "}"); err != nil {
		return nil, err
	}
	return f, p.expect("}")
}

func (p *parser) parameter() (parameter, error) {
	var q parameter
	var err error
	if q.name, err = p.name(); err != nil {
		return q, err
	}
	if err = p.expect(":"); err != nil {
		return q, err
	}
	if p.peek().is("(") {
		if p.ahead(1).is("*") && p.ahead(2).is(")") {
			p.pos += 3
			return q, nil
		}
		q.columns, err = p.columnDeclarations()
		return q, err
	}
	if q.typ, err = p.typeName(); err != nil {
		return q, err
	}
	if p.accept("=") {
		q.preset, err = p.expression()
	}
	return q, err
}

var typeNames = map[string]Type{
	"bool": Bool, "boolean": Bool, "int": Int, "long": Long, "real": Real, "double": Real, "datetime": DateTime, "date": DateTime,
	"timespan": TimeSpan, "time": TimeSpan, "string": String, "dynamic": Dynamic, "guid": GUID,
}

func (p *parser) typeName() (Type, error) {
	t, ok := typeNames[p.peek().text]
	if !ok {
		return Unknown, p.expected("a type")
	}
	p.pos++
	return t, nil
}

// columnDeclarations reads (a: long, b: string).
func (p *parser) columnDeclarations() ([]Column, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var columns []Column
	for !p.accept(")") {
		if len(columns) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if err = p.expect(":"); err != nil {
			return nil, err
		}
		typ, err := p.typeName()
		if err != nil {
			return nil, err
		}
		columns = append(columns, Column{Name: name, Type: typ})
	}
	return columns, nil
}

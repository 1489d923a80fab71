package syntax

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// MaxDepth bounds how deep expressions and queries may nest, so that no text exhausts the stack.
const MaxDepth = 200

type parser struct {
	tokens []token
	pos    int
	depth  int
}

// Parse reads a query: statements, of which the last gives the result. Its errors are of type *Error.
func Parse(text string) ([]Statement, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	return p.statements()
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
	if p.depth > MaxDepth {
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
		if s := p.ahead(1); s.kind == literalToken && s.value.Type() == value.String && p.ahead(2).is("]") {
			p.pos += 3
			return s.value.Text(), nil
		}
	}
	return "", p.expected("a name")
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

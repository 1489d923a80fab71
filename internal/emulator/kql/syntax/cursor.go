package syntax

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// MaxDepth bounds how deep expressions and queries may nest, so that no text exhausts the stack.
const MaxDepth = 200

// cursor is a place among the tokens of a query.
type cursor struct {
	tokens []token
	pos    int
	depth  int
}

func (c *cursor) peek() token { return c.tokens[c.pos] }

func (c *cursor) ahead(n int) token { return c.tokens[min(c.pos+n, len(c.tokens)-1)] }

func (c *cursor) next() token {
	t := c.tokens[c.pos]
	if t.kind != endToken {
		c.pos++
	}
	return t
}

// accept takes the next token if it is text.
func (c *cursor) accept(text string) bool {
	if c.peek().is(text) {
		c.pos++
		return true
	}
	return false
}

func (c *cursor) expect(text string) error {
	if !c.accept(text) {
		return c.expected(text)
	}
	return nil
}

func (c *cursor) expected(what string) *Error {
	t := c.peek()
	if t.kind == endToken {
		return syntaxError(t.start, "The query contains syntax errors: Expected: %s at the end of the query.", what)
	}
	return syntaxError(t.start, "The query contains syntax errors: Expected: %s but found '%s' at position %d.", what, t.text, t.start)
}

// enter guards recursion; call leave when done.
func (c *cursor) enter() error {
	c.depth++
	if c.depth > MaxDepth {
		return syntaxError(c.peek().start, "The query contains syntax errors: the query is nested too deeply.")
	}
	return nil
}

func (c *cursor) leave() { c.depth-- }

// name reads an identifier or a bracketed name such as ['a b'].
func (c *cursor) name() (string, error) {
	t := c.peek()
	if t.kind == nameToken {
		c.pos++
		return t.text, nil
	}
	if t.is("[") {
		if s := c.ahead(1); s.kind == literalToken && s.value.Type() == value.String && c.ahead(2).is("]") {
			c.pos += 3
			return s.value.Text(), nil
		}
	}
	return "", c.expected("a name")
}

// literal reads one literal; string literals that follow each other are one string.
func (c *cursor) literal() *Node {
	t := c.next()
	n := &Node{Kind: Literal, Start: t.start, Value: t.value}
	for t.value.Type() == value.String {
		more := c.peek()
		if more.kind != literalToken || more.value.Type() != value.String {
			break
		}
		c.pos++
		n.Value = value.NewString(n.Value.Text() + more.value.Text())
	}
	return n
}

// atSource tells the operators that can begin a query from columns of the same name.
func (c *cursor) atSource() bool {
	if !c.peek().is("union") && !c.peek().is("print") {
		return false
	}
	after := c.ahead(1)
	return after.kind != endToken && (after.kind != punctuationToken || after.is("(") || after.is("[") || after.is("-"))
}

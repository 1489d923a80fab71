package kql

// What a query may grow to when its let statements and functions are put in place.
const (
	maxOperators = 5000
	maxNodes     = 100_000
)

// binder resolves a query's names. A let statement is bound anew wherever it is used, so that each
// use is narrowed by its own filters.
type binder struct {
	db        Database
	options   Options
	now       int64
	operators int
	nodes     int
	depth     int
}

// scope is what names mean: let statements and parameters, innermost first.
type scope struct {
	parent *scope
	name   string
	scalar *expr
	body   *node // a query, whose own names mean what they mean in home
	home   *scope
	call   *functionNode
}

func (s *scope) find(name string) *scope {
	for ; s != nil; s = s.parent {
		if s.name == name {
			return s
		}
	}
	return nil
}

// enter guards the binding of one node; call leave when done.
func (b *binder) enter(start int) error {
	b.depth++
	b.nodes++
	if b.depth > maxDepth || b.nodes > maxNodes || b.operators > maxOperators {
		return semanticError(start, "", "The query is too complex.")
	}
	return nil
}

func (b *binder) leave() { b.depth-- }

// exprBinder binds the expressions of one operator.
type exprBinder struct {
	b        *binder
	scope    *scope
	operator string
	rel      *relation // whose columns it sees; nil: none
	// aggregates collects aggregate functions; nil: they are not allowed here.
	aggregates *aggregation
	// window collects prev, next and row_number; nil: they are not allowed here.
	window *window
}

func (c *exprBinder) fail(n *node, format string, args ...any) error {
	return semanticError(n.start, c.operator, format, args...)
}

// query binds statements, whose last is the result.
func (b *binder) query(statements []statement) (*relation, error) {
	s, last, err := b.lets(statements, nil)
	if err != nil {
		return nil, err
	}
	return b.tabular(last, s, "")
}

// lets puts each let statement into scope and returns the last statement.
func (b *binder) lets(statements []statement, s *scope) (*scope, *node, error) {
	last := len(statements) - 1
	for _, st := range statements[:last] {
		next := &scope{parent: s, name: st.name}
		switch {
		case st.function != nil:
			next.call = st.function
		case b.isTabular(st.body, s):
			// Bound here too, so that a wrong definition is refused even if nothing uses it.
			if _, err := b.tabular(st.body, s, ""); err != nil {
				return nil, nil, err
			}
			next.body, next.home = st.body, s
		default:
			c := &exprBinder{b: b, scope: s}
			e, err := c.bind(st.body)
			if err != nil {
				return nil, nil, err
			}
			next.scalar = e
		}
		s = next
	}
	return s, statements[last].body, nil
}

// isTabular tells a query from a scalar expression; names decide by what they mean.
func (b *binder) isTabular(n *node, s *scope) bool {
	switch n.kind {
	case queryNode:
		return true
	case nameNode:
		if found := s.find(n.text); found != nil {
			return found.body != nil
		}
		_, ok := b.db.Table(n.text)
		return ok
	case callNode:
		if n.text == "materialize" {
			return true
		}
		if found := s.find(n.text); found != nil && found.call != nil {
			return b.givesTable(found.call, found.parent, n)
		}
	}
	return false
}

// givesTable reports whether a function's body is tabular.
func (b *binder) givesTable(f *functionNode, s *scope, call *node) bool {
	if b.enter(call.start) != nil {
		return false
	}
	defer b.leave()
	for _, p := range f.parameters {
		inner := &scope{parent: s, name: p.name}
		if p.typ == Unknown {
			inner.body = call // only that it is a table counts
		} else {
			inner.scalar = constant(Null(p.typ))
		}
		s = inner
	}
	last := len(f.body) - 1
	for _, st := range f.body[:last] {
		inner := &scope{parent: s, name: st.name, call: st.function}
		if st.function == nil && b.isTabular(st.body, s) {
			inner.body = st.body
		}
		s = inner
	}
	return b.isTabular(f.body[last].body, s)
}

// tabular binds what must be a query; operator is the first one applied to it, for errors.
func (b *binder) tabular(n *node, s *scope, operator string) (*relation, error) {
	if err := b.enter(n.start); err != nil {
		return nil, err
	}
	defer b.leave()
	switch n.kind {
	case queryNode:
		return b.pipeline(n.query, s, operator)
	case nameNode:
		if found := s.find(n.text); found != nil {
			if found.body != nil {
				return b.tabular(found.body, found.home, operator)
			}
		} else if table, ok := b.db.Table(n.text); ok {
			return b.table(table), nil
		}
	case callNode:
		if n.text == "materialize" && len(n.args) == 1 {
			return b.tabular(n.args[0], s, operator)
		}
		if found := s.find(n.text); found != nil && found.call != nil {
			inner, body, err := b.invoke(&exprBinder{b: b, scope: s, operator: operator}, found, n)
			if err != nil {
				return nil, err
			}
			return b.tabular(body, inner, operator)
		}
		return nil, semanticError(n.start, operator, "Failed to resolve table or column expression named '%s'.", n.text)
	}
	name := n.text
	if n.kind != nameNode {
		return nil, semanticError(n.start, operator, "A tabular expression is expected.")
	}
	return nil, semanticError(n.start, operator, "Failed to resolve table or column expression named '%s'.", name)
}

func (b *binder) pipeline(p *pipeline, s *scope, operator string) (*relation, error) {
	if len(p.operators) > 0 {
		operator = p.operators[0].name
	}
	var rel *relation
	var err error
	if p.first != nil {
		rel, err = b.operator(p.first, nil, s)
	} else {
		rel, err = b.tabular(p.source, s, operator)
	}
	for _, o := range p.operators {
		if err != nil {
			return nil, err
		}
		rel, err = b.operator(o, rel, s)
	}
	return rel, err
}

// invoke puts a call's arguments into scope and returns the function's body.
func (b *binder) invoke(c *exprBinder, found *scope, call *node) (*scope, *node, error) {
	f := found.call
	if len(call.args) > len(f.parameters) {
		return nil, nil, c.fail(call, "The function '%s' expects %d arguments.", call.text, len(f.parameters))
	}
	s := found.parent
	for i, p := range f.parameters {
		inner := &scope{parent: s, name: p.name}
		arg := p.preset
		if i < len(call.args) {
			arg = call.args[i]
		}
		if arg == nil {
			return nil, nil, c.fail(call, "The function '%s' expects %d arguments.", call.text, len(f.parameters))
		}
		var err error
		if p.typ == Unknown {
			inner.body, inner.home = arg, c.scope
			err = b.checkArgument(c, arg, p)
		} else {
			inner.scalar, err = c.bind(arg)
			if err == nil && inner.scalar.typ != p.typ {
				inner.scalar, err = c.convert(arg, inner.scalar, p.typ)
			}
		}
		if err != nil {
			return nil, nil, err
		}
		s = inner
	}
	return b.lets(f.body, s)
}

func (b *binder) checkArgument(c *exprBinder, arg *node, p parameter) error {
	rel, err := b.tabular(arg, c.scope, c.operator)
	if err != nil {
		return err
	}
	for _, want := range p.columns {
		if have, ok := rel.column(want.Name); !ok || have.Type != want.Type {
			return c.fail(arg, "The argument '%s' lacks the column '%s'.", p.name, want.Name)
		}
	}
	return nil
}

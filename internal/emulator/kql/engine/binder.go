package engine

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// Options are what a query's meaning depends on beside its text.
type Options struct {
	// Now is now(), and the moment at which rows must be visible.
	Now time.Time
	// Seed draws the order of rows that the query gave no order.
	Seed uint64
	// Timespan, if set, restricts Timestamp in every table that has it, as Graph's Timespan does.
	Timespan *Range
}

// What a query may grow to when its let statements are put in place.
const (
	maxOperators = 5000
	maxNodes     = 100_000
)

// binder resolves a query's names. A let statement is bound anew wherever it is used, so that each
// use is narrowed by its own filters.
type binder struct {
	db        Database
	options   Options
	operators int
	nodes     int
	depth     int
}

// scope is what the names of let statements mean, innermost first.
type scope struct {
	parent *scope
	name   string
	body   *syntax.Node // its own names mean what they mean in parent
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
	if b.depth > syntax.MaxDepth || b.nodes > maxNodes || b.operators > maxOperators {
		return syntax.SemanticError(start, "", "The query is too complex.")
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
	// window collects prev and next; nil: they are not allowed here.
	window *window
}

func (c *exprBinder) fail(n *syntax.Node, format string, args ...any) error {
	return syntax.SemanticError(n.Start, c.operator, format, args...)
}

// query binds statements, whose last is the result.
func (b *binder) query(statements []syntax.Statement) (*relation, error) {
	var s *scope
	last := len(statements) - 1
	for _, st := range statements[:last] {
		// Bound here too, so that a wrong definition is refused even if nothing uses it.
		if _, err := b.tabular(st.Body, s, ""); err != nil {
			return nil, err
		}
		s = &scope{parent: s, name: st.Name, body: st.Body}
	}
	return b.tabular(statements[last].Body, s, "")
}

// isTabular tells a query from a scalar expression; names decide by what they mean.
func (b *binder) isTabular(n *syntax.Node, s *scope) bool {
	switch n.Kind {
	case syntax.Query:
		return true
	case syntax.Name:
		if s.find(n.Text) != nil {
			return true
		}
		_, ok := b.db.Table(n.Text)
		return ok
	default:
		return false
	}
}

// tabular binds what must be a query; operator is the first one applied to it, for errors.
func (b *binder) tabular(n *syntax.Node, s *scope, operator string) (*relation, error) {
	if err := b.enter(n.Start); err != nil {
		return nil, err
	}
	defer b.leave()
	switch n.Kind {
	case syntax.Query:
		return b.pipeline(n.Pipeline, s, operator)
	case syntax.Name:
		if found := s.find(n.Text); found != nil {
			return b.tabular(found.body, found.parent, operator)
		}
		if table, ok := b.db.Table(n.Text); ok {
			return b.table(table), nil
		}
	case syntax.Call:
	default:
		return nil, syntax.SemanticError(n.Start, operator, "A tabular expression is expected.")
	}
	return nil, syntax.SemanticError(n.Start, operator, "Failed to resolve table or column expression named '%s'.", n.Text)
}

func (b *binder) pipeline(p *syntax.Pipeline, s *scope, operator string) (*relation, error) {
	if len(p.Operators) > 0 {
		operator = p.Operators[0].Name
	}
	var rel *relation
	var err error
	if p.First != nil {
		rel, err = b.operator(p.First, nil, s)
	} else {
		rel, err = b.tabular(p.Source, s, operator)
	}
	for _, o := range p.Operators {
		if err != nil {
			return nil, err
		}
		rel, err = b.operator(o, rel, s)
	}
	return rel, err
}

// table begins a pipeline that reads t.
func (b *binder) table(t Table) *relation {
	s := newScan(t, value.Ticks(b.options.Now), b.options.Timespan)
	rel := newRelation(t.Columns(), s.produce)
	rel.fromTable, rel.scan = true, s
	return rel
}

func (c *exprBinder) unresolved(n *syntax.Node) error {
	return c.fail(n, "Failed to resolve scalar expression named '%s'.", n.Text)
}

func (c *exprBinder) undefined(n *syntax.Node, left, right *expr) error {
	return c.fail(n, "The operator '%s' is not defined for the operand types %s and %s.", n.Text, left.typ, right.typ)
}

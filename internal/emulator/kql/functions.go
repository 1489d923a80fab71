package kql

import "maps"

// function is a scalar function. bind gets arguments whose number is right.
type function struct {
	min, max int // of arguments
	// namesResult: a column computed by it without a name takes that of its first argument, after prefix.
	namesResult bool
	prefix      string
	bind        func(c *exprBinder, n *node, args []*expr) (*expr, error)
}

const anyNumber = 64

// functions holds every scalar function but those that read their arguments unbound (see bindCall).
// Filled in init, since binding a function may bind an expression.
var functions map[string]function

func init() {
	functions = map[string]function{}
	for _, group := range []map[string]function{
		timeFunctions(), conversionFunctions(), stringFunctions(), patternFunctions(), logicFunctions(), dynamicFunctions(), hashFunctions(), mathFunctions(),
	} {
		maps.Copy(functions, group)
	}
}

// Masks of types that an argument may have.
type types uint16

func (t types) has(typ Type) bool { return t&(1<<typ) != 0 }

const (
	integers  types = 1<<Int | 1<<Long
	numbers         = integers | 1<<Real
	texts     types = 1<<String | 1<<Dynamic
	words           = anything | 1<<15 // whatever it is, its text counts
	objects   types = 1 << Dynamic
	moments   types = 1 << DateTime
	spans     types = 1 << TimeSpan
	truths    types = 1 << Bool
	anything  types = 1<<15 - 1
	scalars         = anything &^ objects
	orderable       = numbers | moments | spans
)

// plain makes a function that gives typ from arguments of the given types (the last repeats) once all
// are computed.
func plain(typ Type, least, most int, f func([]Value) Value, parameters ...types) function {
	return function{min: least, max: most, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
		if err := c.check(n, args, parameters...); err != nil {
			return nil, err
		}
		for i, a := range args {
			if p := parameters[min(i, len(parameters)-1)]; p == texts || p == words {
				args[i] = convertExpr(a, String)
			}
		}
		return variadicExpr(typ, args, f), nil
	}}
}

// named makes a column computed by f take the name of its first argument, after prefix.
func (f function) named(prefix string) function {
	f.namesResult, f.prefix = true, prefix
	return f
}

// check refuses arguments whose types are not among parameters, of which the last repeats.
func (c *exprBinder) check(n *node, args []*expr, parameters ...types) error {
	for i, a := range args {
		if want := parameters[min(i, len(parameters)-1)]; !want.has(a.typ) {
			return c.fail(n.args[i], "The function '%s' does not take a value of type %s as argument %d.", n.text, a.typ, i+1)
		}
	}
	return nil
}

// bindSpecial binds the functions that look at their arguments before they are bound.
func (c *exprBinder) bindSpecial(n *node) (*expr, bool, error) {
	var e *expr
	var err error
	switch n.text {
	case "ingestion_time":
		if len(n.args) > 0 {
			return nil, true, c.arity(n, 0, 0)
		}
		e = c.ingestionTime()
	case "prev", "next", "row_number", "row_cumsum":
		e, err = c.bindWindow(n)
	case "toscalar":
		e, err = c.bindScalarQuery(n)
	case "pack_all":
		e, err = c.bindPackAll(n)
	default:
		return nil, false, nil
	}
	return e, true, err
}

func (c *exprBinder) arity(n *node, least, most int) error {
	if least == most {
		return c.fail(n, "The function '%s' expects %d argument(s).", n.text, least)
	}
	return c.fail(n, "The function '%s' expects between %d and %d arguments.", n.text, least, most)
}

func (c *exprBinder) bindCall(n *node) (*expr, error) {
	if found := c.scope.find(n.text); found != nil && found.call != nil {
		return c.bindUserFunction(found, n)
	}
	if e, special, err := c.bindSpecial(n); special {
		return e, err
	}
	if a, ok := aggregates[n.text]; ok {
		if c.aggregates == nil {
			return nil, c.fail(n, "The aggregate function '%s' is not allowed in this context.", n.text)
		}
		return c.aggregates.bindNested(n, a)
	}
	f, ok := functions[n.text]
	if !ok {
		return nil, c.unresolved(n)
	}
	if len(n.args) < f.min || len(n.args) > f.max {
		return nil, c.arity(n, f.min, f.max)
	}
	args, err := c.bindArguments(n)
	if err != nil {
		return nil, err
	}
	return f.bind(c, n, args)
}

// bindArguments binds a call's arguments; extract's typeof(T) becomes a null of T.
func (c *exprBinder) bindArguments(n *node) ([]*expr, error) {
	args := make([]*expr, len(n.args))
	for i, arg := range n.args {
		if arg.kind == typeNode && n.text == "extract" {
			args[i] = constant(arg.value)
			continue
		}
		e, err := c.bind(arg)
		if err != nil {
			return nil, err
		}
		args[i] = e
	}
	return args, nil
}

// bindUserFunction puts a let function's body in place of the call.
func (c *exprBinder) bindUserFunction(found *scope, n *node) (*expr, error) {
	s, body, err := c.b.invoke(c, found, n)
	if err != nil {
		return nil, err
	}
	if c.b.isTabular(body, s) {
		return nil, c.fail(n, "A tabular expression is not allowed in this context; use toscalar().")
	}
	inner := &exprBinder{b: c.b, scope: s, operator: c.operator}
	return inner.bind(body)
}

func (c *exprBinder) ingestionTime() *expr {
	if c.rel == nil || !c.rel.fromTable {
		return constant(Null(DateTime))
	}
	return &expr{typ: DateTime, slot: -1, shape: "ingestion_time", eval: func(r *record) Value { return r.source.IngestionTime() }}
}

// bindScalarQuery binds toscalar(query): the first column of the first row, null if there is none.
func (c *exprBinder) bindScalarQuery(n *node) (*expr, error) {
	if len(n.args) != 1 {
		return nil, c.arity(n, 1, 1)
	}
	if !c.b.isTabular(n.args[0], c.scope) {
		return c.bind(n.args[0])
	}
	rel, err := c.b.tabular(n.args[0], c.scope, c.operator)
	if err != nil {
		return nil, err
	}
	if len(rel.columns) == 0 {
		return nil, c.fail(n, "The query in toscalar() has no columns.")
	}
	q := &subquery{rel: rel}
	typ := rel.columns[0].Type
	return &expr{typ: typ, slot: -1, eval: func(r *record) Value {
		if done, ok := r.run.scalars[q].(Value); ok {
			return done
		}
		v := Null(typ)
		if all := q.column(r.run); len(all) > 0 {
			v = all[0]
		}
		r.run.scalars[q] = v
		return v
	}}, nil
}

// resultName is the name a column has if the query gives it none; empty: a numbered one.
func resultName(n *node) string {
	switch n.kind {
	case nameNode:
		return n.text
	case memberNode:
		if inner := resultName(n.args[0]); inner != "" {
			return inner + "_" + n.text
		}
	case elementNode:
		inner, index := resultName(n.args[0]), n.args[1]
		if inner != "" && index.kind == literalNode {
			return inner + "_" + text(index.value)
		}
	case callNode:
		if n.text == "ingestion_time" {
			return "$IngestionTime"
		}
		if _, ok := aggregates[n.text]; ok {
			return aggregateName(n)
		}
		if f, ok := functions[n.text]; ok && f.namesResult && len(n.args) > 0 {
			if inner := resultName(n.args[0]); inner != "" {
				return f.prefix + inner
			}
		}
	}
	return ""
}

package engine

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// unboundFunctions are what bindCall binds by itself.
var unboundFunctions = []string{"ingestion_time", "prev", "next"}

// functions holds the other scalar functions.
var functions = map[string]function{
	"now": {bind: func(c *exprBinder, _ *syntax.Node, _ []*expr) (*expr, error) { return c.now(), nil }},
	"ago": {min: 1, max: 1, bind: checked(func(c *exprBinder, args []*expr) *expr {
		return binaryExpr(value.DateTime, c.now(), args[0], value.Sum("-", value.DateTime))
	}, spans)},
	"bin":  {min: 2, max: 2, namesResult: true, bind: bindBin},
	"hash": {min: 1, max: 2, bind: checked(bindHash, scalars, integers)},

	"tostring": {min: 1, max: 1, namesResult: true, bind: checked(func(_ *exprBinder, args []*expr) *expr {
		return convertExpr(args[0], value.String)
	}, anything)},
	"parse_json": {min: 1, max: 1, namesResult: true, bind: checked(func(_ *exprBinder, args []*expr) *expr {
		return unaryExpr(value.Dynamic, args[0], func(v value.Value) value.Value {
			if v.Type() == value.Dynamic {
				return v
			}
			return value.ParseJSON(v.Text())
		})
	}, texts)},
	"bag_pack": {min: 2, max: anyNumber, bind: bindBag},

	"strcat": {min: 1, max: anyNumber, bind: checked(func(_ *exprBinder, args []*expr) *expr {
		return variadicExpr(value.String, args, concatenate)
	}, anything)},
	"tolower": {min: 1, max: 1, bind: checked(func(_ *exprBinder, args []*expr) *expr {
		return unaryExpr(value.String, convertExpr(args[0], value.String), func(v value.Value) value.Value {
			return value.NewString(strings.ToLower(v.Text()))
		})
	}, anything)},

	"isempty":    predicate(isEmpty, false),
	"isnotempty": predicate(isEmpty, true),
	"isnull":     predicate(value.Value.IsNull, false),
	"isnotnull":  predicate(value.Value.IsNull, true),
	"not": {min: 1, max: 1, bind: checked(func(_ *exprBinder, args []*expr) *expr {
		return unaryExpr(value.Bool, args[0], func(v value.Value) value.Value {
			if v.IsNull() {
				return v
			}
			return value.NewBool(!v.Bool())
		})
	}, truths)},
	"iff":    {min: 3, max: 3, bind: bindIff},
	"max_of": {min: 2, max: anyNumber, bind: bindMaxOf},
}

func (c *exprBinder) bindCall(n *syntax.Node) (*expr, error) {
	switch n.Text {
	case "ingestion_time":
		if len(n.Args) > 0 {
			return nil, c.arity(n, 0, 0)
		}
		return c.ingestionTime(), nil
	case "prev", "next":
		return bindNeighbour(c, n)
	}
	if a, ok := aggregates[n.Text]; ok {
		if c.aggregates == nil {
			return nil, c.fail(n, "The aggregate function '%s' is not allowed in this context.", n.Text)
		}
		return c.aggregates.bindNested(n, a)
	}
	f, ok := functions[n.Text]
	if !ok {
		return nil, c.unresolved(n)
	}
	if len(n.Args) < f.min || len(n.Args) > f.max {
		return nil, c.arity(n, f.min, f.max)
	}
	args, err := c.bindArguments(n)
	if err != nil {
		return nil, err
	}
	return f.bind(c, n, args)
}

func (c *exprBinder) bindArguments(n *syntax.Node) ([]*expr, error) {
	args := make([]*expr, len(n.Args))
	for i, arg := range n.Args {
		e, err := c.bind(arg)
		if err != nil {
			return nil, err
		}
		args[i] = e
	}
	return args, nil
}

func (c *exprBinder) ingestionTime() *expr {
	if c.rel == nil || !c.rel.fromTable {
		return constant(value.Null(value.DateTime))
	}
	return &expr{typ: value.DateTime, slot: -1, shape: "ingestion_time", eval: func(r *record) value.Value { return r.source.IngestionTime() }}
}

func (c *exprBinder) now() *expr { return constant(value.NewDateTime(value.Ticks(c.b.options.Now))) }

// resultName is the name a column has if the query gives it none; empty: a numbered one.
func resultName(n *syntax.Node) string {
	switch n.Kind {
	case syntax.Name:
		return n.Text
	case syntax.Member:
		if inner := resultName(n.Args[0]); inner != "" {
			return inner + "_" + n.Text
		}
	case syntax.Call:
		if n.Text == "ingestion_time" {
			return "$IngestionTime"
		}
		if _, ok := aggregates[n.Text]; ok {
			return aggregateName(n)
		}
		if functions[n.Text].namesResult && len(n.Args) > 0 {
			return resultName(n.Args[0])
		}
	default:
	}
	return ""
}

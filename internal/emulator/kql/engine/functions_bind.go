package engine

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// convertExpr casts e to typ.
func convertExpr(e *expr, typ value.Type) *expr {
	if e.typ == typ {
		return e
	}
	return unaryExpr(typ, e, func(v value.Value) value.Value { return value.Convert(v, typ) })
}

// bindBin rounds down to a multiple of the second argument.
func bindBin(c *exprBinder, n *syntax.Node, args []*expr) (*expr, error) {
	if err := c.check(n, args, integers|moments|spans, integers|spans); err != nil {
		return nil, err
	}
	typ := args[0].typ
	if typ.IsNumeric() != args[1].typ.IsNumeric() {
		return nil, c.fail(n, "The function 'bin' does not take values of types %s and %s.", typ, args[1].typ)
	}
	if typ == value.Int {
		typ = value.Long
	}
	return binaryExpr(typ, args[0], args[1], func(v, size value.Value) value.Value { return value.Bin(v, size, typ) }), nil
}

func bindHash(_ *exprBinder, args []*expr) *expr {
	if len(args) == 2 {
		return binaryExpr(value.Long, args[0], args[1], value.HashOf)
	}
	return unaryExpr(value.Long, args[0], func(v value.Value) value.Value { return value.NewLong(value.Hash(v)) })
}

func bindBag(c *exprBinder, n *syntax.Node, args []*expr) (*expr, error) {
	if len(args)%2 != 0 {
		return nil, c.fail(n, "The function '%s' expects an even number of arguments.", n.Text)
	}
	for i := 0; i < len(args); i += 2 {
		if args[i].typ != value.String {
			return nil, c.fail(n.Args[i], "The function '%s' expects keys of type string, not %s.", n.Text, args[i].typ)
		}
	}
	return variadicExpr(value.Dynamic, args, value.Bag), nil
}

func concatenate(parts []value.Value) value.Value {
	if len(parts) == 2 {
		return value.NewString(parts[0].Format() + parts[1].Format())
	}
	var b strings.Builder
	for _, part := range parts {
		b.WriteString(part.Format())
	}
	return value.NewString(b.String())
}

func isEmpty(v value.Value) bool {
	return v.IsNull() || texts.has(v.Type()) && v.Format() == ""
}

func predicate(test func(value.Value) bool, negated bool) function {
	return function{min: 1, max: 1, bind: checked(func(_ *exprBinder, args []*expr) *expr {
		return unaryExpr(value.Bool, args[0], func(v value.Value) value.Value { return value.NewBool(test(v) != negated) })
	}, anything)}
}

// commonType is the type that all arguments can be widened to, Unknown if there is none.
func commonType(args ...*expr) value.Type {
	typ := value.Unknown
	for _, a := range args {
		switch {
		case typ == value.Unknown || typ == a.typ:
			typ = a.typ
		case typ.IsNumeric() && a.typ.IsNumeric():
			if typ == value.Real || a.typ == value.Real {
				typ = value.Real
			} else {
				typ = value.Long
			}
		default:
			return value.Unknown
		}
	}
	return typ
}

// bindIff binds iff(condition, then, otherwise); a null condition is not true. Of a dynamic and something else the
// something else counts, and of two types that do not go together both are dynamic.
func bindIff(c *exprBinder, n *syntax.Node, args []*expr) (*expr, error) {
	condition, then, otherwise := args[0], args[1], args[2]
	if condition.typ != value.Bool {
		return nil, c.fail(n.Args[0], "The function 'iff' expects a condition of type bool, not %s.", condition.typ)
	}
	typ := commonType(then, otherwise)
	switch {
	case then.typ == value.Dynamic:
		typ = otherwise.typ
	case otherwise.typ == value.Dynamic:
		typ = then.typ
	case typ == value.Unknown:
		typ = value.Dynamic
	}
	then, otherwise = convertExpr(then, typ), convertExpr(otherwise, typ)
	return computed(typ, func(r *record) value.Value {
		if v := condition.eval(r); !v.IsNull() && v.Bool() {
			return then.eval(r)
		}
		return otherwise.eval(r)
	}, condition, then, otherwise), nil
}

// bindMaxOf binds max_of, which passes over nulls.
func bindMaxOf(c *exprBinder, n *syntax.Node, args []*expr) (*expr, error) {
	if err := c.check(n, args, orderable); err != nil {
		return nil, err
	}
	typ := commonType(args...)
	if typ == value.Unknown {
		return nil, c.fail(n, "No common type can be determined from the arguments of '%s'.", n.Text)
	}
	for i := range args {
		args[i] = convertExpr(args[i], typ)
	}
	return variadicExpr(typ, args, func(values []value.Value) value.Value {
		best := value.Null(typ)
		for _, v := range values {
			if !v.IsNull() && (best.IsNull() || value.Compare(v, best) > 0) {
				best = v
			}
		}
		return best
	}), nil
}

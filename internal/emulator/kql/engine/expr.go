package engine

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// expr is a bound expression.
type expr struct {
	typ  value.Type
	eval func(*record) value.Value
	// constant: the value is known before any row is.
	constant bool
	value    value.Value
	slot     int    // the slot it only reads, or -1
	column   string // and the name that the slot is read by

	// For narrowing scans: `and`, a comparison, `between` or `ingestion_time`, and what it applies to.
	shape    string
	operands []*expr
}

func constant(v value.Value) *expr {
	return &expr{typ: v.Type(), constant: true, value: v, slot: -1, eval: func(*record) value.Value { return v }}
}

// computed makes an expression of arguments; of constant arguments it is constant.
func computed(typ value.Type, eval func(*record) value.Value, args ...*expr) *expr {
	for _, a := range args {
		if !a.constant {
			return &expr{typ: typ, eval: eval, slot: -1}
		}
	}
	return constant(eval(nil))
}

func unaryExpr(typ value.Type, a *expr, f func(value.Value) value.Value) *expr {
	return computed(typ, func(r *record) value.Value { return f(a.eval(r)) }, a)
}

func binaryExpr(typ value.Type, a, b *expr, f func(a, b value.Value) value.Value) *expr {
	if b.constant {
		right := b.value
		return computed(typ, func(r *record) value.Value { return f(a.eval(r), right) }, a)
	}
	return computed(typ, func(r *record) value.Value { return f(a.eval(r), b.eval(r)) }, a, b)
}

// variadicExpr evaluates every argument before f; f must not keep the slice.
func variadicExpr(typ value.Type, args []*expr, f func([]value.Value) value.Value) *expr {
	return computed(typ, func(r *record) value.Value {
		values := make([]value.Value, len(args))
		for i, a := range args {
			values[i] = a.eval(r)
		}
		return f(values)
	}, args...)
}

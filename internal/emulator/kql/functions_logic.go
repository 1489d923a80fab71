package kql

import "slices"

func logicFunctions() map[string]function {
	isEmpty := func(v Value) bool {
		return v.null || v.typ == String && v.s == "" || v.typ == Dynamic && dynamicText(v.d) == ""
	}
	isNull := func(v Value) bool { return v.null }
	iff := function{min: 3, max: 3, bind: bindCase}
	return map[string]function{
		"isempty":    predicate(isEmpty, false),
		"isnotempty": predicate(isEmpty, true),
		"notempty":   predicate(isEmpty, true),
		"isnull":     predicate(isNull, false),
		"isnotnull":  predicate(isNull, true),
		"notnull":    predicate(isNull, true),
		"not": plain(Bool, 1, 1, func(v []Value) Value {
			if v[0].null {
				return Null(Bool)
			}
			return NewBool(!v[0].Bool())
		}, truths),
		"coalesce": {min: 2, max: anyNumber, bind: bindCoalesce},
		"iff":      iff,
		"iif":      iff,
		"case":     {min: 3, max: anyNumber, bind: bindCase},
	}
}

func predicate(test func(Value) bool, negated bool) function {
	return function{min: 1, max: 1, bind: func(_ *exprBinder, _ *node, args []*expr) (*expr, error) {
		return unaryExpr(Bool, args[0], func(v Value) Value { return NewBool(test(v) != negated) }), nil
	}}
}

// commonType is the type that all arguments can be widened to, Unknown if there is none.
func commonType(args []*expr) Type {
	typ := Unknown
	for _, a := range args {
		switch {
		case typ == Unknown || typ == a.typ:
			typ = a.typ
		case typ.isNumeric() && a.typ.isNumeric():
			if typ == Real || a.typ == Real {
				typ = Real
			} else {
				typ = Long
			}
		default:
			return Unknown
		}
	}
	return typ
}

// bindCoalesce gives the first value that is not null, nor an empty string.
func bindCoalesce(c *exprBinder, n *node, args []*expr) (*expr, error) {
	typ := commonType(args)
	if typ == Unknown {
		return nil, c.fail(n, "No common type can be determined from the arguments of 'coalesce'.")
	}
	for i := range args {
		args[i] = convertExpr(args[i], typ)
	}
	return computed(typ, func(r *record) Value {
		for _, a := range args {
			if v := a.eval(r); !v.null && (typ != String || v.s != "") {
				return v
			}
		}
		return Null(typ)
	}, args...), nil
}

// bindCase binds case(condition, value, ..., otherwise), of which iff is the shortest.
func bindCase(c *exprBinder, n *node, args []*expr) (*expr, error) {
	if len(args)%2 == 0 {
		return nil, c.fail(n, "The function '%s' expects an odd number of arguments.", n.text)
	}
	var results []*expr
	for i, a := range args {
		if isCondition := i%2 == 0 && i < len(args)-1; !isCondition {
			results = append(results, a)
		} else if a.typ != Bool {
			return nil, c.fail(n.args[i], "The function '%s' expects a condition of type bool, not %s.", n.text, a.typ)
		}
	}
	typ := commonType(slices.DeleteFunc(results, func(e *expr) bool { return e.typ == Dynamic }))
	if typ == Unknown { // several types, or dynamic alone
		typ = Dynamic
	}
	for i, a := range args {
		if i%2 == 1 || i == len(args)-1 {
			args[i] = convertExpr(a, typ)
		}
	}
	return computed(typ, func(r *record) Value {
		for i := 0; i < len(args)-1; i += 2 {
			if v := args[i].eval(r); !v.null && v.Bool() {
				return args[i+1].eval(r)
			}
		}
		return args[len(args)-1].eval(r)
	}, args...), nil
}

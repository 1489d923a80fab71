package kql

import "math"

func mathFunctions() map[string]function {
	return map[string]function{
		"abs": {min: 1, max: 1, namesResult: true, bind: bindAbs},
		"round": plain(Real, 1, 2, func(v []Value) Value {
			scale := 1.0
			if len(v) > 1 {
				scale = math.Pow(10, v[1].number())
			}
			if v[0].null {
				return Null(Real)
			}
			return NewReal(math.Round(v[0].number()*scale) / scale)
		}, numbers, integers).named(""),
		"max_of": {min: 2, max: anyNumber, bind: bindExtreme},
		"min_of": {min: 2, max: anyNumber, bind: bindExtreme},
	}
}

func bindAbs(c *exprBinder, n *node, args []*expr) (*expr, error) {
	if err := c.check(n, args, numbers|spans); err != nil {
		return nil, err
	}
	typ := args[0].typ
	if typ == Int {
		typ = Long
	}
	return unaryExpr(typ, convertExpr(args[0], typ), func(v Value) Value {
		v.f = math.Abs(v.f)
		v.n = max(v.n, -v.n)
		return v
	}), nil
}

// bindExtreme binds max_of and min_of; nulls are passed over.
func bindExtreme(c *exprBinder, n *node, args []*expr) (*expr, error) {
	typ := commonType(args)
	if typ == Unknown || typ == Dynamic {
		return nil, c.fail(n, "No common type can be determined from the arguments of '%s'.", n.text)
	}
	for i := range args {
		args[i] = convertExpr(args[i], typ)
	}
	wanted := 1
	if n.text == "min_of" {
		wanted = -1
	}
	return variadicExpr(typ, args, func(values []Value) Value {
		best := Null(typ)
		first := true
		for _, v := range values {
			if v.null {
				continue
			}
			if first || compareValues(v, best)*wanted > 0 {
				best, first = v, false
			}
		}
		return best
	}), nil
}

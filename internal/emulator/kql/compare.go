package kql

import (
	"cmp"
	"math"
	"strings"
)

var typeTexts = [...]string{
	Unknown: "unknown", Bool: "bool", Int: "int", Long: "long", Real: "real", DateTime: "datetime", TimeSpan: "timespan",
	String: "string", Dynamic: "dynamic", GUID: "guid",
}

// String is the type's name in KQL.
func (t Type) String() string { return typeTexts[t] }

func (t Type) isInteger() bool { return t == Int || t == Long }
func (t Type) isNumeric() bool { return t.isInteger() || t == Real }

// comparison returns how two operands are compared, or false where Kusto refuses.
func comparison(operator string, a, b Type) bool {
	equality := operator == "==" || operator == "!=" || operator == "<>"
	switch {
	case a == Dynamic || b == Dynamic:
		return equality || (a == Dynamic || a.isNumeric()) && (b == Dynamic || b.isNumeric())
	case a.isNumeric() && b.isNumeric():
		return true
	case a == GUID && b == String, a == String && b == GUID:
		return equality
	case a == b:
		return equality || a != String && a != GUID
	}
	return false
}

func (c *exprBinder) compare(n *node, operator string, left, right *expr) (*expr, error) {
	if !comparison(operator, left.typ, right.typ) {
		if left.typ == right.typ {
			return nil, c.fail(n, "The operator '%s' is not defined for the operand types %s and %s.", operator, left.typ, right.typ)
		}
		return nil, c.fail(n, "Cannot compare values of types %s and %s. Try adding explicit casts.", left.typ, right.typ)
	}
	if operator == "<>" {
		operator = "!="
	}
	if left.typ == Dynamic && right.typ != Dynamic {
		left = convertExpr(left, right.typ)
	} else if right.typ == Dynamic && left.typ != Dynamic {
		right = convertExpr(right, left.typ)
	}
	var e *expr
	switch operator {
	case "==", "!=":
		unequal := operator == "!="
		e = binaryExpr(Bool, left, right, func(a, b Value) Value { return equality(a, b, unequal) })
	default:
		test := map[string]func(int) bool{
			"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
			">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
		}[operator]
		e = binaryExpr(Bool, left, right, func(a, b Value) Value {
			if a.null || b.null {
				return Null(Bool)
			}
			if isNaN(a) || isNaN(b) {
				return NewBool(false)
			}
			return NewBool(test(compareValues(a, b)))
		})
	}
	if !e.constant {
		e.shape, e.operands = operator, []*expr{left, right}
	}
	return e, nil
}

func isNaN(v Value) bool { return v.typ == Real && math.IsNaN(v.f) }

// equality follows Kusto: two nulls give null, one null is unequal to anything.
func equality(a, b Value, negated bool) Value {
	if a.null && b.null {
		return Null(Bool)
	}
	if a.null || b.null {
		return NewBool(negated)
	}
	if isNaN(a) || isNaN(b) {
		return NewBool(negated)
	}
	return NewBool((compareValues(a, b) == 0) != negated)
}

// compareValues orders two values that are not null and of comparable types.
func compareValues(a, b Value) int {
	switch {
	case a.typ == String || a.typ == GUID:
		if a.typ == GUID || b.typ == GUID {
			return strings.Compare(strings.ToLower(a.s), strings.ToLower(b.s))
		}
		return strings.Compare(a.s, b.s)
	case a.typ == Real || b.typ == Real:
		return cmp.Compare(a.number(), b.number())
	case a.typ == Dynamic:
		return compareDynamic(a.d, b.d)
	}
	return cmp.Compare(a.n, b.n)
}

// number is a numeric value as a real.
func (v Value) number() float64 {
	if v.typ == Real {
		return v.f
	}
	return float64(v.n)
}

func compareDynamic(a, b any) int {
	x, isNumber := dynamicNumber(a)
	y, isNumberToo := dynamicNumber(b)
	if isNumber && isNumberToo {
		return cmp.Compare(x, y)
	}
	return strings.Compare(dynamicText(a), dynamicText(b))
}

func dynamicNumber(d any) (float64, bool) {
	switch d := d.(type) {
	case int64:
		return float64(d), true
	case float64:
		return d, true
	}
	return 0, false
}

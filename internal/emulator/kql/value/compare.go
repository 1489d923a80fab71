package value

import (
	"cmp"
	"math"
	"strings"
)

// Comparable reports whether Kusto compares values of two types with an operator: ==, !=, <, <=, > or >=.
func Comparable(operator string, a, b Type) bool {
	equality := operator == "==" || operator == "!="
	switch {
	case a == Dynamic || b == Dynamic:
		return equality || (a == Dynamic || a.IsNumeric()) && (b == Dynamic || b.IsNumeric())
	case a.IsNumeric() && b.IsNumeric():
		return true
	case a == b:
		return equality || a != String
	}
	return false
}

// Comparison is what an operator of Comparable makes of two values, in three-valued logic: two nulls are neither equal
// nor unequal, one null is unequal to anything, and nothing comes before or after a null.
func Comparison(operator string) func(a, b Value) Value {
	switch operator {
	case "==":
		return func(a, b Value) Value { return equality(a, b, false) }
	case "!=":
		return func(a, b Value) Value { return equality(a, b, true) }
	}
	test := map[string]func(int) bool{
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
		">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
	}[operator]
	return func(a, b Value) Value {
		if a.null || b.null {
			return Null(Bool)
		}
		return NewBool(!a.IsNaN() && !b.IsNaN() && test(Compare(a, b)))
	}
}

func equality(a, b Value, negated bool) Value {
	switch {
	case a.null && b.null:
		return Null(Bool)
	case a.null || b.null || a.IsNaN() || b.IsNaN():
		return NewBool(negated)
	}
	return NewBool((Compare(a, b) == 0) != negated)
}

// IsNaN reports whether v is a real that is no number.
func (v Value) IsNaN() bool { return v.typ == Real && math.IsNaN(v.f) }

// Compare orders two values that are not null and of comparable types.
func Compare(a, b Value) int {
	switch {
	case a.typ == String:
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

package kql

import "math"

// maxTicks is 9999-12-31T23:59:59.9999999Z.
const maxTicks = 3_155_378_975_999_999_999

// arithmeticType is the type of `a operator b`, Unknown where Kusto has none.
func arithmeticType(operator string, a, b Type) Type {
	if a == Dynamic || b == Dynamic {
		return dynamicArithmeticType(a, b)
	}
	if a.isNumeric() && b.isNumeric() {
		if a == Real || b == Real {
			return Real
		}
		return Long
	}
	switch operator {
	case "+":
		if a == DateTime && b == TimeSpan || a == TimeSpan && b == DateTime {
			return DateTime
		}
	case "-":
		if a == DateTime && b == TimeSpan {
			return DateTime
		}
		if a == DateTime && b == DateTime {
			return TimeSpan
		}
	case "*":
		if a == TimeSpan && b.isNumeric() || a.isNumeric() && b == TimeSpan {
			return TimeSpan
		}
	case "/":
		if a == TimeSpan && b == TimeSpan {
			return Real
		}
		if a == TimeSpan && b.isNumeric() {
			return TimeSpan
		}
	}
	if a == TimeSpan && b == TimeSpan && operator != "*" {
		return TimeSpan
	}
	return Unknown
}

func dynamicArithmeticType(a, b Type) Type {
	other := a
	if a == Dynamic {
		other = b
	}
	switch {
	case other == Dynamic:
		return Dynamic
	case other == Real:
		return Real
	case other.isInteger():
		return Long
	}
	return Unknown
}

// arithmetic computes with results of type typ; a null operand gives null.
func arithmetic(operator string, typ Type) func(a, b Value) Value {
	return func(a, b Value) Value {
		a, b = plainNumber(a), plainNumber(b)
		if a.null || b.null {
			return Null(typ)
		}
		result := typ
		if typ == Dynamic {
			if result = Long; a.typ == Real || b.typ == Real {
				result = Real
			}
		}
		v := compute(operator, result, a, b)
		if typ == Dynamic {
			return convert(v, Dynamic)
		}
		return v
	}
}

// plainNumber takes a number out of a dynamic; anything else in it is null.
func plainNumber(v Value) Value {
	if v.typ != Dynamic {
		return v
	}
	switch d := v.d.(type) {
	case int64:
		return NewLong(d)
	case float64:
		return NewReal(d)
	}
	return Null(Long)
}

func compute(operator string, typ Type, a, b Value) Value {
	switch typ {
	case Real:
		if a.typ == TimeSpan {
			return NewReal(float64(a.n) / float64(b.n))
		}
		return NewReal(computeReal(operator, a.number(), b.number()))
	case TimeSpan:
		if a.typ == Real || b.typ == Real {
			return NewTimeSpan(int64(computeReal(operator, a.number(), b.number())))
		}
	case DateTime:
		n, _ := computeLong(operator, a.n, b.n)
		return datetimeOrNull(n)
	}
	n, ok := computeLong(operator, a.n, b.n)
	if !ok {
		return Null(typ)
	}
	return Value{typ: typ, n: n}
}

func datetimeOrNull(ticks int64) Value {
	if ticks < 0 || ticks > maxTicks {
		return Null(DateTime)
	}
	return NewDateTime(ticks)
}

// computeLong wraps on overflow; dividing by zero gives nothing. A remainder is never negative.
func computeLong(operator string, a, b int64) (int64, bool) {
	switch operator {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	}
	if b == 0 {
		return 0, false
	}
	if operator == "/" {
		return a / b, true
	}
	m := a % b
	if m < 0 {
		if b < 0 {
			return m - b, true
		}
		return m + b, true
	}
	return m, true
}

func computeReal(operator string, a, b float64) float64 {
	switch operator {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	}
	m := math.Mod(a, b)
	if m < 0 {
		m += math.Abs(b)
	}
	return m
}

package value

// maxTicks is 9999-12-31T23:59:59.9999999Z.
const maxTicks = 3_155_378_975_999_999_999

// SumType is the type of `a + b` or `a - b`, Unknown where Kusto has none.
func SumType(operator string, a, b Type) Type {
	switch {
	case a.IsNumeric() && b.IsNumeric():
		if a == Real || b == Real {
			return Real
		}
		return Long
	case a == DateTime && b == TimeSpan, operator == "+" && a == TimeSpan && b == DateTime:
		return DateTime
	case a == TimeSpan && b == TimeSpan, operator == "-" && a == DateTime && b == DateTime:
		return TimeSpan
	}
	return Unknown
}

// Sum computes `a + b` or `a - b` with results of type typ, which SumType gives. A null operand gives null, and so does
// a datetime that Kusto cannot hold; whole numbers wrap.
func Sum(operator string, typ Type) func(a, b Value) Value {
	sign := int64(1)
	if operator == "-" {
		sign = -1
	}
	return func(a, b Value) Value {
		switch {
		case a.null || b.null:
			return Null(typ)
		case typ == Real:
			return NewReal(a.number() + float64(sign)*b.number())
		case typ == DateTime:
			return datetimeOrNull(a.n + sign*b.n)
		}
		return Value{typ: typ, n: a.n + sign*b.n}
	}
}

func datetimeOrNull(ticks int64) Value {
	if ticks < 0 || ticks > maxTicks {
		return Null(DateTime)
	}
	return NewDateTime(ticks)
}

// Bin is v rounded down to a multiple of size, both whole numbers, datetimes or timespans.
func Bin(v, size Value, typ Type) Value {
	if v.null || size.null || size.n <= 0 {
		return Null(typ)
	}
	return Value{typ: typ, n: v.n - modulo(v.n, size.n)}
}

// modulo is never negative, as Kusto's %; b is above zero.
func modulo(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

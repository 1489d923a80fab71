package value

import (
	"math"
	"strconv"
	"strings"
)

// Convert casts v to typ; what has no meaning there becomes null.
func Convert(v Value, typ Type) Value {
	switch {
	case v.typ == typ:
		return v
	case typ == Dynamic:
		return NewDynamic(v.inDynamic())
	case typ == String:
		return NewString(v.Format())
	case v.null:
		return Null(typ)
	}
	if v.typ == Dynamic {
		v = fromDynamic(v.d)
		if v.typ == typ || v.null {
			return Convert(v, typ)
		}
	}
	switch typ {
	case Bool:
		return toBool(v)
	case Int, Long:
		return toInteger(v, typ)
	case Real:
		return toReal(v)
	case DateTime:
		if v.typ == String {
			return parseDateTime(v.s)
		}
	case TimeSpan:
		if v.typ == String {
			return ParseTimeSpan(v.s)
		}
	}
	return Null(typ)
}

func toBool(v Value) Value {
	switch v.typ {
	case Int, Long:
		return NewBool(v.n != 0)
	case String:
		switch strings.ToLower(strings.TrimSpace(v.s)) {
		case "true":
			return NewBool(true)
		case "false":
			return NewBool(false)
		}
	}
	return Null(Bool)
}

func toInteger(v Value, typ Type) Value {
	n := v.n
	switch v.typ {
	case Bool, Int, Long:
	case Real:
		if v.IsNaN() || math.Abs(v.f) >= 1<<63 {
			return Null(typ)
		}
		n = int64(v.f)
	case String:
		parsed, err := strconv.ParseInt(strings.TrimSpace(v.s), 10, 64)
		if err != nil {
			return Null(typ)
		}
		n = parsed
	default:
		return Null(typ)
	}
	if typ == Int && (n < math.MinInt32 || n > math.MaxInt32) {
		return Null(Int)
	}
	return Value{typ: typ, n: n}
}

func toReal(v Value) Value {
	switch v.typ {
	case Bool, Int, Long:
		return NewReal(float64(v.n))
	case String:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v.s), 64); err == nil {
			return NewReal(f)
		}
	}
	return Null(Real)
}

// Format is what tostring() gives.
func (v Value) Format() string {
	if v.null {
		return ""
	}
	switch v.typ {
	case Bool:
		return strconv.FormatBool(v.Bool())
	case Int, Long:
		return strconv.FormatInt(v.n, 10)
	case Real:
		return formatReal(v.f)
	case DateTime:
		return FormatDateTime(v.n)
	case TimeSpan:
		return FormatTimeSpan(v.n)
	case Dynamic:
		return dynamicText(v.d)
	}
	return v.s
}

func formatReal(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if math.Abs(f) < 1e15 && math.Abs(f) >= 1e-5 || f == 0 {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

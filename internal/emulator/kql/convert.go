package kql

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// convertExpr casts e to typ, as the to...() functions do.
func convertExpr(e *expr, typ Type) *expr {
	if e.typ == typ {
		return e
	}
	return unaryExpr(typ, e, func(v Value) Value { return convert(v, typ) })
}

// convert binds an implicit conversion of an argument, such as int to long, or refuses it.
func (c *exprBinder) convert(n *node, e *expr, typ Type) (*expr, error) {
	widens := e.typ.isNumeric() && typ.isNumeric() && (typ == Real || typ == Long && e.typ == Int)
	narrows := e.constant && e.typ == Long && typ == Int
	if e.typ == typ || widens || narrows || e.typ == Dynamic || typ == Dynamic {
		return convertExpr(e, typ), nil
	}
	return nil, c.fail(n, "A value of type %s was expected, not %s.", typ, e.typ)
}

// convert casts v to typ; what has no meaning there becomes null.
func convert(v Value, typ Type) Value {
	if v.typ == typ {
		return v
	}
	if typ == Dynamic {
		return NewDynamic(toObject(v))
	}
	if v.null {
		return Null(typ)
	}
	if v.typ == Dynamic {
		if typ == String {
			return NewString(dynamicText(v.d))
		}
		v = fromObject(v.d)
		if v.typ == typ || v.null {
			return convert(v, typ)
		}
	}
	switch typ {
	case String:
		return NewString(text(v))
	case Bool:
		return toBool(v)
	case Int, Long:
		return toInteger(v, typ)
	case Real:
		switch v.typ {
		case Bool, Int, Long, TimeSpan:
			return NewReal(float64(v.n))
		case String:
			if f, err := strconv.ParseFloat(strings.TrimSpace(v.s), 64); err == nil {
				return NewReal(f)
			}
		}
	case DateTime:
		switch v.typ {
		case String:
			return parseDateTime(v.s)
		case Int, Long:
			return datetimeOrNull(v.n)
		}
	case TimeSpan:
		switch v.typ {
		case String:
			return parseTimeSpan(v.s)
		case Int, Long:
			return NewTimeSpan(v.n)
		case Real:
			return NewTimeSpan(int64(v.f))
		}
	case GUID:
		if v.typ == String {
			return parseGUID(v.s)
		}
	}
	return Null(typ)
}

func toBool(v Value) Value {
	switch v.typ {
	case Int, Long:
		return NewBool(v.n != 0)
	case Real:
		return NewBool(v.f != 0)
	case String:
		switch strings.ToLower(strings.TrimSpace(v.s)) {
		case "true":
			return NewBool(true)
		case "false":
			return NewBool(false)
		}
		if n := toInteger(v, Long); !n.null {
			return NewBool(n.n != 0)
		}
	}
	return Null(Bool)
}

func toInteger(v Value, typ Type) Value {
	n := v.n
	switch v.typ {
	case Bool, Int, Long, TimeSpan, DateTime:
	case Real:
		if math.IsNaN(v.f) || math.Abs(v.f) >= 1<<63 {
			return Null(typ)
		}
		n = int64(v.f)
	case String:
		s := strings.TrimSpace(v.s)
		parsed, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			if digits, isHex := strings.CutPrefix(strings.ToLower(s), "0x"); isHex {
				hex, err := strconv.ParseUint(digits, 16, 64)
				if err != nil {
					return Null(typ)
				}
				parsed = int64(hex) //nolint:gosec // 0xffffffffffffffff is -1 in Kusto
			} else if f, err := strconv.ParseFloat(s, 64); err == nil && s != "" {
				return toInteger(NewReal(f), typ)
			} else {
				return Null(typ)
			}
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

// text is what tostring() gives for a value that is not dynamic.
func text(v Value) string {
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

// toObject is v as it stands inside a dynamic.
func toObject(v Value) any {
	if v.null {
		return nil
	}
	switch v.typ {
	case Bool:
		return v.Bool()
	case Int, Long:
		return v.n
	case Real:
		return v.f
	case Dynamic:
		return v.d
	}
	return text(v)
}

func fromObject(d any) Value {
	switch d := d.(type) {
	case bool:
		return NewBool(d)
	case int64:
		return NewLong(d)
	case float64:
		return NewReal(d)
	case string:
		return NewString(d)
	}
	return Null(Dynamic)
}

// dynamicText is a string itself, and of anything else its JSON.
func dynamicText(d any) string {
	switch d := d.(type) {
	case nil:
		return ""
	case string:
		return d
	}
	return string(appendObject(nil, d))
}

// parseJSON reads text as parse_json() does: what is no JSON is a string.
func parseJSON(s string) Value {
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	var d any
	if err := decoder.Decode(&d); err != nil || decoder.More() {
		if strings.TrimSpace(s) == "" {
			return Null(Dynamic)
		}
		return NewDynamic(s)
	}
	return NewDynamic(plainObject(d))
}

// plainObject turns JSON's numbers into int64 where they are whole, and float64.
func plainObject(d any) any {
	switch d := d.(type) {
	case json.Number:
		if n, err := d.Int64(); err == nil {
			return n
		}
		f, _ := d.Float64()
		return f
	case []any:
		for i := range d {
			d[i] = plainObject(d[i])
		}
	case map[string]any:
		for k := range d {
			d[k] = plainObject(d[k])
		}
	}
	return d
}

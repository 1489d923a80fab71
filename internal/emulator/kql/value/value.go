// Package value emulates the scalar types and values of KQL, and what can be done with them: comparison, sums, formats and
// conversion, with Kusto's nulls. It knows nothing of queries.
//
// There are no decimals and no GUIDs.
package value

import "time"

// Type is a scalar type of KQL.
type Type uint8

// The scalar types. Bool is the zero value of nothing: Unknown never appears in a bound query.
const (
	Unknown Type = iota
	Bool
	Int
	Long
	Real
	DateTime
	TimeSpan
	String
	Dynamic
)

var typeTexts = [...]string{
	Unknown: "unknown", Bool: "bool", Int: "int", Long: "long", Real: "real", DateTime: "datetime", TimeSpan: "timespan",
	String: "string", Dynamic: "dynamic",
}

// String is the type's name in KQL.
func (t Type) String() string { return typeTexts[t] }

// IsInteger reports whether values of t are whole numbers.
func (t Type) IsInteger() bool { return t == Int || t == Long }

// IsNumeric reports whether values of t are numbers.
func (t Type) IsNumeric() bool { return t.IsInteger() || t == Real }

// Value is one cell. Strings are never null; every other type can be.
type Value struct {
	typ  Type
	null bool
	n    int64 // bool, int, long; ticks of datetime and timespan
	f    float64
	s    string
	d    any // dynamic: map[string]any, []any, string, bool, int64, float64
}

// Constructors, one a type.
func NewBool(v bool) Value {
	if v {
		return Value{typ: Bool, n: 1}
	}
	return Value{typ: Bool}
}
func NewInt(v int32) Value          { return Value{typ: Int, n: int64(v)} }
func NewLong(v int64) Value         { return Value{typ: Long, n: v} }
func NewReal(v float64) Value       { return Value{typ: Real, f: v} }
func NewString(v string) Value      { return Value{typ: String, s: v} }
func NewDateTime(ticks int64) Value { return Value{typ: DateTime, n: ticks} }
func NewTimeSpan(ticks int64) Value { return Value{typ: TimeSpan, n: ticks} }
func NewDynamic(v any) Value        { return Value{typ: Dynamic, d: v, null: v == nil} }

// Null is the null of a type; of String it is the empty string.
func Null(t Type) Value { return Value{typ: t, null: t != String} }

// Type is the value's type.
func (v Value) Type() Type { return v.typ }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.null }

// Bool, Int, Real, Text, Ticks and Object give the content; the zero value if it is of another type.
func (v Value) Bool() bool    { return v.n != 0 }
func (v Value) Int() int64    { return v.n }
func (v Value) Ticks() int64  { return v.n }
func (v Value) Real() float64 { return v.f }
func (v Value) Text() string  { return v.s }
func (v Value) Object() any   { return v.d }

const (
	ticksPerMillisecond = ticksPerSecond / 1000
	ticksPerSecond      = 10_000_000
	ticksPerMinute      = 60 * ticksPerSecond
	ticksPerHour        = 60 * ticksPerMinute
	ticksPerDay         = 24 * ticksPerHour
	// unixEpochTicks is 1970-01-01 in ticks of 100 ns since 0001-01-01, Kusto's and .NET's count.
	unixEpochTicks = 621_355_968_000_000_000
)

// Ticks counts t in 100 ns since 0001-01-01 UTC.
func Ticks(t time.Time) int64 {
	return t.Unix()*ticksPerSecond + int64(t.Nanosecond())/100 + unixEpochTicks
}

// Time is the instant of a tick count.
func Time(ticks int64) time.Time {
	ticks -= unixEpochTicks
	s, rest := ticks/ticksPerSecond, ticks%ticksPerSecond
	return time.Unix(s, rest*100).UTC()
}

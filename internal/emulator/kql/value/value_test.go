package value

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = NewDateTime(Ticks(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)))

func TestSums(t *testing.T) {
	hour := NewTimeSpan(ticksPerHour)
	for _, c := range []struct {
		operator   string
		a, b, want Value
	}{
		{"+", NewLong(1), NewInt(2), NewLong(3)},
		{"-", NewReal(1.5), NewLong(1), NewReal(0.5)},
		{"+", NewLong(math.MaxInt64), NewLong(1), NewLong(math.MinInt64)},
		{"-", noon, hour, NewDateTime(noon.Ticks() - ticksPerHour)},
		{"+", hour, noon, NewDateTime(noon.Ticks() + ticksPerHour)},
		{"-", noon, noon, NewTimeSpan(0)},
		{"-", NewDateTime(0), hour, Null(DateTime)},
		{"+", Null(Long), NewLong(1), Null(Long)},
	} {
		typ := SumType(c.operator, c.a.Type(), c.b.Type())
		assert.Equal(t, c.want, Sum(c.operator, typ)(c.a, c.b), "%v %s %v", c.a, c.operator, c.b)
	}
	for _, types := range [][2]Type{{String, String}, {TimeSpan, DateTime}, {Dynamic, Long}, {Bool, Bool}} {
		assert.Equal(t, Unknown, SumType("-", types[0], types[1]), types)
	}
}

func TestComparisons(t *testing.T) {
	for _, c := range []struct {
		a        Value
		operator string
		b, want  Value
	}{
		{NewLong(1), "==", NewReal(1), NewBool(true)},
		{NewLong(1), "<", NewReal(1.5), NewBool(true)},
		{NewString("a"), "!=", NewString("A"), NewBool(true)},
		{Null(Long), "==", Null(Long), Null(Bool)},
		{Null(Long), "==", NewLong(0), NewBool(false)},
		{Null(Long), "!=", NewLong(0), NewBool(true)},
		{Null(Long), "<", NewLong(0), Null(Bool)},
		{NewReal(math.NaN()), "==", NewReal(math.NaN()), NewBool(false)},
		{NewReal(math.NaN()), "<=", NewReal(1), NewBool(false)},
	} {
		assert.Equal(t, c.want, Comparison(c.operator)(c.a, c.b), "%v %s %v", c.a, c.operator, c.b)
	}
	assert.False(t, Comparable("<", String, String))
	assert.False(t, Comparable("==", String, Long))
	assert.True(t, Comparable("==", Dynamic, String))
	assert.False(t, Comparable("<", Dynamic, String))
}

func TestConversions(t *testing.T) {
	for _, c := range []struct {
		v    Value
		typ  Type
		want Value
	}{
		{NewString(" 12 "), Long, NewLong(12)},
		{NewString("x"), Long, Null(Long)},
		{NewString("2147483648"), Int, Null(Int)},
		{NewReal(1e300), Long, Null(Long)},
		{NewString("TRUE"), Bool, NewBool(true)},
		{NewString("1.5"), Real, NewReal(1.5)},
		{NewString("2026-11-21 12:00"), DateTime, noon},
		{NewString("soon"), DateTime, Null(DateTime)},
		{NewString("1.5h"), TimeSpan, NewTimeSpan(3 * ticksPerHour / 2)},
		{NewString("3 fortnights"), TimeSpan, Null(TimeSpan)},
		{NewDynamic(int64(7)), String, NewString("7")},
		{NewDynamic("7"), Long, NewLong(7)},
		{NewDynamic([]any{}), Long, Null(Long)},
		{Null(Long), String, NewString("")},
		{noon, Dynamic, NewDynamic("2026-11-21T12:00:00.0000000Z")},
		{Null(Long), Dynamic, Null(Dynamic)},
	} {
		assert.Equal(t, c.want, Convert(c.v, c.typ), "%v to %s", c.v, c.typ)
	}
}

func TestFormats(t *testing.T) {
	for want, v := range map[string]Value{
		"true": NewBool(true), "1.0": NewReal(1), "1e-07": NewReal(1e-7), "NaN": NewReal(math.NaN()), "-Infinity": NewReal(math.Inf(-1)),
		"-1.02:00:00.0000001":       NewTimeSpan(-26*ticksPerHour - 1),
		`{"a":[null,1.5,"\u0001"]}`: NewDynamic(map[string]any{"a": []any{nil, 1.5, "\x01"}}),
	} {
		assert.Equal(t, want, v.Format())
	}
}

func TestSetsHaveNoRepeats(t *testing.T) {
	var s Set
	assert.Equal(t, NewDynamic([]any{}), s.Value())
	for _, v := range []Value{NewLong(1), Null(Long), NewLong(1), NewDynamic([]any{int64(1), "a"}), NewString("a")} {
		s.Add(v)
	}
	assert.Equal(t, NewDynamic([]any{int64(1), "a"}), s.Value())
}

// Microsoft's reference has these values.
func TestHashes(t *testing.T) {
	assert.Equal(t, int64(1846988464401551951), Hash(NewString("World")))
	assert.Equal(t, NewLong(51), HashOf(NewString("World"), NewLong(100)))
	assert.Equal(t, Null(Long), HashOf(NewString("World"), NewLong(0)))
}

func TestKeysAreEqualIfValuesAre(t *testing.T) {
	key := func(v Value) string { return string(AppendKey(nil, v)) }
	assert.Equal(t, key(NewReal(0)), key(NewReal(math.Copysign(0, -1))))
	assert.Equal(t, key(NewString("a")), key(NewString("a"+"")))
	assert.NotEqual(t, key(Null(Long)), key(NewLong(0)))
	assert.NotEqual(t, string(AppendKey(AppendKey(nil, NewString("a")), NewString("bc"))), string(AppendKey(AppendKey(nil, NewString("ab")), NewString("c"))))
}

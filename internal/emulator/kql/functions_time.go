package kql

import (
	"strings"
	"time"
)

func timeFunctions() map[string]function {
	bin := function{min: 2, max: 2, namesResult: true, bind: bindBin}
	all := map[string]function{
		"now": {min: 0, max: 1, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if err := c.check(n, args, spans); err != nil {
				return nil, err
			}
			return shiftNow(c, args, "+"), nil
		}},
		"ago": {min: 1, max: 1, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if err := c.check(n, args, spans); err != nil {
				return nil, err
			}
			return shiftNow(c, args, "-"), nil
		}},
		"bin": bin, "floor": bin,
		"datetime_add": withPeriod(plain(DateTime, 3, 3, func(v []Value) Value {
			if v[1].null || v[2].null {
				return Null(DateTime)
			}
			return addPeriod(v[0].s, v[1].n, v[2].n)
		}, texts, integers, moments)),
		"datetime_diff": withPeriod(plain(Long, 3, 3, func(v []Value) Value {
			if v[1].null || v[2].null {
				return Null(Long)
			}
			return periodsBetween(v[0].s, v[1].n, v[2].n)
		}, texts, moments, moments)),
		"format_datetime": plain(String, 2, 2, func(v []Value) Value {
			if v[0].null {
				return NewString("")
			}
			return NewString(formatPattern(v[0].n, v[1].s))
		}, moments, texts).named(""),
		"unixtime_seconds_todatetime":      fromUnix(ticksPerSecond),
		"unixtime_milliseconds_todatetime": fromUnix(ticksPerMillisecond),
		"dayofweek": plain(TimeSpan, 1, 1, func(v []Value) Value {
			return onMoment(v[0], TimeSpan, func(t time.Time) int64 { return int64(t.Weekday()) * ticksPerDay })
		}, moments),
		"hourofday": plain(Int, 1, 1, func(v []Value) Value {
			return onMoment(v[0], Int, func(t time.Time) int64 { return int64(t.Hour()) })
		}, moments),
		"getyear": plain(Int, 1, 1, func(v []Value) Value {
			return onMoment(v[0], Int, func(t time.Time) int64 { return int64(t.Year()) })
		}, moments),
		"monthofyear": plain(Int, 1, 1, func(v []Value) Value {
			return onMoment(v[0], Int, func(t time.Time) int64 { return int64(t.Month()) })
		}, moments),
		"dayofmonth": plain(Int, 1, 1, func(v []Value) Value {
			return onMoment(v[0], Int, func(t time.Time) int64 { return int64(t.Day()) })
		}, moments),
	}
	for _, period := range []string{"day", "week", "month", "year"} {
		all["startof"+period] = startOf(period, 0)
		all["endof"+period] = startOf(period, 1)
	}
	all["startofday"] = all["startofday"].named("")
	return all
}

func shiftNow(c *exprBinder, args []*expr, operator string) *expr {
	now := constant(NewDateTime(c.b.now))
	if len(args) == 0 {
		return now
	}
	return binaryExpr(DateTime, now, args[0], arithmetic(operator, DateTime))
}

func onMoment(v Value, typ Type, f func(time.Time) int64) Value {
	if v.null {
		return Null(typ)
	}
	return Value{typ: typ, n: f(Time(v.n))}
}

func fromUnix(unit int64) function {
	return plain(DateTime, 1, 1, func(v []Value) Value {
		if v[0].null {
			return Null(DateTime)
		}
		if v[0].typ == Real {
			return datetimeOrNull(int64(v[0].f*float64(unit)) + unixEpochTicks)
		}
		return datetimeOrNull(v[0].n*unit + unixEpochTicks)
	}, numbers)
}

// bindBin rounds down to a multiple of the second argument.
func bindBin(c *exprBinder, n *node, args []*expr) (*expr, error) {
	if err := c.check(n, args, orderable, numbers|spans); err != nil {
		return nil, err
	}
	value, size := args[0], args[1]
	typ := value.typ
	switch {
	case typ == Dynamic || size.typ == Dynamic, value.typ.isNumeric() != size.typ.isNumeric():
		return nil, c.fail(n, "The function '%s' does not take values of types %s and %s.", n.text, value.typ, size.typ)
	case size.typ == Real:
		typ = Real
	case typ == Int:
		typ = Long
	}
	return binaryExpr(typ, value, size, func(v, size Value) Value {
		if v.null || size.null || size.number() <= 0 {
			return Null(typ)
		}
		if typ == Real {
			return NewReal(v.number() - computeReal("%", v.number(), size.number()))
		}
		rest, _ := computeLong("%", v.n, size.n)
		return Value{typ: typ, n: v.n - rest}
	}), nil
}

// startOf gives the start of the period around a datetime, or with end the last tick of it.
func startOf(period string, end int64) function {
	return plain(DateTime, 1, 2, func(v []Value) Value {
		offset := end
		if len(v) > 1 {
			offset += v[1].n
		}
		if v[0].null || len(v) > 1 && v[1].null || offset > 1<<20 || offset < -1<<20 {
			return Null(DateTime)
		}
		t := Time(v[0].n)
		year, month, day := t.Date()
		switch shift := int(offset); period {
		case "day":
			day += shift
		case "week":
			day += 7*shift - int(t.Weekday())
		case "month":
			day = 1
			month += time.Month(shift)
		case "year":
			month, day = time.January, 1
			year += shift
		}
		return datetimeOrNull(Ticks(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)) - end)
	}, moments, integers)
}

// periods are the fixed lengths that datetime_add and datetime_diff know.
var periods = map[string]int64{
	"week": 7 * ticksPerDay, "day": ticksPerDay, "hour": ticksPerHour, "minute": ticksPerMinute, "second": ticksPerSecond,
	"millisecond": ticksPerMillisecond, "microsecond": 10,
}

var monthsOf = map[string]int64{"year": 12, "quarter": 3, "month": 1}

// withPeriod refuses a first argument that names no period.
func withPeriod(f function) function {
	bind := f.bind
	f.bind = func(c *exprBinder, n *node, args []*expr) (*expr, error) {
		period := strings.ToLower(args[0].value.s)
		if _, fixed := periods[period]; !args[0].constant || !fixed && monthsOf[period] == 0 {
			return nil, c.fail(n, "The function '%s' expects one of the values: year, quarter, month, week, day, hour, minute, second, millisecond or microsecond.", n.text)
		}
		return bind(c, n, args)
	}
	return f
}

func addPeriod(period string, count, ticks int64) Value {
	period = strings.ToLower(period)
	if length, ok := periods[period]; ok {
		return datetimeOrNull(ticks + count*length)
	}
	months, ok := monthsOf[period]
	if !ok || count > 1<<20 || count < -1<<20 {
		return Null(DateTime)
	}
	t := Time(ticks)
	year, month, day := t.Date()
	first := time.Date(year, month+time.Month(months*count), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day() // 31 January and a month is the end of February
	moved := Ticks(first.AddDate(0, 0, min(day, last)-1))
	return datetimeOrNull(moved + ticks%ticksPerDay)
}

// periodsBetween counts the boundaries of the period that lie between b and a.
func periodsBetween(period string, a, b int64) Value {
	period = strings.ToLower(period)
	switch length, fixed := periods[period]; {
	case period == "week":
		// Weeks begin on Sunday; 0001-01-01 was a Monday.
		return NewLong((a+ticksPerDay)/length - (b+ticksPerDay)/length)
	case fixed:
		return NewLong(a/length - b/length)
	}
	months, ok := monthsOf[period]
	if !ok {
		return Null(Long)
	}
	count := func(ticks int64) int64 {
		t := Time(ticks)
		return (int64(t.Year())*12 + int64(t.Month()) - 1) / months
	}
	return NewLong(count(a) - count(b))
}

// formatPattern writes a datetime by .NET's letters: yyyy MM dd HH mm ss fffffff, hh and tt.
func formatPattern(ticks int64, pattern string) string {
	t := Time(ticks)
	var b strings.Builder
	for i := 0; i < len(pattern); {
		run := 1
		for i+run < len(pattern) && pattern[i+run] == pattern[i] {
			run++
		}
		b.WriteString(formatRun(t, ticks%ticksPerSecond, pattern[i:i+run]))
		i += run
	}
	return b.String()
}

var goLayouts = map[string]string{
	"y": "06", "yy": "06", "yyyy": "2006", "M": "1", "MM": "01", "d": "2", "dd": "02", "h": "3", "hh": "03",
	"HH": "15", "m": "4", "mm": "04", "s": "5", "ss": "05", "tt": "PM",
}

func formatRun(t time.Time, fraction int64, run string) string {
	if layout, ok := goLayouts[run]; ok {
		return t.Format(layout)
	}
	switch {
	case run == "H":
		return strings.TrimPrefix(t.Format("15"), "0")
	case run[0]|0x20 == 'f' && len(run) <= 7:
		digits := text(NewLong(ticksPerSecond + fraction))[1:][:len(run)]
		if run[0] == 'F' {
			return strings.TrimRight(digits, "0")
		}
		return digits
	}
	return run
}

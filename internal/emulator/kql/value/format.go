package value

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timespanUnits are the suffixes of timespan literals.
var timespanUnits = map[string]int64{
	"d": ticksPerDay, "day": ticksPerDay, "days": ticksPerDay,
	"h": ticksPerHour, "hr": ticksPerHour, "hrs": ticksPerHour, "hour": ticksPerHour, "hours": ticksPerHour,
	"m": ticksPerMinute, "min": ticksPerMinute, "minute": ticksPerMinute, "minutes": ticksPerMinute,
	"s": ticksPerSecond, "sec": ticksPerSecond, "second": ticksPerSecond, "seconds": ticksPerSecond,
	"ms": ticksPerMillisecond, "milli": ticksPerMillisecond, "millis": ticksPerMillisecond,
	"millisecond": ticksPerMillisecond, "milliseconds": ticksPerMillisecond,
	"micro": 10, "micros": 10, "microsecond": 10, "microseconds": 10, "tick": 1, "ticks": 1,
}

// FormatDateTime writes ticks as Kusto does: 2026-11-21T10:00:00.0000000Z.
func FormatDateTime(ticks int64) string {
	return string(Time(ticks).AppendFormat(make([]byte, 0, 28), "2006-01-02T15:04:05.0000000Z"))
}

// FormatTimeSpan writes ticks as [-][d.]hh:mm:ss[.fffffff].
func FormatTimeSpan(ticks int64) string {
	var b strings.Builder
	n := uint64(ticks) // two's complement, so that the least value has a magnitude too
	if ticks < 0 {
		b.WriteByte('-')
		n = -n
	}
	if days := n / ticksPerDay; days > 0 {
		fmt.Fprintf(&b, "%d.", days)
	}
	fmt.Fprintf(&b, "%02d:%02d:%02d", n/ticksPerHour%24, n/ticksPerMinute%60, n/ticksPerSecond%60)
	if rest := n % ticksPerSecond; rest > 0 {
		fmt.Fprintf(&b, ".%07d", rest)
	}
	return b.String()
}

var dateTimeLayouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04Z07:00", "2006-01-02 15:04",
	"2006-01-02",
}

// parseDateTime reads the ISO 8601 forms that Kusto documents; anything else is null.
func parseDateTime(s string) Value {
	s = strings.TrimSpace(s)
	for _, layout := range dateTimeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return datetimeOrNull(Ticks(t))
		}
	}
	return Null(DateTime)
}

var quantityPattern = regexp.MustCompile(`^(-?\d+(?:\.\d+)?)\s*([a-z]+)$`)

// ParseTimeSpan reads an amount with a unit, such as 1h; anything else is null.
func ParseTimeSpan(s string) Value {
	m := quantityPattern.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Null(TimeSpan)
	}
	unit, known := timespanUnits[m[2]]
	if !known {
		return Null(TimeSpan)
	}
	if whole, err := strconv.ParseInt(m[1], 10, 64); err == nil {
		return NewTimeSpan(whole * unit)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return Null(TimeSpan)
	}
	return NewTimeSpan(int64(n * float64(unit)))
}

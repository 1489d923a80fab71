package kql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	ticksPerMillisecond = ticksPerSecond / 1000
	ticksPerMinute      = 60 * ticksPerSecond
	ticksPerHour        = 60 * ticksPerMinute
	ticksPerDay         = 24 * ticksPerHour
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
	n := uint64(ticks) //nolint:gosec // two's complement, so that the least value has a magnitude too
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
	"2006-01-02", "2006-01-02Z", "20060102", "2006-01", "2006", "01/02/2006", "01/02/2006 15:04:05", time.RFC1123, time.RFC1123Z, time.RFC850, time.RFC822, time.ANSIC,
}

// parseDateTime reads the forms Kusto documents; anything else is null.
func parseDateTime(s string) Value {
	s = strings.TrimSpace(s)
	for _, layout := range dateTimeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return datetimeOrNull(Ticks(t))
		}
	}
	return Null(DateTime)
}

var (
	clockPattern    = regexp.MustCompile(`^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$`)
	quantityPattern = regexp.MustCompile(`^(-?\d+(?:\.\d+)?)\s*([a-z]+)$`)
)

// parseTimeSpan reads d.hh:mm:ss.fffffff, 1h and a bare number of days; anything else is null.
func parseTimeSpan(s string) Value {
	s = strings.Trim(strings.TrimSpace(s), `"'`)
	if m := quantityPattern.FindStringSubmatch(s); m != nil {
		unit, known := timespanUnits[m[2]]
		n, err := strconv.ParseFloat(m[1], 64)
		if !known || err != nil {
			return Null(TimeSpan)
		}
		return NewTimeSpan(int64(n * float64(unit)))
	}
	if days, err := strconv.ParseInt(s, 10, 32); err == nil {
		return NewTimeSpan(days * ticksPerDay)
	}
	m := clockPattern.FindStringSubmatch(s)
	if m == nil {
		return Null(TimeSpan)
	}
	part := func(i int) int64 {
		n, _ := strconv.ParseInt(m[i], 10, 32) // digits only, by the pattern; an empty part is 0
		return n
	}
	fraction, _ := strconv.ParseInt((m[6] + "0000000")[:7], 10, 64)
	ticks := part(2)*ticksPerDay + part(3)*ticksPerHour + part(4)*ticksPerMinute + part(5)*ticksPerSecond + fraction
	if m[1] != "" {
		ticks = -ticks
	}
	return NewTimeSpan(ticks)
}

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

func parseGUID(s string) Value {
	s = strings.Trim(strings.TrimSpace(s), "{}")
	if !guidPattern.MatchString(s) {
		return Null(GUID)
	}
	s = strings.ToLower(strings.ReplaceAll(s, "-", ""))
	return NewGUID(s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:])
}

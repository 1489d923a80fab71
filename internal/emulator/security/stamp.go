package security

import (
	"strings"
	"time"
)

// Stamp is an instant as SQL Server's datetime keeps it: a number of 1/300 s since 1970.
type Stamp int64

const (
	stampsPerSecond = 300
	ticksPerSecond  = 10_000_000
)

// StampOf is the nearest instant that can be kept.
func StampOf(t time.Time) Stamp {
	return Stamp(t.Unix()*stampsPerSecond + (int64(t.Nanosecond())*stampsPerSecond+int64(time.Second)/2)/int64(time.Second))
}

// String is the instant as Graph prints it: two digits where they are exact, else seven, of which the last one is rounded.
func (s Stamp) String() string {
	seconds, rest := int64(s)/stampsPerSecond, int64(s)%stampsPerSecond
	ticks := (rest*ticksPerSecond + stampsPerSecond/2) / stampsPerSecond
	text := time.Unix(seconds, ticks*100).UTC().Format("2006-01-02T15:04:05.0000000")
	if rest%3 == 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + "Z"
}

// Time is the instant as it is printed.
func (s Stamp) Time() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s.String()) // String gives this form
	return t
}

// compare orders the kept instant, not the printed one, and a time.
func (s Stamp) compare(t time.Time) int {
	// Both sides in units of 1/300 of a tick; they fit until the year 2262.
	kept := int64(s) * ticksPerSecond
	other := t.Unix()*ticksPerSecond*stampsPerSecond + int64(t.Nanosecond()/100)*stampsPerSecond
	switch {
	case kept < other:
		return -1
	case kept > other:
		return 1
	}
	return 0
}

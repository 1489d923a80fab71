package tenant

import "time"

// Spans of time in ticks.
const (
	millisecond = int64(time.Millisecond / 100)
	second      = 1000 * millisecond
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

func ticksOf(d time.Duration) int64 { return int64(d / 100) }

// hourOfWeek counts from Monday 00:00 UTC, the day on which ticks begin.
func hourOfWeek(ticks int64) int { return int(ticks / hour % (7 * 24)) }

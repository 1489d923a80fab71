package defendercontrolextension

import (
	"fmt"
	"strconv"
	"time"
)

// cpuFigure is seconds of CPU in one unit, which the limit decides.
func cpuFigure(used, limit float64) string {
	switch {
	case limit < 2*time.Minute.Seconds():
		return fmt.Sprintf("%.0f / %.0f s", used, limit)
	case limit < 2*time.Hour.Seconds():
		return fmt.Sprintf("%.1f / %.4g min", used/60, limit/60)
	default:
		return fmt.Sprintf("%.2f / %.4g h", used/3600, limit/3600)
	}
}

// grouped is a number with its thousands apart.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short is a duration as precise as it matters.
func short(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 10*time.Minute && d%time.Minute >= time.Second:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
	}
}

func since(t *time.Time, now time.Time) string {
	if t == nil {
		return "–"
	}
	return short(now.Sub(*t)) + " ago"
}

func until(t, now time.Time) string {
	if !t.After(now) {
		return "now"
	}
	return "in " + short(t.Sub(now))
}

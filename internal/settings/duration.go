package settings

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	days       = regexp.MustCompile(`(\d+(?:\.\d*)?|\.\d+)d`)
	noUnit     = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`)
	numberUnit = regexp.MustCompile(`^([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]+)$`)
)

// units are what users write for Go's units.
var units = map[string]string{
	"ms": "ms", "msec": "ms", "millis": "ms", "milliseconds": "ms",
	"s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
	"d": "d", "day": "d", "days": "d",
}

const unitsHint = "a number and a unit (ms, s, m, h, d)"

// parseDuration takes Go's units and d.
func parseDuration(text string) (time.Duration, error) {
	inHours := days.ReplaceAllStringFunc(text, func(match string) string {
		n, err := strconv.ParseFloat(strings.TrimSuffix(match, "d"), 64)
		if err != nil {
			return match
		}
		return strconv.FormatFloat(n*24, 'f', -1, 64) + "h"
	})
	return time.ParseDuration(inHours)
}

// durationProblem says why the text is no duration; empty if it is one.
func durationProblem(text, example string) string {
	if noUnit.MatchString(text) {
		return missingUnit(text)
	}
	if _, err := parseDuration(text); err == nil {
		return ""
	}
	if m := numberUnit.FindStringSubmatch(text); m != nil {
		if unit, ok := units[strings.ToLower(m[2])]; ok && m[1]+unit != text {
			return fmt.Sprintf("is %q: write %s", text, m[1]+unit)
		}
		if n, err := strconv.Atoi(m[1]); err == nil && strings.HasPrefix(strings.ToLower(m[2]), "w") {
			return fmt.Sprintf("is %q: write %dd", text, 7*n)
		}
	}
	return "is no time: write " + unitsHint + ", e.g. " + example
}

func missingUnit(number string) string {
	if number == "0" {
		return "is 0, which has no unit: write 0s"
	}
	return fmt.Sprintf("is %[1]s, which has no unit: write %[1]ss, %[1]sm or %[1]sh", number)
}

// Duration is how a user would write d.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

package hunting

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// defaultTimespan holds where a Graph request names none.
const defaultTimespan = 30 * 24 * time.Hour

var isoDuration = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$`)

// parseTimespan reads the five forms of Graph's Timespan: start/end, duration/end, start/duration,
// duration (until now) and start (until now).
func parseTimespan(text string, now time.Time) (engine.Range, error) {
	if text == "" {
		return ticksRange(now.Add(-defaultTimespan), now), nil
	}
	first, second, both := strings.Cut(text, "/")
	firstDuration, firstErr := parseISODuration(first)
	if !both {
		if firstErr == nil {
			return ticksRange(now.Add(-firstDuration), now), nil
		}
		start, err := parseISOTime(first)
		return ticksRange(start, now), err
	}
	if firstErr == nil {
		end, err := parseISOTime(second)
		return ticksRange(end.Add(-firstDuration), end), err
	}
	start, err := parseISOTime(first)
	if err != nil {
		return engine.Range{}, err
	}
	if d, err := parseISODuration(second); err == nil {
		return ticksRange(start, start.Add(d)), nil
	}
	end, err := parseISOTime(second)
	return ticksRange(start, end), err
}

func ticksRange(from, to time.Time) engine.Range {
	return engine.Range{From: value.Ticks(from), To: value.Ticks(to)}
}

func parseISOTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a time nor a duration of ISO 8601", text)
}

// parseISODuration counts a year as 365 days and a month as 30, as .NET's XmlConvert does.
func parseISODuration(text string) (time.Duration, error) {
	parts := isoDuration.FindStringSubmatch(text)
	if parts == nil || len(text) < 3 || strings.HasSuffix(text, "T") {
		return 0, fmt.Errorf("%q is no duration of ISO 8601", text)
	}
	const day = 24 * time.Hour
	units := []time.Duration{365 * day, 30 * day, 7 * day, day, time.Hour, time.Minute, time.Second}
	var seconds float64
	for i, unit := range units {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(parts[i+1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration of ISO 8601: %w", text, err)
		}
		seconds += n * unit.Seconds()
	}
	const century = 100 * 365 * day
	return time.Duration(min(seconds, century.Seconds()) * float64(time.Second)), nil
}

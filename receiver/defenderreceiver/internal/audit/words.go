package audit

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// Report is what a complete audit tells its reader.
type Report struct {
	Findings
	// MissingSince is when an audit first found rows missing that are missing still.
	MissingSince time.Time
	// Unreadable is the number of ranges that cannot be read, wherever they lie.
	Unreadable int
	// Kept says that refused rows are in the dead letters.
	Kept bool
}

// Whole reports whether every row that the service counts was delivered.
func (r Report) Whole() bool {
	return r.Refused == 0 && r.Missing == 0 && r.Unread == 0 && r.Unreadable == 0
}

// Level is how urgent the report is.
func (r Report) Level() zapcore.Level {
	switch {
	case r.Missing > 0:
		return zapcore.ErrorLevel
	case !r.Whole() || r.Recovered > 0:
		return zapcore.WarnLevel
	default:
		return zapcore.InfoLevel
	}
}

// Err is the trouble that the report is of: rows are missing, and reading on does not bring them. Nil: none.
func (r Report) Err() error {
	if r.Missing == 0 {
		return nil
	}
	return errors.New(r.String())
}

// String says what was found. It calls no row delivered that was not.
func (r Report) String() string {
	var parts []string
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if r.Missing > 0 {
		say("%s missing since %s, which the service counts and does not give when it is asked again",
			were(r.Missing, "is", "are"), r.MissingSince.UTC().Format(time.RFC3339))
	}
	switch {
	case r.Refused > 0 && r.Kept:
		say("%s refused by the pipeline for good and kept in the dead letters", were(r.Refused, "was", "were"))
	case r.Refused > 0:
		say("%s refused by the pipeline for good and passed over, because dead_letter::directory is not set", were(r.Refused, "was", "were"))
	}
	if r.Unread > 0 || r.Unreadable > 0 {
		say("%s in ranges that cannot be read (%d set aside) and are tried again", were(r.Unread, "is", "are"), r.Unreadable)
	}
	if r.Recovered > 0 {
		say("%s seen only after their time had been read, and delivered now", were(r.Recovered, "was", "were"))
	}
	switch {
	case r.Whole() && r.Recovered == 0:
		return "all rows that the service counts were delivered"
	case r.Whole():
		say("all others had been delivered")
	}
	return strings.Join(parts, "; ")
}

func were(n int, one, many string) string {
	if n == 1 {
		return "1 row " + one
	}
	return fmt.Sprintf("%d rows %s", n, many)
}

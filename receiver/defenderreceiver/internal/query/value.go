package query

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Text is the value of a column of text; empty if the row has none.
func Text(body pcommon.Map, column string) string {
	if v, ok := body.Get(column); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// Time reads a time as answers write it.
func Time(s string) (time.Time, bool) {
	if s == "" { // as in each row of what only one of an answer has; an error would take memory
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err == nil
}

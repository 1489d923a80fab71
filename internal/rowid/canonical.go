package rowid

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

func isEmpty(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return true
	case pcommon.ValueTypeStr:
		return v.Str() == ""
	case pcommon.ValueTypeMap:
		return v.Map().Len() == 0
	case pcommon.ValueTypeSlice:
		return v.Slice().Len() == 0
	default:
		return false
	}
}

// appendCanonical writes v in the one form of its column's type. A value that does not fit its type
// is written as it stands.
func appendCanonical(buf []byte, v pcommon.Value, t tables.Type) []byte {
	switch t {
	case tables.DateTime:
		if isServiceTime(v.Str()) {
			return append(buf, v.Str()[:len(v.Str())-1]...)
		}
		if at, err := time.Parse(time.RFC3339Nano, v.Str()); err == nil {
			return at.UTC().AppendFormat(buf, "2006-01-02T15:04:05.0000000")
		}
	case tables.Bool:
		if b, ok := parseBool(v); ok {
			return strconv.AppendBool(buf, b)
		}
	case tables.JSON, tables.Dynamic:
		return appendJSON(buf, v)
	}
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		return appendJSON(buf, v)
	default:
		return append(buf, v.AsString()...)
	}
}

// isServiceTime reports whether a text is a time as the service mostly writes it: in UTC, to ticks of 100 ns, which is the
// canonical form but for the Z.
func isServiceTime(text string) bool {
	const form = "0000-00-00T00:00:00.0000000Z"
	if len(text) != len(form) {
		return false
	}
	for i := range len(form) {
		if c := text[i]; c != form[i] && (form[i] != '0' || c < '0' || c > '9') {
			return false
		}
	}
	two := func(i int) byte { return 10*(text[i]-'0') + text[i+1] - '0' }
	const shortest = 28 // days of a month; for later days a calendar is needed
	month, day := two(5), two(8)
	return 1 <= month && month <= 12 && 1 <= day && day <= shortest && two(11) < 24 && two(14) < 60 && two(17) < 60
}

// typeOf is the type of a column that is not declared, as far as its value tells. Text that is no JSON counts as it
// stands.
func typeOf(v pcommon.Value) tables.Type {
	if v.Type() == pcommon.ValueTypeStr {
		if _, err := time.Parse(time.RFC3339Nano, v.Str()); err == nil {
			return tables.DateTime
		}
	}
	return tables.JSON
}

func parseBool(v pcommon.Value) (value, ok bool) {
	switch strings.ToLower(v.AsString()) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	default:
		return false, false
	}
}

// appendJSON writes objects with sorted keys, and text that holds JSON as that JSON: the same content
// as text and as object gives the same bytes. Other text is written as it stands.
func appendJSON(buf []byte, v pcommon.Value) []byte {
	var text jsontext.Value
	if v.Type() == pcommon.ValueTypeStr {
		if !strings.HasPrefix(v.Str(), "{") && !strings.HasPrefix(v.Str(), "[") {
			return append(buf, v.Str()...)
		}
		text = jsontext.Value(v.Str())
	} else if raw, err := json.Marshal(v.AsRaw()); err == nil {
		text = raw
	}
	// Without this option integers beyond 2^53 would be rounded, and rows confused.
	if err := text.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return append(buf, v.AsString()...)
	}
	return append(buf, text...)
}

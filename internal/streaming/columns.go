package streaming

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

var schemas = sync.OnceValue(func() map[string]*tables.Schema {
	known := map[string]*tables.Schema{}
	for _, s := range tables.Schemas() {
		known[s.Name] = s
	}
	return known
})

// schemaOf is a table's; of an unknown one it has no columns.
func schemaOf(table string) *tables.Schema {
	if s, ok := schemas()[table]; ok {
		return s
	}
	return &tables.Schema{}
}

// conform gives every declared column the type that the hunting API gives it, and leaves out what
// that API leaves out: nulls, {} for null, annotations. A value that cannot be of its column's type
// stays as it came.
func conform(columns pcommon.Map, schema *tables.Schema) {
	columns.RemoveIf(func(name string, v pcommon.Value) bool {
		if isNull(v) || strings.Contains(name, "@odata.") {
			return true
		}
		column, ok := schema.Column(name)
		return ok && !toType(v, column.Type)
	})
}

func isNull(v pcommon.Value) bool {
	return v.Type() == pcommon.ValueTypeEmpty || v.Type() == pcommon.ValueTypeMap && v.Map().Len() == 0
}

// toType reports false where the value is the null of its type.
func toType(v pcommon.Value, t tables.Type) bool {
	switch t {
	case tables.Bool:
		toBool(v)
	case tables.Int, tables.Long:
		return toInt(v)
	case tables.DateTime:
		if v.Type() == pcommon.ValueTypeStr {
			v.SetStr(toRFC3339(v.Str()))
		}
	case tables.String:
		switch v.Type() {
		case pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool:
			v.SetStr(v.AsString())
		}
	}
	return true
}

func toBool(v pcommon.Value) {
	switch v.Type() {
	case pcommon.ValueTypeStr, pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		switch strings.ToLower(strings.TrimSpace(v.AsString())) {
		case "true", "1", "1.0":
			v.SetBool(true)
		case "false", "0", "-0", "0.0":
			v.SetBool(false)
		}
	}
}

// toInt takes whole numbers of any form. An empty text is a number that is not known.
func toInt(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		text := strings.TrimSpace(v.Str())
		if text == "" {
			return false
		}
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.SetInt(i)
		}
	case pcommon.ValueTypeDouble:
		const exact = 1 << 53
		if f := v.Double(); f > -exact && f < exact && f == float64(int64(f)) {
			v.SetInt(int64(f))
		}
	}
	return true
}

// Times without zone are UTC, as all times of the service.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// toRFC3339 leaves what is RFC 3339 as it came.
func toRFC3339(text string) string {
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return text
	}
	if t, ok := parseTime(text); ok {
		return t.Format(time.RFC3339Nano)
	}
	return text
}

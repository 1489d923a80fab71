package graphalert

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

const createdKey = "createdDateTime"

// at is the value under a path of keys with dots between; false: there is none, or it is empty.
func at(m pcommon.Map, path string) (pcommon.Value, bool) {
	key, rest, nested := strings.Cut(path, ".")
	v, ok := m.Get(key)
	switch {
	case !ok || row.IsEmpty(v, false):
		return pcommon.Value{}, false
	case !nested:
		return v, true
	case v.Type() != pcommon.ValueTypeMap:
		return pcommon.Value{}, false
	}
	return at(v.Map(), rest)
}

func textAt(m pcommon.Map, path string) string {
	v, ok := at(m, path)
	if !ok {
		return ""
	}
	return row.Text(v)
}

// textsAt are the texts of a list.
func textsAt(m pcommon.Map, path string) []string {
	v, ok := at(m, path)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	var texts []string
	for _, item := range v.Slice().All() {
		if text := row.Text(item); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

func putValue(columns pcommon.Map, column string, m pcommon.Map, path string) {
	if v, ok := at(m, path); ok {
		v.CopyTo(columns.PutEmpty(column))
	}
}

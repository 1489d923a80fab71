package event

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// semanticField takes one column to one attribute.
type semanticField struct {
	key    attribute.Key
	column string
	as     func(m pcommon.Map, key string, v pcommon.Value)
}

func asText(m pcommon.Map, key string, v pcommon.Value) { putText(m, key, row.Text(v)) }

func asLower(m pcommon.Map, key string, v pcommon.Value) {
	putText(m, key, strings.ToLower(row.Text(v)))
}

// asNumber takes whole numbers of any form.
func asNumber(m pcommon.Map, key string, v pcommon.Value) {
	if n, err := strconv.ParseInt(row.Text(v), 10, 64); err == nil && n >= 0 {
		m.PutInt(key, n)
	}
}

// asID takes numbers whose 0 stands for one that is not known: ports and process ids.
func asID(m pcommon.Map, key string, v pcommon.Value) {
	asNumber(m, key, v)
	if n, ok := m.Get(key); ok && n.Type() == pcommon.ValueTypeInt && n.Int() == 0 {
		m.Remove(key)
	}
}

// putPath writes the path of a file. Some tables' FolderPath ends with the name, others' does not.
func putPath(m pcommon.Map, key attribute.Key, folder, name string) {
	if folder == "" {
		return
	}
	if name != "" && !strings.HasSuffix(strings.ToLower(folder), strings.ToLower(name)) {
		separator := `\`
		if strings.HasPrefix(folder, "/") {
			separator = "/"
		}
		folder = strings.TrimSuffix(folder, separator) + separator + name
	}
	m.PutStr(string(key), folder)
}

package event

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// SchemaURL is the version of the conventions that the attributes follow.
const SchemaURL = semconv.SchemaURL

// semanticField takes one column to one attribute.
type semanticField struct {
	key    attribute.Key
	column string
	as     func(m pcommon.Map, key string, v pcommon.Value)
}

// Describe adds attributes of OpenTelemetry's semantic conventions to a record, beside the event. They
// say what the row says; what the conventions have no name for is left to the event. They stand on the
// record: a resource that named the device would part the events of one person.
func Describe(record plog.LogRecord, r row.Row, who accounts.Account) {
	m := record.Attributes()
	describeUser(m, who)
	table := semanticTables[r.Table.Name]
	for _, fields := range [][]semanticField{semanticDevice, table.fields} {
		for _, f := range fields {
			if v, ok := r.Columns.Get(f.column); ok {
				f.as(m, string(f.key), v)
			}
		}
	}
	if table.more != nil {
		table.more(record, r)
	}
}

// describeUser names the account that acted, as its row or else the directory calls it.
func describeUser(m pcommon.Map, who accounts.Account) {
	putText(m, string(semconv.UserNameKey), row.First(who.Name, who.UPN))
	putText(m, string(semconv.UserIDKey), row.First(who.SID, who.EntraID()))
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

package totalnormalizeprocessor

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// semanticsSchemaURL is the version of the conventions that the attributes follow.
const semanticsSchemaURL = semconv.SchemaURL

// semanticField takes one column to one attribute.
type semanticField struct {
	key    attribute.Key
	column string
	as     func(m pcommon.Map, key string, v pcommon.Value)
}

// describe adds attributes of OpenTelemetry's semantic conventions to a record, beside the event. They
// say what the row says; what the conventions have no name for is left to the event. They stand on the
// record: a resource that named the device would part the events of one person.
func describe(record plog.LogRecord, r row, found finding) {
	m := record.Attributes()
	describeUser(m, found)
	table := semanticTables[r.plan.table.Name]
	for _, fields := range [][]semanticField{semanticDevice, table.fields} {
		for _, f := range fields {
			if v, ok := r.columns.Get(f.column); ok {
				f.as(m, string(f.key), v)
			}
		}
	}
	if table.more != nil {
		table.more(record, r)
	}
}

// describeUser names the account that acted, as its row or else the directory calls it.
func describeUser(m pcommon.Map, found finding) {
	a := found.account
	if found.identity != nil {
		a = a.Merge(found.identity.account())
	}
	putText(m, string(semconv.UserNameKey), firstOf(a.Name, a.UPN))
	putText(m, string(semconv.UserIDKey), firstOf(a.SID, a.EntraID()))
}

func asText(m pcommon.Map, key string, v pcommon.Value) { putText(m, key, text(v)) }

func asLower(m pcommon.Map, key string, v pcommon.Value) { putText(m, key, strings.ToLower(text(v))) }

// asNumber takes whole numbers of any form.
func asNumber(m pcommon.Map, key string, v pcommon.Value) {
	if n, err := strconv.ParseInt(text(v), 10, 64); err == nil && n >= 0 {
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

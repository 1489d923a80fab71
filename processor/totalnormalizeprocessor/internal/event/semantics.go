package event

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// SchemaURL is the version of the conventions that the attributes follow.
const SchemaURL = semconv.SchemaURL

// Describe adds attributes of OpenTelemetry's semantic conventions to a record, beside the event. They
// say what the row says; what the conventions have no name for is left to the event. They stand on the
// record: a resource that named the device would part the events of one person.
func Describe(record plog.LogRecord, r row.Row, who accounts.Account) {
	m := record.Attributes()
	describeUser(m, who)
	table := semanticTables[r.Table.Name]
	if r.Table.Kind == tables.Alerts {
		table = semanticTables[TableAlerts]
	}
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

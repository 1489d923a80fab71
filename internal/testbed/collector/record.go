package collector

import (
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// Record is a log record of a table's row, apart from the batch that it came in.
type Record struct {
	UID, Table string
	Log        plog.LogRecord
}

// Records are those of a batch.
func Records(logs plog.Logs) []Record {
	var records []Record
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, log := range scope.LogRecords().All() {
				records = append(records, Record{Attribute(log, logrecord.AttributeUID), Attribute(log, logrecord.AttributeTable), log})
			}
		}
	}
	return records
}

// Body is the row.
func (r Record) Body() map[string]any { return r.Log.Body().Map().AsRaw() }

// Attribute is a text among a record's attributes, empty if it has no such text.
func Attribute(log plog.LogRecord, name string) string {
	v, ok := log.Attributes().Get(name)
	if !ok {
		return ""
	}
	return v.Str()
}

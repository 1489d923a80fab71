package event

import (
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// namespace keeps derived ids apart from all other UUIDs. It never changes: what was derived from it is stored at
// customers.
var namespace = uuid.MustParse("6f1c0f7e-3f5b-5c0b-9a53-0d5d2f4f6a01")

// IDOf is the record's log.record.uid. For a record that has none, because it came from elsewhere
// than the receiver, it is one that depends on its table and columns alone, so that the same row has
// the same id every time.
func IDOf(record plog.LogRecord) string {
	if v, ok := record.Attributes().Get(logrecord.AttributeUID); ok {
		if uid := row.Text(v); uid != "" {
			return uid
		}
	}
	table, _ := record.Attributes().Get(logrecord.AttributeTable)
	// fmt prints maps in the order of their keys, and unlike JSON it has a form for every number.
	content := fmt.Appendf(nil, "%s %#v", table.Str(), record.Body().Map().AsRaw())
	return uuid.NewSHA1(namespace, content).String()
}

package totalnormalizeprocessor

import (
	"fmt"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// eventNamespace and tuidNamespace keep derived ids apart from all other UUIDs. They never change:
// what was derived from them is stored at customers.
var (
	eventNamespace = uuid.MustParse("6f1c0f7e-3f5b-5c0b-9a53-0d5d2f4f6a01")
	tuidNamespace  = uuid.MustParse("6f1c0f7e-3f5b-5c0b-9a53-0d5d2f4f6a02")
)

// eventIDOf is the record's log.record.uid. A record that has none, because it came from elsewhere
// than the receiver, gets one that depends on its table and columns alone, so that the same row has
// the same id every time.
func eventIDOf(record plog.LogRecord) string {
	if v, ok := record.Attributes().Get(tables.AttributeUID); ok {
		if uid := text(v); uid != "" {
			return uid
		}
	}
	table, _ := record.Attributes().Get(tables.AttributeTable)
	// fmt prints maps in the order of their keys, and unlike JSON it has a form for every number.
	row := fmt.Appendf(nil, "%s %#v", table.Str(), record.Body().Map().AsRaw())
	uid := uuid.NewSHA1(eventNamespace, row).String()
	record.Attributes().PutStr(tables.AttributeUID, uid)
	return uid
}

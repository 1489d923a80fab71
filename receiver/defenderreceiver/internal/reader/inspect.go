package reader

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// inspect reads identity and times of a row, and takes the receiver's own columns out of it.
func inspect(body pcommon.Map, ids *rowid.Hasher, column string) delivery.Row {
	r := delivery.Row{IngestionTime: query.Text(body, query.IngestionTime)}
	r.At, _ = query.Time(query.Text(body, column))
	r.Timestamp, r.Readable = query.Time(query.Text(body, tables.TimestampColumn))
	// Of its own columns the receiver has only this one in an identity.
	body.RemoveIf(func(name string, _ pcommon.Value) bool { return query.IsOwn(name) && name != query.InfoTimestamp })
	r.UID = ids.UID(body)
	body.Remove(query.InfoTimestamp)
	return r
}

package defenderreceiver

import (
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// chunk collects log records until they are handed to the pipeline in one call.
type chunk struct {
	table    *tables.Table
	tenantID string
	lane     string // empty: live
	logs     plog.Logs
	records  plog.LogRecordSlice
	rows     []row
	uids     map[uuid.UUID]struct{}
}

func newChunk(table *tables.Table, tenantID, lane string) *chunk {
	c := &chunk{table: table, tenantID: tenantID, lane: lane}
	c.reset()
	return c
}

func (c *chunk) reset() {
	c.logs = plog.NewLogs()
	resource := c.logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(tables.AttributeTenantID, c.tenantID)
	c.records = resource.ScopeLogs().AppendEmpty().LogRecords()
	c.rows = nil
	c.uids = map[uuid.UUID]struct{}{}
}

func (c *chunk) holds(uid uuid.UUID) bool {
	_, ok := c.uids[uid]
	return ok
}

// take returns the collected records and the rows that they are, and begins anew.
func (c *chunk) take() (plog.Logs, []row) {
	logs, rows := c.logs, c.rows
	if len(rows) > 0 {
		c.reset()
	}
	return logs, rows
}

// row is what the receiver knows of a decoded row.
type row struct {
	uid uuid.UUID
	at  time.Time // its place on the axis; zero if the row has none
	// ingestionTime as it stood in the answer; empty where the service does not say.
	ingestionTime string
	// timestamp is the event's time; readable is false where the row has none.
	timestamp time.Time
	readable  bool
}

// inspect reads identity and times of a row, and takes the receiver's own columns out of it.
func inspect(body pcommon.Map, ids *rowid.Hasher, axis string) row {
	r := row{uid: ids.UID(body), ingestionTime: text(body, query.IngestionTime)}
	r.at, _ = parseTime(text(body, axis))
	r.timestamp, r.readable = parseTime(text(body, tables.TimestampColumn))
	body.RemoveIf(func(name string, _ pcommon.Value) bool { return query.IsOwn(name) })
	return r
}

// add makes a row the next record. body is moved and left empty.
func (c *chunk) add(body pcommon.Map, r row, observed time.Time) {
	c.rows = append(c.rows, r)
	c.uids[r.uid] = struct{}{}
	record := c.records.AppendEmpty()
	body.MoveTo(record.Body().SetEmptyMap())
	timestamp := r.timestamp
	if !r.readable {
		timestamp, _ = parseTime(r.ingestionTime)
	}
	if !timestamp.IsZero() {
		record.SetTimestamp(pcommon.NewTimestampFromTime(timestamp))
	}
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	record.SetEventName(c.table.EventName())
	attributes := record.Attributes()
	attributes.EnsureCapacity(4)
	attributes.PutStr(tables.AttributeUID, r.uid.String())
	attributes.PutStr(tables.AttributeTable, c.table.Name)
	if r.ingestionTime != "" {
		attributes.PutStr(tables.AttributeIngestionTime, r.ingestionTime)
	}
	if c.lane != "" {
		attributes.PutStr(tables.AttributeLane, c.lane)
	}
}

func text(body pcommon.Map, column string) string {
	if v, ok := body.Get(column); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err == nil
}

package delivery

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Row is what the receiver knows of a decoded row.
type Row struct {
	UID uuid.UUID
	At  time.Time // its place on the time basis; zero if the row has none
	// IngestionTime as it stood in the answer; empty where the service does not say.
	IngestionTime string
	// Timestamp is the event's time; Readable is false where the row has none.
	Timestamp time.Time
	Readable  bool
}

// Limits bound one call of the pipeline.
type Limits struct {
	Records int
	// Bytes bounds the sizes of a call's rows; a call exceeds it by less than largeRow.
	Bytes int
}

// Origin is where records say that they come from.
type Origin struct {
	TenantID string
	// Scope and Version name the component that made them.
	Scope, Version string
}

// Batch collects the rows of one table and lane until they are delivered.
type Batch struct {
	table  *tables.Table
	origin Origin
	event  string // the records' event name
	lane   string // empty: live
	limits Limits

	logs    plog.Logs
	records plog.LogRecordSlice
	rows    []Row
	sizes   []int // of the rows, in bytes
	bytes   int   // the sum of sizes
	shared  int   // of that, the rows that share their calls with others
	uids    map[uuid.UUID]struct{}
	likely  int // rows, as the batch before was full with so many; 0: it was not
}

// NewBatch makes an empty batch.
func NewBatch(table *tables.Table, origin Origin, lane string, limits Limits) *Batch {
	b := &Batch{table: table, event: table.EventName(), origin: origin, lane: lane, limits: limits, uids: map[uuid.UUID]struct{}{}}
	b.reset()
	return b
}

func (b *Batch) reset() {
	b.logs = plog.NewLogs()
	b.records = b.frame(b.logs)
	b.rows, b.sizes, b.bytes, b.shared = nil, nil, 0, 0
	clear(b.uids)
}

// frame puts the batch's resource and scope into logs and returns the place of the records.
func (b *Batch) frame(logs plog.Logs) plog.LogRecordSlice {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(logrecord.AttributeTenantID, b.origin.TenantID)
	scope := resource.ScopeLogs().AppendEmpty()
	scope.Scope().SetName(b.origin.Scope)
	scope.Scope().SetVersion(b.origin.Version)
	return scope.LogRecords()
}

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.rows) }

// Full reports whether the batch is to be delivered before another row is added. A large row alone does not fill it: it
// is offered beside the rows that come after it, which show whether it is the row that is refused.
func (b *Batch) Full() bool {
	return len(b.rows) >= b.limits.Records || b.shared >= b.limits.Bytes || b.bytes >= largeRows*b.limits.Bytes
}

// Holds reports whether a row of this id is in the batch.
func (b *Batch) Holds(uid uuid.UUID) bool {
	_, ok := b.uids[uid]
	return ok
}

// take returns the rows as a batch of their own, and begins anew.
func (b *Batch) take() *Batch {
	taken := *b
	taken.uids = nil
	b.likely = 0
	if b.Full() {
		b.likely = len(b.rows)
	}
	b.reset()
	return &taken
}

// Add makes a row the next record and returns it. body is moved and left empty.
func (b *Batch) Add(body pcommon.Map, r Row, observed time.Time) plog.LogRecord {
	record := b.Append(r, sizeOf(body))
	timestamp := r.Timestamp
	if !r.Readable {
		timestamp, _ = time.Parse(time.RFC3339Nano, r.IngestionTime)
	}
	logrecord.Fill(record, body, logrecord.Fields{
		Table: b.table.Name, EventName: b.event, UID: r.UID, Timestamp: timestamp, Observed: observed, IngestionTime: r.IngestionTime, Lane: b.lane,
	})
	return record
}

// Append makes room for a row of so many bytes, and returns its record, which is empty.
func (b *Batch) Append(r Row, bytes int) plog.LogRecord {
	if len(b.rows) == 0 && b.likely > 0 {
		b.rows, b.sizes = make([]Row, 0, b.likely), make([]int, 0, b.likely)
		b.records.EnsureCapacity(b.likely)
	}
	size := rowOverhead + bytes
	b.rows, b.sizes, b.bytes = append(b.rows, r), append(b.sizes, size), b.bytes+size
	if size < largeRow {
		b.shared += size
	}
	b.uids[r.UID] = struct{}{}
	return b.records.AppendEmpty()
}

// id names the table and its lane.
func (b *Batch) id() string {
	if b.lane == "" {
		return b.table.Name
	}
	return b.table.Name + "/" + b.lane
}

// part is a copy of some rows, as a call of its own.
func (b *Batch) part(s span) plog.Logs {
	logs := plog.NewLogs()
	records := b.frame(logs)
	records.EnsureCapacity(s.to - s.from)
	for i := s.from; i < s.to; i++ {
		b.records.At(i).CopyTo(records.AppendEmpty())
	}
	return logs
}

// rowOverhead is what a record weighs beside its columns.
const rowOverhead = 512

// sizeOf is the size of a row's names and values, about as they stood in the answer.
func sizeOf(body pcommon.Map) int {
	size := 0
	for name, value := range body.All() {
		size += len(name) + sizeOfValue(value)
	}
	return size
}

func sizeOfValue(value pcommon.Value) int {
	switch value.Type() {
	case pcommon.ValueTypeStr:
		return len(value.Str())
	case pcommon.ValueTypeBytes:
		return value.Bytes().Len()
	case pcommon.ValueTypeMap:
		return sizeOf(value.Map())
	case pcommon.ValueTypeSlice:
		size := 0
		for _, element := range value.Slice().All() {
			size += sizeOfValue(element)
		}
		return size
	default:
		return 8
	}
}

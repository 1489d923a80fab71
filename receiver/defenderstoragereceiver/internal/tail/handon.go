package tail

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/lines"
)

// The attributes that say where a record's line stands.
const (
	attributeContainer = "azure.storage.container"
	attributeBlob      = "azure.storage.blob"
	attributeOffset    = "azure.storage.offset"
)

// outlet hands the rows of a container to the pipeline.
type outlet struct {
	*Surroundings
	name  string
	table *tables.Table
	seen  *health.Container
	lines lines.Reader
}

// handing is a part of a blob whose lines are handed on.
type handing struct {
	*outlet
	blob   string
	tenant string // that of the batch
	batch  *delivery.Batch
	rows   []handed // of the batch, and repeated ones since it was begun
	taken  book.Taken
	last   lineTaken
}

// lineTaken is the last line of which rows were taken. Others of it may be in the next batch.
type lineTaken struct {
	begins int64
	rows   book.Rows
}

// handed is a row of a part.
type handed struct {
	begins   int64 // where its line does
	repeated bool  // it is none of the batch
	broken   bool
}

// handOn hands whole lines on. It returns what of them is done with: all, or up to the first line that the pipeline has not
// taken.
func (o *outlet) handOn(ctx context.Context, blob string, at int64, text []byte) (book.Taken, error) {
	h := &handing{outlet: o, blob: blob}
	from := at
	for len(text) > 0 {
		line, rest := lines.Split(text)
		for _, item := range o.lines.Read(line) {
			if done, err := h.add(ctx, at, item); err != nil {
				return h.end(from, done), err
			}
		}
		at, text = at+int64(len(line)), rest
	}
	if done, err := h.flush(ctx); err != nil {
		return h.end(from, done), err
	}
	return h.end(from, at), nil
}

// handOnPieces hands on the beginning of a line that is too long to be read.
func (o *outlet) handOnPieces(ctx context.Context, blob string, at int64, text []byte) (book.Taken, error) {
	h := &handing{outlet: o, blob: blob}
	from := at
	for _, item := range lines.Pieces(text) {
		if done, err := h.add(ctx, at, item); err != nil {
			return h.end(from, done), err
		}
		at += int64(len(item.Text))
	}
	if done, err := h.flush(ctx); err != nil {
		return h.end(from, done), err
	}
	return h.end(from, at), nil
}

// end is what is done with up to a place. A line of which only some rows were taken is read again, and counted then.
func (h *handing) end(from, done int64) book.Taken {
	h.taken.Bytes = done - from
	if h.last.begins < done {
		h.taken.Rows.Add(h.last.rows)
	}
	h.seen.Count(health.Rows{Repeated: h.taken.Repeated, Broken: h.taken.Broken})
	return h.taken
}

// add puts an item into the batch. With an error it returns where the first line begins that was not taken.
func (h *handing) add(ctx context.Context, at int64, item lines.Item) (int64, error) {
	tenant, row, bytes := export.Tenant(h.blob), delivery.Row{}, len(item.Text)
	var text streaming.Undecoded
	if item.Err == nil {
		row = delivery.Row{UID: item.Row.UID, At: item.Row.Timestamp, Timestamp: item.Row.Timestamp, Readable: !item.Row.Timestamp.IsZero()}
		if item.Row.TenantID != "" {
			tenant = item.Row.TenantID
		}
		bytes = item.Bytes
	} else {
		text = streaming.NewUndecoded(item.Text, item.Err)
		row.UID = text.UID
	}
	if h.batch != nil && (h.tenant != tenant || h.batch.Full()) {
		if done, err := h.flush(ctx); err != nil {
			return done, err
		}
	}
	if item.Err == nil && h.isKnown(row.UID) {
		h.Metrics.Duplicates(h.table.Name, 1)
		h.rows = append(h.rows, handed{begins: at, repeated: true})
		return 0, nil
	}
	if h.batch == nil {
		h.tenant = tenant
		h.batch = delivery.NewBatch(h.table, delivery.Origin{TenantID: tenant, Scope: h.Scope, Version: h.Version}, "", h.Batch)
	}
	record := h.batch.Append(row, bytes)
	h.rows = append(h.rows, handed{begins: at, broken: item.Err != nil})
	h.mark(record, at)
	if item.Err == nil {
		item.Row.MoveTo(record, h.Now())
		return 0, nil
	}
	h.Metrics.Undecoded(h.table.Name, 1)
	text.Fill(record, h.Now())
	return 0, nil
}

// isKnown reports whether a row was handed on lately. Texts that are no rows are not asked for: equal ones may be parts of
// one line.
func (h *handing) isKnown(uid uuid.UUID) bool {
	if h.Recent == nil {
		return false
	}
	return h.batch != nil && h.batch.Holds(uid) || h.Recent.Has(uid, h.Now())
}

// mark says where the record's line stands.
func (h *handing) mark(record plog.LogRecord, at int64) {
	if !h.Origin {
		return
	}
	record.Attributes().PutStr(attributeContainer, h.name)
	record.Attributes().PutStr(attributeBlob, h.blob)
	record.Attributes().PutInt(attributeOffset, at)
}

// flush hands the batch on. With an error it returns where the first line begins that was not taken.
func (h *handing) flush(ctx context.Context) (int64, error) {
	if h.batch == nil {
		h.settle(nil, math.MaxInt64)
		return 0, nil
	}
	result, err := h.Deliverer.Deliver(ctx, h.batch, HeldFor)
	h.batch = nil
	h.count(result)
	stop := int64(math.MaxInt64)
	if i := slices.Index(result.Outcomes, delivery.Held); i >= 0 {
		stop = h.beginOf(i)
	}
	h.settle(result.Outcomes, stop)
	if stop == math.MaxInt64 {
		return 0, nil // all was taken, also where an end came then
	}
	if err == nil {
		err = delivery.ErrRefused
	}
	return stop, fmt.Errorf("deliver rows of %s: %w", h.table.Name, err)
}

// beginOf is where the line of a row of the batch begins.
func (h *handing) beginOf(i int) int64 {
	for _, row := range h.rows {
		switch {
		case row.repeated:
		case i == 0:
			return row.begins
		default:
			i--
		}
	}
	return 0
}

// settle notes what became of the rows whose lines begin before a place. Those behind it are read again, and counted then.
func (h *handing) settle(outcomes []delivery.Outcome, stop int64) {
	i := 0
	for _, row := range h.rows {
		outcome := delivery.Held
		if !row.repeated {
			outcome = outcomes[i]
			i++
		}
		if row.begins >= stop {
			continue
		}
		if row.begins != h.last.begins {
			h.taken.Rows.Add(h.last.rows)
			h.last = lineTaken{begins: row.begins}
		}
		h.last.rows.Add(h.rowOf(row, outcome))
	}
	h.rows = h.rows[:0]
}

// rowOf is one row, by what became of it.
func (h *handing) rowOf(row handed, outcome delivery.Outcome) book.Rows {
	var r book.Rows
	switch {
	case row.repeated:
		r.Repeated = 1
	case outcome == delivery.Delivered:
		r.Delivered = 1
	case h.Letters:
		r.RefusedKept = 1
	default:
		r.RefusedLost = 1
	}
	if row.broken {
		r.Broken = 1
	}
	return r
}

func (h *handing) count(result delivery.Result) {
	h.Metrics.Delivered(h.table.Name, result)
	h.seen.Count(health.Rows{Delivered: result.Count(delivery.Delivered), Refused: result.Count(delivery.Refused)})
	if h.Recent == nil {
		return
	}
	now := h.Now()
	for i, row := range result.Rows {
		if result.Outcomes[i] != delivery.Held {
			h.Recent.Add(row.UID, now)
		}
	}
}

package totalnormalizeprocessor

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// intake goes through the records of one call before any becomes an event, so that all of them profit
// from what each says of people and devices.
type intake struct {
	*call

	parser streaming.Parser
	// taught are the lessons of this call, so that a person's many rows are one.
	taught map[actor.Lesson]struct{}
	// changes are the directories', for the store.
	changes []directory.Change
	key     []byte
}

func (c *call) newIntake() *intake {
	return &intake{call: c, taught: map[actor.Lesson]struct{}{}}
}

// takeIn unpacks records of the Streaming API, takes directory rows into the directories, and learns from the other
// rows. It returns what is left.
func (c *call) takeIn(ctx context.Context, logs plog.Logs) []batch {
	in := c.newIntake()
	var batches []batch
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			b := batch{resource: resource, scope: scope, records: make([]pending, 0, scope.LogRecords().Len())}
			for _, record := range scope.LogRecords().All() {
				if p, left := in.take(record, resource.Resource()); left {
					b.records = append(b.records, p)
				}
			}
			batches = append(batches, b)
		}
	}
	in.changes = append(in.changes, c.directories.Evict()...)
	if c.store == nil {
		return batches
	}
	if err := save(ctx, c.store, in.changes); err != nil {
		// Nothing is lost that the next snapshot does not bring again.
		c.logger.Warn("Cannot store the directories; they will be read anew after a restart", zap.Error(err))
	}
	return batches
}

// take takes a record in. It reports whether it is left to become an event or to be handed on.
func (in *intake) take(record plog.LogRecord, resource pcommon.Resource) (p pending, left bool) {
	p = in.unpacked(record, resource)
	t := in.tableOfRow(p.record)
	switch {
	case t == nil:
		return p, true
	case !t.IsEvent():
		in.changes = append(in.changes, in.directories.Take(t.row(p.record))...)
		in.counts.dropped(t.Table.Name, reasonDirectory)
		return p, false
	}
	p.reader = in.readerOf(t)
	in.findAct(&p)
	return p, true
}

// unpacked is a record as the receiver emits it. What has to be changed for that, or later, is copied.
func (in *intake) unpacked(record plog.LogRecord, resource pcommon.Resource) pending {
	if isUnpacked(record) && !isEvidenceAlone(record) {
		return pending{record: record}
	}
	copied := plog.NewLogRecord()
	record.CopyTo(copied)
	in.unpack(&in.parser, copied, resource)
	return pending{record: copied, copied: true}
}

func (c *call) readerOf(t *table) *reader {
	d, ok := c.readers[t]
	if !ok {
		d = t.newReader()
		c.readers[t] = d
	}
	return d
}

// findAct finds what the row has in common with others of the call, if it has. The first of them teaches the directories,
// unless one of an earlier call has, and nothing has changed since.
func (in *intake) findAct(p *pending) {
	key, ok := p.reader.appendKey(in.key[:0], p.record)
	in.key = key
	if !ok {
		p.alone = p.reader.table.row(p.record)
		in.learnFrom(p.alone)
		return
	}
	if p.act, ok = p.reader.acts[string(key)]; ok {
		return
	}
	with := in.judge.knowledge(in.period)
	if v, ok := in.judge.remembered.Get(with, key); ok {
		p.act = p.reader.newAct(v.signs)
		p.act.verdict, p.act.with = v, with
		return
	}
	p.act = p.reader.newAct(string(key))
	in.learnFrom(p.row())
}

func (in *intake) learnFrom(r row.Row) {
	for _, lesson := range in.judge.resolver.Lessons(r) {
		if _, known := in.taught[lesson]; known {
			continue
		}
		in.taught[lesson] = struct{}{}
		if in.judge.resolver.IsTaught(lesson) {
			in.changes = append(in.changes, in.directories.Learn(lesson.Account, lesson.Device, r.Time)...)
		}
	}
}

// isEvidenceAlone reports whether the row is alert evidence without AlertInfo.
func isEvidenceAlone(record plog.LogRecord) bool { return tableOf(record) == event.TableAlertEvidence }

// completeEvidence makes a row of AlertEvidence alone as much of a row of Alerts as it can be: with what AlertInfo has
// said by then.
func (n *normalizer) completeEvidence(r row.Row) {
	for i, said := range n.directories.AlertInfo(r.Text("AlertId")) {
		if said != "" {
			r.Columns.PutStr(directory.AlertColumns[i], said)
		}
	}
	if r.Text("Category") != "" {
		return
	}
	// Evidence has a list of the alert's categories.
	v, ok := r.JSON("Categories")
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return
	}
	var categories []string
	for _, c := range v.Slice().All() {
		if category := row.Text(c); category != "" && !slices.Contains(categories, category) {
			categories = append(categories, category)
		}
	}
	if len(categories) > 0 {
		r.Columns.PutStr("Category", strings.Join(categories, ", "))
	}
}

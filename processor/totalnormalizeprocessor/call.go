package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/drops"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// call is one call of the processor. It leaves the records that came in as they are, which another component may hold,
// and builds new ones.
type call struct {
	*normalizer

	counts  tally
	dropped drops.Call
	readers map[*table]*reader
	events  *order.Groups
	passed  passing
	// period is that of all knowledge in this call.
	period int64
}

func (n *normalizer) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	reach.Judged(ctx)
	n.judge.tuids.Refresh()
	if err := n.refresh(ctx); err != nil {
		return logs, err
	}
	c := n.newCall(ctx)
	logs = n.spread(logs, c.counts, c.dropped)
	for i, batch := range c.takeIn(ctx, logs) {
		source := c.events.From(batch.resource, batch.scope)
		for j := range batch.records {
			p := &batch.records[j]
			if !c.normalize(p, source, i+1) {
				c.passed.add(p, &batch)
			}
		}
	}
	made := c.passed.logs
	c.events.AppendTo(made)
	c.close()
	c.counts.report(ctx, n.telemetry, processorAttribute(n.id))
	n.shown.add(c.counts)
	if made.ResourceLogs().Len() == 0 {
		return made, processorhelper.ErrSkipProcessingData
	}
	return made, nil
}

func (n *normalizer) newCall(ctx context.Context) *call {
	return &call{
		normalizer: n, counts: tally{}, dropped: drops.Of(ctx), readers: map[*table]*reader{},
		events: order.NewGroups(n.schemaURL()), passed: passing{logs: plog.NewLogs()}, period: n.judge.periodNow(),
	}
}

// schemaURL is what the records' own attributes follow; empty: the schema they came with.
func (n *normalizer) schemaURL() string {
	if n.cfg.SemanticAttributes {
		return event.SchemaURL
	}
	return ""
}

// normalize makes the record's event, of the source of that number. It reports whether the record is done with: false
// hands it on as it is.
func (c *call) normalize(p *pending, source order.Source, number int) bool {
	if logrecord.IsWatermark(p.record) {
		c.counts.passed(tableOther, reasonWatermark)
		return false
	}
	if p.reader == nil {
		reason := reasonOfOther(p.record)
		if c.cfg.OtherRecords == OtherRecordsDrop {
			c.counts.dropped(tableOther, reason)
			return true
		}
		c.counts.passed(tableOther, reason)
		return false
	}
	name := p.reader.table.Table.Name
	if name == event.TableAlerts && c.cfg.Alerts == AlertsGraph {
		c.drop(p, reasonAlertsFromGraph)
		return true
	}
	if p.copied && isEvidenceAlone(p.record) {
		c.completeEvidence(p.row())
	}
	v := c.verdictOf(p)
	if v.dropped != "" {
		c.drop(p, v.dropped)
		return true
	}
	h := headerOf(p.record)
	to := c.eventsOf(p, v, h, source, number).AppendEmpty()
	h.copyTo(to, p.record)
	if c.cfg.SemanticAttributes {
		event.Describe(to, p.row(), v.account)
	}
	if h.tenant != nil {
		to.Attributes().Remove(logrecord.AttributeTenantID) // the resource has it
	}
	at := p.record.Timestamp().AsTime()
	p.reader.table.Write(to.Body().SetEmptyMap(), p.reader.Read(p.record.Body().Map()), at, c.facts(p, v, h))
	return true
}

func (c *call) drop(p *pending, reason string) {
	name := p.reader.table.Table.Name
	c.counts.dropped(name, reason)
	c.dropped.Drop(dayOf(p.record), name, reason)
}

// verdictOf is whose act a row is. It is found once for all rows of the call that have the same signs.
func (c *call) verdictOf(p *pending) *verdict {
	a := p.act
	if a == nil {
		v := c.judge.of(p.row())
		if v.dropped == "" {
			c.counts.mapped(p.reader.table.Table.Name, v.way, 1)
		}
		return v
	}
	if with := c.judge.knowledge(c.period); a.verdict == nil || a.with != with || !c.judge.holds(a.verdict, p.record.Timestamp().AsTime()) {
		c.countActs(p.reader.table, a)
		a.verdict, a.with, a.source = c.judge.again(with, a.key, p), with, 0
	}
	if a.verdict.dropped == "" {
		a.mapped++
	}
	return a.verdict
}

// eventsOf are the person's events of a source, which number tells from the call's other ones.
func (c *call) eventsOf(p *pending, v *verdict, h header, source order.Source, number int) plog.LogRecordSlice {
	if h.tenant != nil {
		return source.OfTenant(*h.tenant).Person(c.cfg.DomainID, v.tuid, v.key)
	}
	if p.act == nil {
		return source.Person(c.cfg.DomainID, v.tuid, v.key)
	}
	if p.act.source != number {
		p.act.events, p.act.source = source.Person(c.cfg.DomainID, v.tuid, v.key), number
	}
	return p.act.events
}

// facts are what an event says beside its row.
func (c *call) facts(p *pending, v *verdict, h header) event.Facts {
	facts := event.Facts{
		EventID: h.uid, DomainID: c.cfg.DomainID, TUID: v.tuid, User: v.user, Lane: h.lane, Source: event.SourceHunting,
		TargetUser: v.target.User, TargetGroup: v.target.Group,
	}
	if v.way != actor.Account {
		facts.AttributedBy = string(v.way)
	}
	switch {
	case p.reader.table.Table.Name == event.TableAlertsV2:
		facts.Source = event.SourceGraph
	case h.streamed:
		facts.Source = event.SourceStreaming
	}
	return facts
}

// close counts what was mapped, and gives the readers back.
func (c *call) close() {
	for t, d := range c.readers {
		for _, a := range d.acts {
			c.countActs(t, a)
		}
		t.giveBack(d)
	}
	c.readers = nil
}

// countActs counts what was mapped by an act so far. Counting each record would ask a map of three texts for each.
func (c *call) countActs(t *table, a *act) {
	if a.mapped > 0 {
		c.counts.mapped(t.Table.Name, a.verdict.way, a.mapped)
		a.mapped = 0
	}
}

// pending is a record that the intake has left to the call.
type pending struct {
	record plog.LogRecord
	reader *reader // nil: it is no row of a table with events
	act    *act    // nil: the row has to be looked at by itself
	alone  row.Row // without act: the row, so that its AdditionalFields are parsed once
	// copied: the record is no longer the one that came in, and may be changed.
	copied bool
}

func (p *pending) row() row.Row {
	if p.act == nil {
		return p.alone
	}
	return p.reader.table.row(p.record)
}

// batch is what is left of a scope's records.
type batch struct {
	resource plog.ResourceLogs
	scope    plog.ScopeLogs
	records  []pending
}

// passing are the records that are handed on as they are, in the order in which they came.
type passing struct {
	logs plog.Logs
	from batch // of the last one
	to   plog.ResourceLogs
	into plog.ScopeLogs
}

func (s *passing) add(p *pending, b *batch) {
	if s.from.resource != b.resource {
		s.to = s.logs.ResourceLogs().AppendEmpty()
		b.resource.Resource().CopyTo(s.to.Resource())
		s.to.SetSchemaUrl(b.resource.SchemaUrl())
	}
	if s.from.resource != b.resource || s.from.scope != b.scope {
		s.into = s.to.ScopeLogs().AppendEmpty()
		b.scope.Scope().CopyTo(s.into.Scope())
		s.into.SetSchemaUrl(b.scope.SchemaUrl())
	}
	s.from.resource, s.from.scope = b.resource, b.scope
	if p.copied {
		p.record.MoveTo(s.into.LogRecords().AppendEmpty())
		return
	}
	p.record.CopyTo(s.into.LogRecords().AppendEmpty())
}

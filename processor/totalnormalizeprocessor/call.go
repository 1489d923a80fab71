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
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/tuid"
)

func (n *normalizer) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	reach.Judged(ctx)
	n.tuids.Refresh()
	if err := n.refresh(ctx); err != nil {
		return logs, err
	}
	counts, dropped := tally{}, drops.Of(ctx)
	n.spread(logs, counts, dropped)
	n.takeIn(ctx, logs, counts)
	events := order.NewGroups(n.schemaURL())
	resources := logs.ResourceLogs()
	for i := range resources.Len() {
		resource := resources.At(i)
		for j := range resource.ScopeLogs().Len() {
			scope := resource.ScopeLogs().At(j)
			target := events.From(resource, scope)
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				return n.normalize(record, target, counts, dropped)
			})
		}
	}
	removeEmpty(logs)
	events.AppendTo(logs)
	counts.report(ctx, n.telemetry, processorAttribute(n.id))
	n.shown.add(counts)
	if logs.ResourceLogs().Len() == 0 {
		return logs, processorhelper.ErrSkipProcessingData
	}
	return logs, nil
}

// schemaURL is what the records' own attributes follow; empty: the schema they came with.
func (n *normalizer) schemaURL() string {
	if n.cfg.SemanticAttributes {
		return event.SchemaURL
	}
	return ""
}

// normalize moves the record's event to target. It reports whether the record is done with: false
// leaves it, as it is, where it stands.
func (n *normalizer) normalize(record plog.LogRecord, target order.Source, counts tally, dropped drops.Call) bool {
	if logrecord.IsWatermark(record) {
		counts.passed(tableOther, reasonWatermark)
		return false
	}
	r, plan, ok := n.rowOf(record)
	if !ok {
		if n.cfg.OtherRecords == OtherRecordsDrop {
			counts.dropped(tableOther, reasonOther)
			return true
		}
		counts.passed(tableOther, reasonOther)
		return false
	}
	if r.Table.Name == event.TableAlerts && n.cfg.Alerts == AlertsGraph {
		counts.dropped(r.Table.Name, reasonAlertsFromGraph)
		dropped.Drop(dayOf(record), r.Table.Name, reasonAlertsFromGraph)
		return true
	}
	if isEvidenceAlone(record) {
		n.completeEvidence(r)
	}
	found := n.resolver.WhoActed(r)
	if found.Dropped != "" {
		counts.dropped(r.Table.Name, found.Dropped)
		dropped.Drop(dayOf(record), r.Table.Name, found.Dropped)
		return true
	}
	person := n.resolver.Person(found)
	id, ok := n.tuids.Of(person.Key, person.Names)
	if !ok {
		counts.dropped(r.Table.Name, tuid.ReasonUnmapped)
		dropped.Drop(dayOf(record), r.Table.Name, tuid.ReasonUnmapped)
		return true
	}
	facts := n.facts(record, r, found)
	facts.TUID, facts.User = id, person.User
	body := plan.New(r, facts)
	if n.cfg.SemanticAttributes {
		event.Describe(record, r, found.Full())
	}
	destination := target.Of(record).Person(n.cfg.DomainID, id, person.Key).AppendEmpty()
	record.MoveTo(destination)
	body.MoveTo(destination.Body())
	counts.mapped(r.Table.Name, found.Way)
	return true
}

// facts are what an event says beside its row, but for the person.
func (n *normalizer) facts(record plog.LogRecord, r row.Row, found actor.Finding) event.Facts {
	target := n.resolver.Target(r)
	facts := event.Facts{
		EventID: event.IDOf(record), DomainID: n.cfg.DomainID,
		TargetUser: target.User, TargetGroup: target.Group,
		Source: sourceOf(record, r),
	}
	if found.Way != actor.Account {
		facts.AttributedBy = string(found.Way)
	}
	if lane, ok := record.Attributes().Get(logrecord.AttributeLane); ok {
		facts.Lane = row.Text(lane)
	}
	return facts
}

// sourceOf is the API that a record's row was read from.
func sourceOf(record plog.LogRecord, r row.Row) string {
	switch {
	case r.Table.Name == event.TableAlertsV2:
		return event.SourceGraph
	case isStreamed(record):
		return event.SourceStreaming
	default:
		return event.SourceHunting
	}
}

func removeEmpty(logs plog.Logs) {
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool { return scope.LogRecords().Len() == 0 })
		return resource.ScopeLogs().Len() == 0
	})
}

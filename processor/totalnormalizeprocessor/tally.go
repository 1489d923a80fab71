package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/tuid"
)

// Why records are dropped or passed, beside the reasons of the actor's rules and of accounts without a tuid.
const (
	reasonDirectory = "directory"
	reasonOther     = "not_defender"
	// A row of a hunting table, or an object of a feed, that no event is made of.
	reasonOtherTable = "other_table"
	reasonWatermark  = "watermark"
	// An alert of Graph that has no evidence, or an item of it that is none.
	reasonNoEvidence = "no_evidence"
	// A row of the tables of alerts, where alerts become events from Graph.
	reasonAlertsFromGraph = "alerts_from_graph"

	tableOther = "other"
)

// reasonOf are the reasons of mapped records: by what the person was found.
func reasonOf(way actor.Way) string {
	if way == actor.PosixUser {
		return "posix_identity" // what the metric has called it from the beginning
	}
	return string(way)
}

// reasonOfOther is why no event is made of a record that is no row of a table with events.
func reasonOfOther(record plog.LogRecord) string {
	if _, has := record.Attributes().Get(logrecord.AttributeTable); has {
		return reasonOtherTable
	}
	return reasonOther
}

const (
	outcomeMapped  = "mapped"
	outcomeDropped = "dropped"
	outcomePassed  = "passed"
)

// tally counts the records of one call; every record that comes in is counted exactly once.
type tally map[tallyKey]int64

type tallyKey struct{ table, outcome, reason string }

func (t tally) mapped(table string, way actor.Way, records int64) {
	t[tallyKey{table, outcomeMapped, reasonOf(way)}] += records
}
func (t tally) dropped(table, reason string) { t[tallyKey{table, outcomeDropped, reason}]++ }
func (t tally) passed(table, reason string)  { t[tallyKey{table, outcomePassed, reason}]++ }

func (t tally) report(ctx context.Context, telemetry *metadata.TelemetryBuilder, processor attribute.KeyValue) {
	for key, n := range t {
		telemetry.ProcessorTotalNormalizeRecords.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(
			processor,
			attribute.String("table", key.table),
			attribute.String("outcome", key.outcome),
			attribute.String("reason", key.reason),
		)))
	}
}

// processorAttribute tells the metrics of one processor from another's.
func processorAttribute(id component.ID) attribute.KeyValue {
	return attribute.String("processor", id.String())
}

// everyKey is a tally of nothing, with all keys that there can be. An alert on a series that begins with its first event
// does not see that event.
func everyKey(plans map[string]*event.Plan) tally {
	all := tally{
		{tableOther, outcomeDropped, reasonOther}: 0,
		{tableOther, outcomePassed, reasonOther}:  0,

		{tableOther, outcomeDropped, reasonOtherTable}: 0,
		{tableOther, outcomePassed, reasonOtherTable}:  0,

		{tableOther, outcomePassed, reasonWatermark}: 0,
	}
	for _, p := range plans {
		if !p.IsEvent() {
			all[tallyKey{p.Table.Name, outcomeDropped, reasonDirectory}] = 0
			continue
		}
		for _, way := range actor.Ways() {
			all[tallyKey{p.Table.Name, outcomeMapped, reasonOf(way)}] = 0
		}
		for _, reason := range append(actor.Reasons(), tuid.ReasonUnmapped) {
			all[tallyKey{p.Table.Name, outcomeDropped, reason}] = 0
		}
		if reason := ofAlerts(plans, p); reason != "" {
			all[tallyKey{p.Table.Name, outcomeDropped, reason}] = 0
		}
		for _, reason := range accounts.Reasons() {
			all[tallyKey{p.Table.Name, outcomeDropped, string(reason)}] = 0
		}
	}
	return all
}

// ofAlerts is why rows of a table are dropped because of where alerts become events from; empty: they are not.
func ofAlerts(plans map[string]*event.Plan, p *event.Plan) string {
	_, fromGraph := plans[event.TableAlertsV2]
	switch {
	case p.Table.Name == event.TableAlertsV2:
		return reasonNoEvidence
	case fromGraph && p.Table.Name == event.TableAlerts:
		return reasonAlertsFromGraph
	}
	return ""
}

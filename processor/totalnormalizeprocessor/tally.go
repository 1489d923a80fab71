package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// Why records are dropped or passed, beside the reasons of accounts.Rules; and by what the person of
// a mapped record was found.
const (
	reasonDirectory    = "directory"
	reasonOther        = "not_defender"
	reasonUnmapped     = "unmapped"
	reasonInbound      = "inbound"
	reasonNoAccount    = "no_account"
	reasonNobodyOn     = "nobody_logged_on"
	reasonSeveralUsers = "several_logged_on"

	foundAccount    = "account"
	foundPosix      = "posix_identity"
	foundRecipient  = "mail_recipient"
	foundAlertUser  = "alert_user"
	foundLoggedOnBy = "logged_on_user"

	tableOther = "other"
)

const (
	outcomeMapped  = "mapped"
	outcomeDropped = "dropped"
	outcomePassed  = "passed"
)

// tally counts the records of one call; every record that comes in is counted exactly once.
type tally map[tallyKey]int64

type tallyKey struct{ table, outcome, reason string }

func (t tally) mapped(table, reason string)  { t[tallyKey{table, outcomeMapped, reason}]++ }
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
func everyKey(plans map[string]*plan) tally {
	all := tally{
		{tableOther, outcomeDropped, reasonOther}: 0,
		{tableOther, outcomePassed, reasonOther}:  0,
	}
	for _, p := range plans {
		if p.event == nil {
			all[tallyKey{p.table.Name, outcomeDropped, reasonDirectory}] = 0
			continue
		}
		for _, found := range []string{foundAccount, foundPosix, foundRecipient, foundAlertUser, foundLoggedOnBy} {
			all[tallyKey{p.table.Name, outcomeMapped, found}] = 0
		}
		for _, reason := range []string{reasonUnmapped, reasonInbound, reasonNoAccount, reasonNobodyOn, reasonSeveralUsers} {
			all[tallyKey{p.table.Name, outcomeDropped, reason}] = 0
		}
		for _, reason := range accounts.Reasons() {
			all[tallyKey{p.table.Name, outcomeDropped, string(reason)}] = 0
		}
	}
	return all
}

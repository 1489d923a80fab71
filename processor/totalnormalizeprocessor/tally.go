package totalnormalizeprocessor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

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

func (t tally) report(ctx context.Context, telemetry *metadata.TelemetryBuilder) {
	for key, n := range t {
		telemetry.ProcessorTotalNormalizeRecords.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(
			attribute.String("table", key.table),
			attribute.String("outcome", key.outcome),
			attribute.String("reason", key.reason),
		)))
	}
}

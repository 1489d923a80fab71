package totalnormalizeprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/drops"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/graphalert"
)

// spread puts in the place of each alert of Graph a record for each item of its evidence, as if it were a row of the
// table of alerts. It does so in a copy of logs, and only where alerts become events from Graph.
func (n *normalizer) spread(logs plog.Logs, counts tally, dropped drops.Call) plog.Logs {
	if n.cfg.Alerts != AlertsGraph || !hasAlert(logs) {
		return logs
	}
	spread := plog.NewLogs()
	logs.CopyTo(spread)
	logs = spread
	for _, resource := range logs.ResourceLogs().All() {
		tenantID := firstAttribute(resource.Resource().Attributes(), []string{logrecord.AttributeTenantID})
		for _, scope := range resource.ScopeLogs().All() {
			records := plog.NewLogRecordSlice()
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				if !isAlert(record) {
					return false
				}
				rows, odd := graphalert.Rows(record.Body().Map(), tenantID)
				for range odd {
					counts.dropped(event.TableAlertsV2, reasonNoEvidence)
					dropped.Drop(dayOf(record), event.TableAlertsV2, reasonNoEvidence)
				}
				record.Body().SetEmptyMap() // each of the rows has what it needs of it
				for _, r := range rows {
					moveRow(r, record, records.AppendEmpty())
				}
				return true
			})
			records.MoveAndAppendTo(scope.LogRecords())
		}
	}
	return logs
}

func hasAlert(logs plog.Logs) bool {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if isAlert(record) {
					return true
				}
			}
		}
	}
	return false
}

// moveRow makes a record of a row, beside what the alert's own record says.
func moveRow(r graphalert.Row, alert, record plog.LogRecord) {
	alert.CopyTo(record)
	r.Columns.MoveTo(record.Body().Map())
	record.Attributes().PutStr(logrecord.AttributeTable, event.TableAlertsV2)
	record.Attributes().PutStr(logrecord.AttributeUID, r.ID.String())
	if !r.Time.IsZero() {
		record.SetTimestamp(pcommon.NewTimestampFromTime(r.Time))
	}
}

// isAlert reports whether a record is an alert of Graph.
func isAlert(record plog.LogRecord) bool {
	named := record.EventName() == logrecord.EventAlertV2 || tableOf(record) == event.TableAlertsV2
	return named && record.Body().Type() == pcommon.ValueTypeMap
}

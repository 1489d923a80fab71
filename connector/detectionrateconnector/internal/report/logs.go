package report

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// Logs has a record for each execution.
func Logs(all []book.Correlation, now time.Time, version string) plog.Logs {
	logs := plog.NewLogs()
	scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	scope.Scope().SetName(Scope)
	scope.Scope().SetVersion(version)
	for _, c := range all {
		fill(scope.LogRecords().AppendEmpty(), c, now)
	}
	return logs
}

func fill(record plog.LogRecord, c book.Correlation, now time.Time) {
	record.SetEventName(logrecord.EventCorrelation)
	record.SetTimestamp(pcommon.NewTimestampFromTime(c.Execution.Completed))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	attributes := record.Attributes()
	attributes.PutStr(logrecord.AttributeUID, uid(c).String())
	attributes.PutStr("security.test.execution.id", c.Execution.ID)
	attributes.PutBool("defender.detection.correction", c.Revision > 1)
	fillBody(record.Body().SetEmptyMap(), c)
}

// uid is the same whenever the same is told again because nobody knows whether it was.
func uid(c book.Correlation) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%s/%d/%x", logrecord.EventCorrelation, c.Execution.ID, c.Revision, c.State))
}

func fillBody(body pcommon.Map, c book.Correlation) {
	e := c.Execution
	body.PutStr("execution_id", e.ID)
	for _, optional := range []struct{ key, value string }{
		{"test_id", e.Test},
		{"test_name", e.Name},
		{"bundle_id", e.Bundle},
		{"control_id", e.Control},
		{"host", e.Host},
		{"category", e.Category},
		{"outcome", string(e.Outcome)},
	} {
		if optional.value != "" {
			body.PutStr(optional.key, optional.value)
		}
	}
	body.PutStr("completed_at", e.Completed.Format(time.RFC3339Nano))
	putTexts(body, "techniques", e.Techniques)
	putTexts(body, "detected_techniques", c.Detected)
	body.PutBool("correlated", len(c.Detected) > 0)
	body.PutStr("tier", c.Tier.String())
	body.PutStr("attribution", c.Attribution.String())
	if len(c.Alerts) > 0 {
		body.PutDouble("delay_seconds", c.Alerts[0].Delay.Seconds())
	}
	putAlerts(body, c)
	body.PutInt("alerts_total", int64(c.Total))
	body.PutBool("settled", c.Settled)
	body.PutBool("excluded", c.Excluded)
	body.PutInt("revision", int64(c.Revision))
}

func putAlerts(body pcommon.Map, c book.Correlation) {
	ids, alerts := body.PutEmptySlice("alert_ids"), pcommon.NewSlice()
	for _, m := range c.Alerts {
		ids.AppendEmpty().SetStr(m.AlertID)
		a := alerts.AppendEmpty().SetEmptyMap()
		a.PutStr("id", m.AlertID)
		a.PutStr("tier", m.Tier.String())
		a.PutStr("attribution", m.Attribution.String())
		putTexts(a, "techniques", m.Techniques)
		a.PutDouble("delay_seconds", m.Delay.Seconds())
	}
	alerts.MoveAndAppendTo(body.PutEmptySlice("alerts"))
}

func putTexts(m pcommon.Map, key string, texts []string) {
	list := m.PutEmptySlice(key)
	for _, t := range texts {
		list.AppendEmpty().SetStr(t)
	}
}

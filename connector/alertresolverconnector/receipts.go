package alertresolverconnector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/task"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

const (
	scopeName = "github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector"
	// perCall is how many receipts are handed on at once.
	perCall = 500
)

// giveReceipts hands on the receipts that the next consumer has not taken.
func (r *resolver) giveReceipts(ctx context.Context) {
	for receipts := range slices.Chunk(r.book.Unsent(), perCall) {
		if err := r.next.ConsumeLogs(ctx, r.logsOf(receipts)); err != nil {
			if ctx.Err() == nil {
				r.set.Logger.Warn("The pipeline has not taken receipts; they are handed on again", zap.Error(err))
			}
			return
		}
		r.book.Sent(receipts)
	}
}

func (r *resolver) logsOf(receipts []task.Unsent) plog.Logs {
	logs := plog.NewLogs()
	scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	scope.Scope().SetName(scopeName)
	scope.Scope().SetVersion(r.set.BuildInfo.Version)
	for _, u := range receipts {
		fill(scope.LogRecords().AppendEmpty(), u, r.now())
	}
	return logs
}

func fill(record plog.LogRecord, u task.Unsent, now time.Time) {
	record.SetEventName(logrecord.EventResolution)
	record.SetTimestamp(pcommon.NewTimestampFromTime(u.Receipt.At))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	uid := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%s/%s/%d", logrecord.EventResolution, u.Task.Alert, u.Mode, u.Receipt.At.UnixNano()))
	record.Attributes().PutStr(logrecord.AttributeUID, uid.String())
	record.Attributes().PutStr(logrecord.AttributeAlertID, u.Task.Alert)
	cause := u.Task.Cause()
	body := record.Body().SetEmptyMap()
	for _, field := range []struct{ key, value string }{
		{"alert_id", u.Task.Alert},
		{"execution_id", cause.Execution},
		{"test_id", cause.Test},
		{"mode", string(u.Mode)},
		{"result", string(u.Receipt.Result)},
		{"status_before", u.Receipt.StatusBefore},
		{"reason", u.Receipt.Reason},
		{"error", u.Receipt.Error},
		{"decided_at", u.Receipt.At.UTC().Format(time.RFC3339Nano)},
	} {
		body.PutStr(field.key, field.value)
	}
}

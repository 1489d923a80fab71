package totalnormalizeprocessor

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
)

func at(second int, who columns) plog.LogRecord {
	timestamp := "2026-03-15T09:00:" + strconv.Itoa(second+10) + "Z"
	return who.and(columns{"Timestamp": timestamp, "ReportId": second}).row("DeviceLogonEvents")
}

var bob = account("acme", "bob", bobSID)

// lateOf lists the late records of a call by their second.
func lateOf(t *testing.T, out []plog.ResourceLogs) []int {
	t.Helper()
	var late []int
	for _, resource := range out {
		_, inResource := resource.Resource().Attributes().Get(order.AttributeLate)
		require.False(t, inResource, "the group stays one")
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			if v, ok := record.Attributes().Get(order.AttributeLate); ok {
				require.Equal(t, pcommon.NewValueBool(true), v)
				late = append(late, record.Timestamp().AsTime().Second()-10)
			}
		}
	}
	return late
}

func TestLate(t *testing.T) {
	h := newHarness(t)
	assert.Empty(t, lateOf(t, h.consume(t, at(9, jane), at(5, jane))), "order within a call is kept")
	assert.Equal(t, []int{4, 8}, lateOf(t, h.consume(t, at(9, jane), at(8, jane), at(4, jane), at(12, jane))), "equal times are in order")
	assert.Empty(t, lateOf(t, h.consume(t, at(1, bob))), "of each person by herself")
	assert.Equal(t, []int{11}, lateOf(t, h.consume(t, at(11, jane))))
	otherTenant := logsOf(at(1, jane))
	otherTenant.ResourceLogs().At(0).Resource().Attributes().PutStr(logrecord.AttributeTenantID, "tenant-2")
	assert.Empty(t, lateOf(t, h.consumeLogs(t, otherTenant)), "another resource is another partition")
	assert.Empty(t, lateOf(t, h.consume(t, at(13, jane))))
}

// What the next consumer refused was not handed on: its retry is not late, nor does it make others so.
func TestRefusedCallIsNotLateWhenRetried(t *testing.T) {
	h := newHarness(t)
	refuse := true
	sink := new(consumertest.LogsSink)
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if refuse {
			return errors.New("refused")
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	p, err := newLogs(t.Context(), nopSettings(), validConfig(), next, h.now)
	require.NoError(t, err)
	call := func(rows ...plog.LogRecord) []int {
		before := len(sink.AllLogs())
		if p.ConsumeLogs(t.Context(), logsOf(rows...)) != nil {
			return nil
		}
		var out []plog.ResourceLogs
		for _, logs := range sink.AllLogs()[before:] {
			for _, resource := range logs.ResourceLogs().All() {
				out = append(out, resource)
			}
		}
		return lateOf(t, out)
	}
	call(at(9, jane), at(5, jane))
	refuse = false
	assert.Empty(t, call(at(7, jane)), "the refused 9 has not been handed on")
	assert.Equal(t, []int{5}, call(at(9, jane), at(5, jane)), "now 7 has")
	refuse = true
	call(at(12, jane))
	refuse = false
	assert.Empty(t, call(at(12, jane), at(11, jane)))
}

func TestBackfillIsNeverLate(t *testing.T) {
	h := newHarness(t)
	backfill := func(second int) plog.LogRecord {
		row := at(second, jane)
		row.Attributes().PutStr(logrecord.AttributeLane, "backfill")
		return row
	}
	h.consume(t, at(5, jane))
	assert.Empty(t, lateOf(t, h.consume(t, backfill(1), backfill(9))))
	assert.Empty(t, lateOf(t, h.consume(t, at(6, jane))), "nor does it make others late")
	noTime := jane.row("DeviceLogonEvents")
	noTime.SetTimestamp(0)
	assert.Empty(t, lateOf(t, h.consume(t, noTime)))
}

func TestPassedRecordsHaveNoOrder(t *testing.T) {
	h := newHarness(t)
	plain := func(second int) plog.LogRecord {
		record := plog.NewLogRecord()
		record.SetTimestamp(at(second, jane).Timestamp())
		return record
	}
	assert.Empty(t, lateOf(t, h.consume(t, plain(5))))
	assert.Empty(t, lateOf(t, h.consume(t, plain(1))))
}

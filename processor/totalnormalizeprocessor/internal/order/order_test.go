package order

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

const testDomain = "customer-domain-001"

func newTestOrder(next consumer.Logs) *Order { return New(next, testDomain, func(pcommon.Value) {}) }

// call is one record of a person and table, so many seconds after the epoch.
func call(person, table string, second int) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr(AttributeDomainID, testDomain)
	resource.Resource().Attributes().PutStr(AttributeTUID, person)
	record := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.Timestamp(time.Duration(second) * time.Second))
	record.Attributes().PutStr(logrecord.AttributeTable, table)
	return logs
}

func isLate(logs plog.Logs) bool {
	_, late := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Get(AttributeLate)
	return late
}

// The attribute tells that a record stands behind a later one of the same person; the body, that it does so behind one of
// the same table. Tables come at different times, so the first is common, and the second means that rows came late.
func TestLateOfPersonAndOfTable(t *testing.T) {
	told := false
	o := New(consumertest.NewNop(), testDomain, func(pcommon.Value) { told = true })
	one := func(person, table string, second int) (attribute, body bool) {
		told = false
		logs := call(person, table, second)
		require.NoError(t, o.ConsumeLogs(t.Context(), logs))
		return isLate(logs), told
	}
	for _, c := range []struct {
		person, table   string
		second          int
		attribute, body bool
	}{
		{"jane", "DeviceLogonEvents", 9, false, false},
		{"jane", "DeviceFileEvents", 5, true, false},
		{"bob", "DeviceLogonEvents", 5, false, false},
		{"jane", "DeviceLogonEvents", 8, true, true},
		{"jane", "DeviceFileEvents", 4, true, true},
		{"jane", "DeviceFileEvents", 6, true, false},
		{"jane", "DeviceFileEvents", 10, false, false},
	} {
		attribute, body := one(c.person, c.table, c.second)
		assert.Equal(t, c.attribute, attribute, "%+v", c)
		assert.Equal(t, c.body, body, "%+v", c)
	}
}

func TestOrderRemembersSoMany(t *testing.T) {
	o := newTestOrder(consumertest.NewNop())
	o.limit = 20 // two for each person
	one := func(person, second int) bool {
		logs := call(strconv.Itoa(person), "DeviceEvents", second)
		require.NoError(t, o.ConsumeLogs(t.Context(), logs))
		return isLate(logs)
	}
	for person := range 1000 {
		one(person, 5)
		assert.True(t, one(person, 4))
		assert.True(t, one(max(person-4, 0), 4), "the last ten are remembered")
	}
	assert.LessOrEqual(t, len(o.newest)+len(o.before), 42)
	assert.False(t, one(0, 1), "long forgotten")
}

// Of two calls at once the one that comes second is handed on when the first has ended, and is compared with
// it. One that is cancelled while it waits is not handed on.
func TestCallsGoOneAfterAnother(t *testing.T) {
	began, end := make(chan struct{}, 3), make(chan struct{})
	var late []bool
	next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		began <- struct{}{}
		<-end
		late = append(late, isLate(logs))
		return nil
	})
	require.NoError(t, err)
	o := newTestOrder(next)
	begin := func(ctx context.Context, second int) chan error {
		done := make(chan error, 1)
		go func() { done <- o.ConsumeLogs(ctx, call("jane", "DeviceEvents", second)) }()
		return done
	}
	first := begin(t.Context(), 9)
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := begin(ctx, 1)
	cancel()
	require.ErrorIs(t, <-cancelled, context.Canceled)
	second := begin(t.Context(), 4)
	end <- struct{}{}
	require.NoError(t, <-first)
	<-began
	end <- struct{}{}
	require.NoError(t, <-second)
	assert.Equal(t, []bool{false, true}, late)
}

func TestOrderIsForgottenInTime(t *testing.T) {
	now := time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC)
	f := NewRestored(now)
	value := func(at time.Time) []byte { return strconv.AppendInt(nil, at.UnixNano(), 10) }
	assert.True(t, f.Read(prefix+"1f", value(now.AddDate(0, 0, -29))))
	assert.False(t, f.Read(prefix+"2", value(now.AddDate(0, 0, -31))), "the service has nothing that old")
	assert.True(t, f.Read(prefix+"3", value(now.Add(time.Hour))))
	assert.False(t, f.Read(prefix+"4", value(now.AddDate(70, 0, 0))), "everything would be late for good")
	assert.False(t, f.Read("order/v0/5", value(now)), "of another kind")
	assert.Len(t, f.newest, 2)
	assert.Contains(t, f.newest, uint64(31))

	o := newTestOrder(consumertest.NewNop())
	o.limit = 2
	o.Fill(NewRestored(now))
	stored := map[string]any{}
	for key := range uint64(9) {
		o.accepted(map[uint64]pcommon.Timestamp{key: 5})
		for keys := 1; keys > 0; {
			changed, entries := o.changes(1)
			keys = len(changed)
			for _, e := range entries {
				if stored[e.Key] = e.Value; e.Value == nil {
					delete(stored, e.Key)
				}
			}
		}
		assert.Len(t, stored, len(o.newest)+len(o.before), "what is forgotten is not kept in the storage")
	}
	assert.Len(t, stored, 3)
}

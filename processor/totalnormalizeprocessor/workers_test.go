package totalnormalizeprocessor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// atWork is the processor of a worker.
type atWork struct {
	processor.Logs
	t    *testing.T
	sink *consumertest.LogsSink
	on   *collector.Worker
}

func startAtWork(t *testing.T, m *collector.Storage) *atWork {
	t.Helper()
	w := &atWork{t: t, sink: new(consumertest.LogsSink), on: m.NewWorker()}
	cfg := validConfig()
	cfg.StorageID = &storageID
	var err error
	w.Logs, err = newLogs(t.Context(), nopSettings(), cfg, w.sink, func() time.Time { return time.Date(2026, 3, 15, 9, 1, 0, 0, time.UTC) })
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context(), collector.Extensions{storageID: component.Component(w.on)}))
	return w
}

// give hands rows to the processor, waits until it has stored what they say, and returns what comes out.
func (w *atWork) give(rows ...plog.LogRecord) []plog.ResourceLogs {
	w.t.Helper()
	before := len(w.sink.AllLogs())
	require.NoError(w.t, w.ConsumeLogs(w.t.Context(), logsOf(rows...)))
	time.Sleep(2 * time.Second)
	synctest.Wait()
	var out []plog.ResourceLogs
	for _, logs := range w.sink.AllLogs()[before:] {
		for _, resource := range logs.ResourceLogs().All() {
			out = append(out, resource)
		}
	}
	return out
}

func (w *atWork) end() { require.NoError(w.t, w.Shutdown(context.WithoutCancel(w.t.Context()))) }

// A worker that takes a receiver over knows the people and the order that the worker before it knew, also what that one
// has learned since this one has started.
func TestWorkersShareTheirMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewStorage()
		a, b := startAtWork(t, m), startAtWork(t, m)
		defer a.end()
		defer b.end()
		b.give(at(1, bob))
		a.give(columns{"AccountUpn": "jane@acme.com", "OnPremSid": janeSID, "AccountObjectId": "o1"}.row("IdentityInfo"),
			columns{"LoggedOnUsers": `[{"UserName":"jane","Sid":"` + janeSID + `"}]`}.row("DeviceInfo"))
		assert.Empty(t, lateOf(t, a.give(at(9, jane))))

		b.on.Begin()
		assert.Equal(t, []int{5}, lateOf(t, b.give(at(5, jane))), "the other worker has handed on a later one")
		out := b.give(columns{}.row("DeviceEvents"))
		require.Len(t, out, 1)
		assert.Equal(t, "jane@acme.com", payloadUser(out[0].ScopeLogs().At(0).LogRecords().At(0).Body().Map()))
	})
}

// A worker that was thought dead does not overwrite what another has stored meanwhile, and goes on with that.
func TestAWorkerThatWasFrozenReadsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewStorage()
		a, b := startAtWork(t, m), startAtWork(t, m)
		defer b.end()
		a.give(at(3, jane))
		a.on.Away(true)
		a.give(at(4, jane)) // is not stored
		a.on.Fence()
		b.give(at(9, jane))
		a.on.Away(false)
		time.Sleep(10 * time.Second) // a tries to store what it has handed on
		synctest.Wait()
		assert.Equal(t, []int{5}, lateOf(t, a.give(at(5, jane))))
		a.end()
		third := startAtWork(t, m)
		defer third.end()
		assert.Equal(t, []int{8}, lateOf(t, third.give(at(8, jane))), "the newest is stored still")
	})
}

// While what is stored cannot be read, rows wait with the receiver.
func TestRowsWaitForTheMemory(t *testing.T) {
	sink := new(consumertest.LogsSink)
	cfg := validConfig()
	cfg.StorageID = &storageID
	p, err := newLogs(t.Context(), nopSettings(), cfg, sink, time.Now)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), collector.Extensions{storageID: unreadable{collector.NewStorage().NewWorker()}}))
	require.ErrorContains(t, p.ConsumeLogs(t.Context(), logsOf(at(1, jane))), "the database is down")
	assert.Empty(t, sink.AllLogs())
	require.NoError(t, p.Shutdown(t.Context()))
}

// unreadable is a database that cannot be read.
type unreadable struct{ *collector.Worker }

func (u unreadable) Share(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return u, nil
}

func (unreadable) Refresh(context.Context, func(context.Context) error) error {
	return errors.New("the database is down")
}

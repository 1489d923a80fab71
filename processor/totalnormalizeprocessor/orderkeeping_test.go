package totalnormalizeprocessor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// startOn starts a processor that remembers, and returns what tells the late records of a call.
func startOn(t *testing.T, m *collector.Storage) (late func(rows ...plog.LogRecord) []int, stop func() error) {
	t.Helper()
	sink := new(consumertest.LogsSink)
	cfg := validConfig()
	cfg.StorageID = &storageID
	p, err := newLogs(t.Context(), nopSettings(), cfg, sink, func() time.Time { return time.Date(2026, 3, 15, 9, 1, 0, 0, time.UTC) })
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), collector.Extensions{storageID: m}))
	late = func(rows ...plog.LogRecord) []int {
		require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(rows...)))
		var out []plog.ResourceLogs
		for _, resource := range sink.AllLogs()[len(sink.AllLogs())-1].ResourceLogs().All() {
			out = append(out, resource)
		}
		return lateOf(t, out)
	}
	return late, func() error { return p.Shutdown(context.WithoutCancel(t.Context())) }
}

func TestOrderOutlivesARestart(t *testing.T) {
	m := collector.NewStorage()
	late, stop := startOn(t, m)
	assert.Empty(t, late(at(9, jane), at(3, bob)))
	require.NoError(t, stop())
	late, stop = startOn(t, m)
	assert.Equal(t, []int{5}, late(at(5, jane), at(4, bob)), "nothing of bob's was later")
	assert.Empty(t, late(at(10, jane)))
	require.NoError(t, stop())
}

// A crash forgets no more than a second, and a storage that fails forgets nothing once it serves again.
func TestOrderOutlivesACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewStorage()
		late, stop := startOn(t, m)
		m.Fail(errors.New("disk full"))
		late(at(9, jane))
		time.Sleep(5 * time.Second)
		m.Fail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		crashed := m.Snapshot()
		_, keys := crashed.Count()
		assert.Equal(t, 2, keys, "of the person, and of the table")
		require.NoError(t, stop())

		late, stop = startOn(t, crashed)
		assert.Equal(t, []int{5}, late(at(5, jane)))
		crashed.Fail(errors.New("disk full"))
		late(at(20, jane))
		require.ErrorContains(t, stop(), "disk full")
	})
}

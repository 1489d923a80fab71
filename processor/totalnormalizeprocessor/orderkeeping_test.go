package totalnormalizeprocessor

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// memory is a storage extension and its one client.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	mu      sync.Mutex // guards everything below
	data    map[string][]byte
	failure error
}

var _ storage.Walker = (*memory)(nil)

func (m *memory) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return m, nil
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[key], nil
}

func (m *memory) Set(ctx context.Context, key string, value []byte) error {
	return m.Batch(ctx, storage.SetOperation(key, value))
}

func (m *memory) Delete(ctx context.Context, key string) error {
	return m.Batch(ctx, storage.DeleteOperation(key))
}

func (m *memory) Close(context.Context) error { return nil }

func (m *memory) Batch(_ context.Context, operations ...*storage.Operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	for _, o := range operations {
		switch o.Type {
		case storage.Set:
			m.data[o.Key] = o.Value
		case storage.Delete:
			delete(m.data, o.Key)
		}
	}
	return nil
}

func (m *memory) Walk(ctx context.Context, walk storage.WalkFunc) error {
	m.mu.Lock()
	all := maps.Clone(m.data)
	m.mu.Unlock()
	for key, value := range all {
		operations, err := walk(key, value)
		if err != nil {
			return err
		}
		if err := m.Batch(ctx, operations...); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failure = err
}

// snapshot is a storage that has what m has now.
func (m *memory) snapshot() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{data: maps.Clone(m.data)}
}

// startOn starts a processor that remembers, and returns what tells the late records of a call.
func startOn(t *testing.T, m *memory) (late func(rows ...plog.LogRecord) []int, stop func() error) {
	t.Helper()
	sink := new(consumertest.LogsSink)
	cfg := validConfig()
	cfg.StorageID = &storageID
	p, err := newLogs(t.Context(), nopSettings(), cfg, sink, func() time.Time { return time.Date(2026, 3, 15, 9, 1, 0, 0, time.UTC) })
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), extensionHost{storageID: m}))
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
	m := &memory{data: map[string][]byte{}}
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
		m := &memory{data: map[string][]byte{}}
		late, stop := startOn(t, m)
		m.fail(errors.New("disk full"))
		late(at(9, jane))
		time.Sleep(5 * time.Second)
		m.fail(nil)
		time.Sleep(orderKeptEvery)
		synctest.Wait()
		crashed := m.snapshot()
		assert.Len(t, crashed.data, 1)
		require.NoError(t, stop())

		late, stop = startOn(t, crashed)
		assert.Equal(t, []int{5}, late(at(5, jane)))
		crashed.fail(errors.New("disk full"))
		late(at(20, jane))
		require.ErrorContains(t, stop(), "disk full")
	})
}

func TestOrderIsForgottenInTime(t *testing.T) {
	now := time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC)
	f := restored{now: now, order: map[uint64]pcommon.Timestamp{}}
	value := func(at time.Time) []byte { return strconv.AppendInt(nil, at.UnixNano(), 10) }
	assert.True(t, f.read(orderPrefix+"1f", value(now.AddDate(0, 0, -29))))
	assert.False(t, f.read(orderPrefix+"2", value(now.AddDate(0, 0, -31))), "the service has nothing that old")
	assert.True(t, f.read(orderPrefix+"3", value(now.Add(time.Hour))))
	assert.False(t, f.read(orderPrefix+"4", value(now.AddDate(70, 0, 0))), "everything would be late for good")
	assert.Len(t, f.order, 2)
	assert.Contains(t, f.order, uint64(31))

	o := newOrder(consumertest.NewNop(), testDomain)
	o.limit = 2
	o.restore(map[uint64]pcommon.Timestamp{})
	stored := map[string]any{}
	for group := range uint64(9) {
		o.accepted(map[uint64]pcommon.Timestamp{group: 5})
		for groups := 1; groups > 0; {
			changed, entries := o.changes(1)
			groups = len(changed)
			for _, e := range entries {
				if stored[e.key] = e.value; e.value == nil {
					delete(stored, e.key)
				}
			}
		}
		assert.Len(t, stored, len(o.newest)+len(o.before), "what is forgotten is not kept in the storage")
	}
	assert.Len(t, stored, 3)
}

package checkpoint

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const tenant = "tenant-a"

// memory is a storage whose writes can be made to fail.
type memory struct {
	storage.Client
	mu     sync.Mutex // guards everything below
	data   map[string][]byte
	writes int
	err    error
}

func newMemory() *memory { return &memory{data: map[string][]byte{}} }

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[key], m.err
}

// count is the number of writes and of keys.
func (m *memory) count() (writes, keys int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes, len(m.data)
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) Batch(_ context.Context, ops ...*storage.Operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.writes++
	for _, op := range ops {
		m.data[op.Key] = op.Value
	}
	return nil
}

func at(second int) Cursor {
	return Cursor{TenantID: tenant, CompleteUntil: time.Date(2026, 1, 1, 0, 0, second, 100, time.UTC)}
}

func load(t *testing.T, m *memory, table string) time.Time {
	t.Helper()
	c, _, err := NewKeeper(m, 0, nil).Load(t.Context(), table, tenant)
	require.NoError(t, err)
	return c.CompleteUntil
}

// start runs a keeper with a delay of two seconds.
func start(t *testing.T, m *memory) *Keeper {
	t.Helper()
	k := NewKeeper(m, 2*time.Second, func(int, error) {})
	go k.Run(t.Context())
	synctest.Wait()
	return k
}

func TestStoredOnlyWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		k := start(t, m)
		require.NoError(t, k.Keep("A", at(1), time.Now()))
		time.Sleep(1500 * time.Millisecond)
		require.NoError(t, k.Keep("A", at(2), time.Now()))
		synctest.Wait()
		writes, _ := m.count()
		assert.Zero(t, writes, "nothing is older than the delay")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, at(1).CompleteUntil, load(t, m, "A"), "only what was accepted two seconds ago")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, at(2).CompleteUntil, load(t, m, "A"))
	})
}

func TestTablesThatAreDueGoInOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		k := start(t, m)
		require.NoError(t, errors.Join(k.Keep("A", at(1), time.Now()), k.Keep("B", at(2), time.Now())))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		writes, keys := m.count()
		assert.Equal(t, 1, writes)
		assert.Equal(t, 2, keys)
		assert.Equal(t, at(1).CompleteUntil, load(t, m, "A"))
		assert.Equal(t, at(2).CompleteUntil, load(t, m, "B"))
	})
}

func TestFailingStorageIsToldAndRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		k := start(t, m)
		m.fail(errors.New("disk full"))
		require.NoError(t, k.Keep("A", at(1), time.Now()))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.ErrorContains(t, k.Failure(), "disk full")
		require.ErrorContains(t, k.Keep("A", at(2), time.Now()), "disk full")
		m.fail(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.NoError(t, k.Failure())
		assert.Equal(t, at(2).CompleteUntil, load(t, m, "A"))
	})
}

func TestFlushStoresAllAndThenNothing(t *testing.T) {
	m := newMemory()
	k := NewKeeper(m, time.Hour, func(int, error) {})
	require.NoError(t, k.Keep("A", at(1), time.Now()))
	require.NoError(t, k.Flush(t.Context()))
	assert.Equal(t, at(1).CompleteUntil, load(t, m, "A"))
	require.NoError(t, k.Keep("A", at(2), time.Now()))
	require.NoError(t, k.Flush(t.Context()))
	assert.Equal(t, at(1).CompleteUntil, load(t, m, "A"), "after the end nothing is written")
}

func TestCursorSurvives(t *testing.T) {
	want := at(7)
	want.Delivered = []Row{
		{UID: uuid.New(), Arrived: want.CompleteUntil},
		{UID: uuid.New(), Arrived: want.CompleteUntil.Add(tick)},
	}
	data, err := encode(want)
	require.NoError(t, err)
	got, err := decode(data)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestLoadFailsRatherThanStartingAfresh(t *testing.T) {
	for name, c := range map[string]struct{ stored, want string }{
		"no JSON":        {"\x00", "invalid character"},
		"a later form":   {`{"version":2,"complete_until":"2026-01-01T00:00:00Z"}`, "version 2"},
		"no time":        {`{"version":1}`, "complete_until"},
		"cut off":        {`{"version":1,"complete_until":"2026-01-01T00:00:00Z","delivered":"AAAA"}`, "cut off"},
		"another tenant": {`{"version":1,"complete_until":"2026-01-01T00:00:00Z","tenant_id":"b"}`, "belongs to tenant b"},
	} {
		m := newMemory()
		m.data[Key("A")] = []byte(c.stored)
		_, _, err := NewKeeper(m, 0, nil).Load(t.Context(), "A", tenant)
		require.ErrorContains(t, err, c.want, name)
		assert.ErrorContains(t, err, `"cursor/v1/A"`, name)
	}
	m := newMemory()
	_, found, err := NewKeeper(m, 0, nil).Load(t.Context(), "A", tenant)
	require.NoError(t, err)
	assert.False(t, found)
}

func FuzzDecode(f *testing.F) {
	data, _ := encode(at(1))
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err != nil {
			return
		}
		again, err := encode(c)
		require.NoError(t, err)
		same, err := decode(again)
		require.NoError(t, err)
		assert.Equal(t, c, same)
	})
}

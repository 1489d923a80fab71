package ledger

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

const tenant = "tenant-a"

// at is a change whose cursor stands at a second, accepted now.
func at(second int) change {
	return change{at: time.Now(), cursor: Cursor{CompleteUntil: time.Date(2026, 1, 1, 0, 0, second, 100, time.UTC)}}
}

func load(t *testing.T, m *collector.Storage, table string) time.Time {
	t.Helper()
	c, _, _, err := newKeeper(m, 0).load(t.Context(), table)
	require.NoError(t, err)
	return c.CompleteUntil
}

func newKeeper(m *collector.Storage, delay time.Duration) *Keeper {
	return NewKeeper(m, tenant, delay, func(int, error) {})
}

// start runs a keeper with a delay of two seconds.
func start(t *testing.T, m *collector.Storage) *Keeper {
	t.Helper()
	k := newKeeper(m, 2*time.Second)
	go k.Run(t.Context())
	synctest.Wait()
	return k
}

func TestStoredOnlyWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewStorage()
		k := start(t, m)
		require.NoError(t, k.keep("A", at(1)))
		time.Sleep(1500 * time.Millisecond)
		require.NoError(t, k.keep("A", at(2)))
		synctest.Wait()
		writes, _ := m.Count()
		assert.Zero(t, writes, "nothing is older than the delay")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, at(1).cursor.CompleteUntil, load(t, m, "A"), "only what was accepted two seconds ago")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, at(2).cursor.CompleteUntil, load(t, m, "A"))
	})
}

func TestTablesThatAreDueGoInOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewStorage()
		k := start(t, m)
		require.NoError(t, errors.Join(k.keep("A", at(1)), k.keep("B", at(2))))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		writes, keys := m.Count()
		assert.Equal(t, 1, writes)
		assert.Equal(t, 2, keys)
		assert.Equal(t, at(1).cursor.CompleteUntil, load(t, m, "A"))
		assert.Equal(t, at(2).cursor.CompleteUntil, load(t, m, "B"))
	})
}

func TestFailingStorageIsToldAndRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewStorage()
		k := start(t, m)
		m.Fail(errors.New("disk full"))
		require.NoError(t, k.keep("A", at(1)))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.ErrorContains(t, k.Failure(), "disk full")
		require.ErrorContains(t, k.keep("A", at(2)), "disk full")
		m.Fail(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.NoError(t, k.Failure())
		assert.Equal(t, at(2).cursor.CompleteUntil, load(t, m, "A"))
	})
}

func TestFlushStoresAllAndThenNothing(t *testing.T) {
	m := collector.NewStorage()
	k := newKeeper(m, time.Hour)
	require.NoError(t, k.keep("A", at(1)))
	require.NoError(t, k.Flush(t.Context()))
	assert.Equal(t, at(1).cursor.CompleteUntil, load(t, m, "A"))
	require.NoError(t, k.keep("A", at(2)))
	require.NoError(t, k.Flush(t.Context()))
	assert.Equal(t, at(1).cursor.CompleteUntil, load(t, m, "A"), "after the end nothing is written")
}

var bin = BinOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))

func TestLedgerGrowsWithItsCursor(t *testing.T) {
	m := collector.NewStorage()
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	k := newKeeper(m, 0)
	keep := func(second int, rows Rows, forget Bin) {
		t.Helper()
		change := at(second)
		change.delivered, change.forget = rows, forget
		require.NoError(t, k.keep("A", change))
	}
	keep(1, Rows{bin: ids[:1], bin + 1: ids[1:2]}, 0)
	keep(2, Rows{bin: ids[2:3]}, 0)
	held, err := k.bin(t.Context(), "A", bin)
	require.NoError(t, err)
	assert.ElementsMatch(t, []uuid.UUID{ids[0], ids[2]}, held, "what waits to be stored counts")
	require.NoError(t, k.store(t.Context(), endOfTime))
	keep(3, Rows{bin: ids[3:]}, 0)
	require.NoError(t, k.store(t.Context(), endOfTime))

	k = newKeeper(m, 0)
	_, index, found, err := k.load(t.Context(), "A")
	require.NoError(t, err)
	require.True(t, found)
	assert.Equal(t, map[Bin]Entry{bin: {Rows: 3, Segments: 2}, bin + 1: {Rows: 1, Segments: 1}}, index)
	held, err = k.bin(t.Context(), "A", bin)
	require.NoError(t, err)
	assert.ElementsMatch(t, []uuid.UUID{ids[0], ids[2], ids[3]}, held)

	keep(4, nil, bin+1)
	require.NoError(t, k.store(t.Context(), endOfTime))
	_, keys := m.Count()
	assert.Equal(t, 2, keys, "the cursor, and the bin that is still needed")
}

func TestNothingIsHalfWritten(t *testing.T) {
	m := collector.NewStorage()
	k := newKeeper(m, 0)
	m.Fail(errors.New("disk full"))
	change := at(1)
	change.delivered = Rows{bin: {uuid.New()}}
	require.NoError(t, k.keep("A", change))
	require.Error(t, k.store(t.Context(), endOfTime))
	m.Fail(nil)
	require.NoError(t, k.store(t.Context(), endOfTime))
	_, index, _, err := newKeeper(m, 0).load(t.Context(), "A")
	require.NoError(t, err)
	assert.Equal(t, Entry{Rows: 1, Segments: 1}, index[bin])
}

func TestCursorSurvives(t *testing.T) {
	want := Cursor{
		TimeBasis: "event_time", Filter: "f", Since: bin.Start(), CompleteUntil: bin.End(), CarriedUntil: bin.Start(),
		Unreadable: []Range{{From: bin.Start(), To: bin.End(), Tries: 2, Next: bin.End()}},
	}
	index := map[Bin]Entry{bin: {1, 2, 3, 1}, Carried: {4, 5, 6, 0}}
	data, err := encode(want, index)
	require.NoError(t, err)
	got, gotIndex, err := decode(data)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, index, gotIndex)
}

func TestLoadFailsRatherThanStartingAfresh(t *testing.T) {
	for name, c := range map[string]struct{ stored, want string }{
		"no JSON":      {"\x00", "invalid character"},
		"a later form": {`{"version":2,"complete_until":"2026-01-01T00:00:00Z"}`, "version 2"},
		"no time":      {`{"version":1}`, "complete_until"},
		"no bin":       {`{"version":1,"complete_until":"2026-01-01T00:00:00Z","bins":{"x":[1,1,1]}}`, `"x" is no bin`},
		"no number":    {`{"version":1,"complete_until":"2026-01-01T00:00:00Z","bins":{"7":[1,-1,1]}}`, "-1 segments"},
	} {
		m := collector.NewStorage()
		k := newKeeper(m, 0)
		require.NoError(t, m.Set(t.Context(), k.key("A"), []byte(c.stored)))
		_, _, _, err := k.load(t.Context(), "A")
		require.ErrorContains(t, err, c.want, name)
		assert.ErrorContains(t, err, `"cursor/v1/tenant-a/A"`, name)
	}
	_, _, found, err := newKeeper(collector.NewStorage(), 0).load(t.Context(), "A")
	require.NoError(t, err)
	assert.False(t, found)
}

func TestAnotherTenantHasItsOwnCursor(t *testing.T) {
	m := collector.NewStorage()
	k := newKeeper(m, 0)
	require.NoError(t, k.keep("A", at(1)))
	require.NoError(t, k.Flush(t.Context()))
	_, _, found, err := NewKeeper(m, "another", 0, nil).load(t.Context(), "A")
	require.NoError(t, err)
	assert.False(t, found)
}

func FuzzDecode(f *testing.F) {
	data, _ := encode(at(1).cursor, map[Bin]Entry{bin: {1, 2, 3, 1}})
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, index, err := decode(data)
		if err != nil {
			return
		}
		again, err := encode(c, index)
		if err != nil {
			return // a year that JSON cannot write
		}
		same, _, err := decode(again)
		require.NoError(t, err)
		assert.Equal(t, c, same)
	})
}

// What is dropped by one change does not take rows of a later one with it.
func TestChangesApplyInTheirOrder(t *testing.T) {
	m := collector.NewStorage()
	k := newKeeper(m, 0)
	old, carried, fresh := uuid.New(), uuid.New(), uuid.New()
	first, reset, last := at(1), at(2), at(3)
	first.delivered = Rows{bin: {old}}
	reset.reset, reset.dropCarried = true, true
	reset.delivered = Rows{Carried: {carried}}
	last.delivered = Rows{bin: {fresh}}
	for _, change := range []change{first, reset, last} {
		require.NoError(t, k.keep("A", change))
	}
	require.NoError(t, k.store(t.Context(), endOfTime))
	for bin, want := range map[Bin]uuid.UUID{bin: fresh, Carried: carried} {
		ids, err := k.bin(t.Context(), "A", bin)
		require.NoError(t, err)
		assert.Equal(t, []uuid.UUID{want}, ids)
	}
}

// held is a storage that says that it is to write, and writes once it may.
type held struct {
	*collector.Storage
	writes, may chan struct{}
}

func (h held) Batch(ctx context.Context, ops ...*storage.Operation) error {
	h.writes <- struct{}{}
	<-h.may
	return h.Storage.Batch(ctx, ops...)
}

// Flush waits for a write that is under way.
func TestFlushDuringAWrite(t *testing.T) {
	m := held{collector.NewStorage(), make(chan struct{}, 2), make(chan struct{})}
	k := NewKeeper(m, tenant, 0, func(int, error) {})
	require.NoError(t, k.keep("A", at(1)))
	ended := make(chan error, 2)
	flush := func() { ended <- k.Flush(t.Context()) }
	go flush()
	<-m.writes
	go flush()
	close(m.may)
	require.NoError(t, errors.Join(<-ended, <-ended))
	assert.Equal(t, at(1).cursor.CompleteUntil, load(t, m.Storage, "A"))
}

func TestStorageThatDoesNotAnswerIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeeper(collector.NewStorage(), time.Second)
		require.NoError(t, k.keep("A", at(1)))
		time.Sleep(30 * time.Second)
		require.NoError(t, k.Failure())
		time.Sleep(time.Minute)
		require.ErrorContains(t, k.Failure(), "has not answered")
	})
}

package emitted

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/indicator"
)

func idOf(n int) indicator.ID { return indicator.ID{byte(n), byte(n >> 8)} }

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)} }

// add commits records of an alert.
func add(t *testing.T, b *Book, key Key, ids ...int) error {
	t.Helper()
	call, err := b.Open(t.Context(), []Key{key})
	require.NoError(t, err)
	for _, id := range ids {
		call.Draft(key).Add(idOf(id))
	}
	call.Draft(key)
	return call.Commit(t.Context())
}

// lenOf is how many records a book knows of an alert.
func lenOf(t *testing.T, b *Book, key Key) int {
	t.Helper()
	call, err := b.Open(t.Context(), []Key{key, key})
	require.NoError(t, err)
	return call.Draft(key).Len()
}

func TestDrafts(t *testing.T) {
	b := New(nil, newClock().now)
	call, err := b.Open(t.Context(), []Key{"a"})
	require.NoError(t, err)
	d := call.Draft("a")
	_, found := d.First()
	assert.False(t, found)
	assert.Equal(t, 0, d.Add(idOf(1)))
	assert.Equal(t, 1, call.Draft("a").Add(idOf(2)), "versions of one alert share a draft")
	assert.Zero(t, lenOf(t, b, "a"), "it does not count yet")
	require.NoError(t, call.Commit(t.Context()))

	call, err = b.Open(t.Context(), []Key{"a"})
	require.NoError(t, err)
	d = call.Draft("a")
	part, known := d.Number(idOf(2))
	assert.Equal(t, 1, part)
	assert.True(t, known)
	_, known = d.Number(idOf(3))
	assert.False(t, known)
	first, found := d.First()
	assert.True(t, found)
	assert.Equal(t, idOf(1), first)
	d.Add(idOf(3))
	assert.Equal(t, 2, lenOf(t, b, "a"), "a draft that is thrown away leaves no trace")
}

func TestKeys(t *testing.T) {
	assert.NotEqual(t, KeyOf("t", "a"), KeyOf("t2", "a"))
	assert.NotEqual(t, KeyOf("t", "a"), KeyOf("t", "b"))
	assert.Equal(t, Key("bc6f9628ae35013a85e6690988f42959"), KeyOf("t", "a"), "it is stored")
	assert.Len(t, KeyOf("t", "a long id of an alert, as the service may give"), 32)
}

// What has no room in memory is read from the storage again; without one it is forgotten, the oldest first.
func TestMemoryIsBounded(t *testing.T) {
	for _, stored := range []bool{true, false} {
		b := New(nil, newClock().now)
		if stored {
			b = New(collector.NewStorage(), newClock().now)
		}
		b.limit = 10 * (alertWeight + 2)
		for i := range 100 {
			require.NoError(t, add(t, b, Key(strconv.Itoa(i)), 1, 2))
			require.LessOrEqual(t, b.weight, b.limit)
			require.Equal(t, len(b.entries), b.recent.Len())
		}
		assert.Equal(t, 2, lenOf(t, b, "99"))
		if want := map[bool]int{true: 2, false: 0}[stored]; assert.Equal(t, want, lenOf(t, b, "0")) && stored {
			require.NoError(t, add(t, b, "0", 3))
			assert.Equal(t, 3, lenOf(t, b, "0"))
		}
	}
}

// A storage that cannot be written does not let the book forget, nor grow beyond what is not stored.
func TestUnsavedStays(t *testing.T) {
	storage := collector.NewStorage()
	b := New(storage, newClock().now)
	b.limit = 1
	failure := errors.New("disk full")
	storage.Fail(failure)
	for i := range 5 {
		require.ErrorIs(t, add(t, b, Key(strconv.Itoa(i)), 1), failure)
	}
	assert.Equal(t, 1, lenOf(t, b, "0"))
	storage.Fail(nil)
	require.NoError(t, add(t, b, "5", 1))
	assert.Empty(t, b.entries)
	for i := range 6 {
		assert.Equal(t, 1, lenOf(t, New(storage, newClock().now), Key(strconv.Itoa(i))))
	}
}

// A version without anything new is stored once a day at most, so that the alert is not taken for an old one.
func TestTimeOfTheLastVersion(t *testing.T) {
	storage, at := collector.NewStorage(), newClock()
	b := New(storage, at.now)
	require.NoError(t, add(t, b, "a", 1))
	before, _ := storage.Count()
	require.NoError(t, add(t, b, "a"))
	after, _ := storage.Count()
	assert.Equal(t, before, after)

	at.at = at.at.Add(Kept - time.Hour)
	require.NoError(t, add(t, b, "a"))
	require.NoError(t, add(t, b, "b", 1))
	at.at = at.at.Add(2 * time.Hour)
	require.NoError(t, b.Prune(t.Context()))
	assert.Equal(t, 1, lenOf(t, New(storage, at.now), "a"))

	at.at = at.at.Add(Kept)
	require.NoError(t, storage.Set(t.Context(), "another's", nil))
	require.NoError(t, b.Prune(t.Context()))
	_, keys := storage.Count()
	assert.Equal(t, 1, keys)
	require.NoError(t, New(nil, at.now).Prune(t.Context()))
}

// What was forgotten because another worker may know more of it takes no room.
func TestRefreshMakesRoom(t *testing.T) {
	worker := collector.NewStorage().NewWorker()
	b := New(worker, newClock().now)
	for round := range 3 {
		worker.Begin()
		require.NoError(t, add(t, b, Key(strconv.Itoa(round)), round))
		assert.Equal(t, alertWeight+1, b.weight)
		assert.Equal(t, 1, b.recent.Len())
	}
}

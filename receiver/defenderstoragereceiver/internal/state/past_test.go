package state

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/book"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

const container = export.Prefix + "deviceevents"

var today = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// dayOf is the stored name of a tenant's day.
func dayOf(tenant string, at time.Time) string {
	return export.Day(export.Name(export.TenantPrefix(tenant), at))
}

func counted(delivered int) book.Day {
	return book.Day{Counts: &book.Counts{Rows: book.Rows{Delivered: delivered}, Deleted: 1}}
}

func open(t *testing.T, client *collector.Storage) *State {
	t.Helper()
	s, err := Open(t.Context(), client, book.Start{})
	require.NoError(t, err)
	require.NoError(t, s.Add(t.Context(), container))
	require.NoError(t, s.Load(t.Context(), container, func(string, book.Day) {}))
	return s
}

func save(t *testing.T, s *State, listed time.Time, days map[string]book.Day) {
	t.Helper()
	require.NoError(t, s.Save(t.Context(), container, days, listed))
}

// Of a day whose blobs are all deleted the counts stay, of each tenant, over restarts; also where blobs come back and go again.
func TestCountsStay(t *testing.T) {
	client := collector.NewStorage()
	s := open(t, client)
	live := counted(3)
	live.Places = map[string]book.Place{"a": {Offset: 5, Seen: 9}}
	save(t, s, today, map[string]book.Day{dayOf("a", today): live, dayOf("b", today): counted(4), dayOf("a", today.AddDate(0, 0, 1)): counted(100)})
	found, err := s.OfDay(t.Context(), container, today)
	require.NoError(t, err)
	assert.Equal(t, today, found.Listed)
	require.Len(t, found.Days, 1)
	assert.Equal(t, live.Places, found.Days[0].Places)
	assert.Equal(t, []book.Counts{*counted(4).Counts}, found.Past)

	s = open(t, client)
	save(t, s, time.Time{}, map[string]book.Day{dayOf("a", today): counted(3)})
	save(t, s, today.Add(time.Hour), map[string]book.Day{dayOf("b", today): counted(7)})
	reader, err := Read(t.Context(), client)
	require.NoError(t, err)
	assert.Equal(t, []string{container}, reader.Containers())
	found, err = reader.OfDay(t.Context(), container, today)
	require.NoError(t, err)
	assert.Empty(t, found.Days)
	assert.Equal(t, today.Add(time.Hour), found.Listed)
	assert.Equal(t, []int{3, 11}, []int{found.Past[0].Delivered, found.Past[1].Delivered})
}

// Counts are kept for 400 days.
func TestCountsAreForgotten(t *testing.T) {
	client := collector.NewStorage()
	s := open(t, client)
	all := map[string]book.Day{}
	for back := range KeptDays + 3 {
		all[dayOf("a", today.AddDate(0, 0, -back))] = counted(back + 1)
	}
	save(t, s, today, all)
	save(t, s, today, map[string]book.Day{dayOf("b", today): counted(1), dayOf("b", today.AddDate(90, 0, 0)): counted(1)})
	for back, want := range map[int]int{0: 2, KeptDays: 1, KeptDays + 1: 0, KeptDays + 2: 0} {
		found, err := s.OfDay(t.Context(), container, today.AddDate(0, 0, -back))
		require.NoError(t, err)
		assert.Len(t, found.Past, want, back)
	}
	left, err := client.Get(t.Context(), pastKey(container, dayOf("a", today.AddDate(0, 0, -KeptDays-1))))
	require.NoError(t, err)
	assert.Nil(t, left)
}

// What an earlier release has stored is read, and says that nothing was counted.
func TestDaysOfAnEarlierRelease(t *testing.T) {
	client, day := collector.NewStorage(), dayOf("a", today)
	for key, value := range map[string]string{
		root:                    `{"version":1,"start":{"at":"2026-11-01T00:00:00Z","since":"2026-11-01T00:00:00Z"},"containers":["` + container + `"]}`,
		containerKey(container): `{"version":1,"days":["` + day + `"]}`,
		dayKey(container, day):  `{"version":1,"blobs":{"x":{"offset":5,"seen":7,"created":"c","etag":"e"}}}`,
	} {
		require.NoError(t, client.Set(t.Context(), key, []byte(value)))
	}
	s, err := Open(t.Context(), client, book.Start{})
	require.NoError(t, err)
	want := book.Day{Places: map[string]book.Place{"x": {Offset: 5, Seen: 7, Created: "c", ETag: "e"}}}
	require.NoError(t, s.Load(t.Context(), container, func(name string, d book.Day) {
		assert.Equal(t, day, name)
		assert.Equal(t, want, d)
	}))
	found, err := s.OfDay(t.Context(), container, today)
	require.NoError(t, err)
	assert.Equal(t, OfDay{Days: []book.Day{want}}, found)
	assert.Equal(t, map[string]int64{"x": 2}, want.Unread())
}

// What each list stores does not grow with the days that are known.
func TestListsStoreLittle(t *testing.T) {
	client := collector.NewStorage()
	s := open(t, client)
	for back := range KeptDays {
		save(t, s, today, map[string]book.Day{dayOf("a", today.AddDate(0, 0, -back)): counted(1)})
	}
	before := valuesOf(t, client)
	save(t, s, today.Add(time.Hour), nil)
	written := 0
	for key, value := range valuesOf(t, client) {
		if value != before[key] {
			written += len(value)
		}
	}
	assert.Positive(t, written)
	assert.Less(t, written, 100)
	again := open(t, client)
	save(t, again, time.Time{}, map[string]book.Day{dayOf("a", today.AddDate(0, 0, 1)): counted(1)})
	found, err := again.OfDay(t.Context(), container, today)
	require.NoError(t, err)
	assert.Equal(t, today.Add(time.Hour), found.Listed)
}

// valuesOf are all that a storage holds.
func valuesOf(t *testing.T, client *collector.Storage) map[string]string {
	t.Helper()
	values := map[string]string{}
	require.NoError(t, client.Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
		values[key] = string(value)
		return nil, nil
	}))
	return values
}

// A storage that holds nothing is no report of nothing.
func TestReadOfAnEmptyStorage(t *testing.T) {
	_, err := Read(t.Context(), collector.NewStorage())
	require.ErrorContains(t, err, "the storage holds nothing of the receiver")
}

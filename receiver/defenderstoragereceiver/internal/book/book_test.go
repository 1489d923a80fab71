package book

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

var now = time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)

const created, later = "Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 10:00:01 GMT"

func name(hour int) string {
	return export.Name("tenantId=t/", now.Truncate(24*time.Hour).Add(time.Duration(hour)*time.Hour))
}

func blob(hour int, size int64) export.Blob {
	return export.Blob{Name: name(hour), Size: size, Created: created, ETag: "e" + created + string(rune('0'+size%10)), Modified: now.Add(-time.Minute)}
}

func newBook(places map[string]Place) *Book {
	b := New(Start{}, func(string) bool { return true })
	b.Restore(export.Day(name(0)), Day{Places: places})
	b.BeginList()
	return b
}

// What is read of a blob depends on its place and on what a list says.
func TestNext(t *testing.T) {
	read := Place{Offset: 10, Seen: 10, Created: created, ETag: "e"}
	for what, c := range map[string]struct {
		place Place
		size  int64
		made  string
		want  *Task
	}{
		"a new one":              {Place{}, 5, created, &Task{}},
		"a new one that is void": {Place{}, 0, created, &Task{}},
		"as it was":              {read, 10, created, nil},
		"grown":                  {read, 11, created, &Task{Offset: 10, Known: "e"}},
		"a torn line":            {Place{Offset: 7, Seen: 10, Created: created, ETag: "e"}, 10, created, nil},
		"a torn line that grew":  {Place{Offset: 7, Seen: 10, Created: created, ETag: "e"}, 12, created, &Task{Offset: 7, Known: "e"}},
		"half read":              {Place{Offset: 7, Seen: 7, Created: created}, 10, created, &Task{Offset: 7}},
		"made again, smaller":    {read, 3, later, &Task{Offset: 10, Known: "e"}},
		"made again, larger":     {read, 99, later, &Task{Offset: 10, Known: "e"}},
		// Lists may be older than answers: only an answer shows that a blob has shrunk.
		"an old list": {read, 8, created, nil},
	} {
		b := newBook(nil)
		if c.place != (Place{}) {
			b.Restore(export.Day(name(3)), Day{Places: map[string]Place{name(3): c.place}})
		}
		listed := blob(3, c.size)
		listed.Created = c.made
		b.Listed(listed, now)
		got, ok := b.Next(now)
		if c.want == nil {
			assert.False(t, ok, what)
			continue
		}
		c.want.Name = name(3)
		assert.True(t, ok, what)
		assert.Equal(t, *c.want, got, what)
	}
}

// Another creation, or a size below the offset, means another blob: it is read from its beginning.
func TestHeard(t *testing.T) {
	for what, c := range map[string]struct {
		size  int64
		made  string
		other bool
	}{
		"the same": {20, created, false}, "another one": {20, later, true}, "shorter": {5, created, true}, "no creation told": {20, "", false},
	} {
		b := newBook(map[string]Place{name(3): {Offset: 10, Seen: 10, Created: created}})
		answer := blob(3, c.size)
		answer.Created = c.made
		other, lost := b.Heard(answer, now)
		assert.Equal(t, c.other, other, what)
		assert.Zero(t, lost, "all was read: %s", what)
		if c.other {
			assert.Zero(t, b.Place(name(3)).Offset, what)
		} else {
			assert.EqualValues(t, 10, b.Place(name(3)).Offset, what)
		}
	}
}

// What is known of a blob and was not read is lost once it is deleted or another one stands in its place, whoever tells it, and
// also where it was known before the start of the process alone.
func TestLost(t *testing.T) {
	day, other := export.Day(name(3)), blob(3, 500)
	other.Created = later
	for what, c := range map[string]struct {
		stored Day
		listed int64 // 0: it is not, in this process
		tell   func(b *Book) int64
		want   int64
	}{
		"read, and replaced": {Day{Places: map[string]Place{name(3): {Offset: 10, Seen: 10, Created: created}}}, 10, replace(other), 0},
		"half read":          {Day{Places: map[string]Place{name(3): {Offset: 10, Seen: 10, Created: created}}}, 25, replace(other), 15},
		"never read":         {Day{}, 25, replace(other), 25},
		"an answer tells":    {Day{Places: map[string]Place{name(3): {Offset: 10, Seen: 10, Created: created}}}, 25, answer(other), 15},
		"known before the start": {
			Day{Places: map[string]Place{name(3): {Offset: 10, Seen: 10, Created: created}}, Lengths: map[string]Length{name(3): {25, created}}}, 0, replace(other), 15,
		},
		"deleted meanwhile":         {Day{Lengths: map[string]Length{name(3): {25, created}}}, 0, remove, 25},
		"deleted":                   {Day{Places: map[string]Place{name(3): {Offset: 10, Seen: 10, Created: created}}}, 25, remove, 15},
		"deleted, with a torn line": {Day{Places: map[string]Place{name(3): {Offset: 10, Seen: 12, Created: created}}}, 0, remove, 2},
		"replaced, and deleted":     {Day{}, 25, func(b *Book) int64 { return replace(other)(b) + remove(b) }, 525},
	} {
		b := New(Start{}, func(string) bool { return true })
		b.Restore(day, c.stored)
		if c.listed > 0 {
			b.BeginList()
			b.Listed(blob(3, c.listed), now)
			require.Empty(t, b.EndList(), what)
		}
		assert.Equal(t, c.want, c.tell(b), what)
		stored := b.Dirty()[day]
		require.NotNil(t, stored.Counts, what)
		assert.Equal(t, c.want, stored.Counts.Lost, what)
	}
}

// replace tells by a list that another blob stands in the place.
func replace(other export.Blob) func(*Book) int64 {
	return func(b *Book) int64 {
		b.BeginList()
		b.Listed(other, now)
		return sum(b.EndList())
	}
}

// answer tells by the answer to a read.
func answer(other export.Blob) func(*Book) int64 {
	return func(b *Book) int64 {
		_, lost := b.Heard(other, now)
		return lost
	}
}

// remove tells by a list that nothing does.
func remove(b *Book) int64 {
	b.BeginList()
	return sum(b.EndList())
}

func sum(all []Lost) (bytes int64) {
	for _, lost := range all {
		bytes += lost.Bytes
	}
	return bytes
}

// What a place says already is not stored beside it: neither of blobs that were read to their end, nor of those that an earlier
// release has stored, so that the first list after an update does not store all days anew.
func TestLengthsThatPlacesSay(t *testing.T) {
	read := Place{Offset: 7, Seen: 7, Created: created}
	b := New(Start{}, func(string) bool { return true })
	b.Restore(export.Day(name(2)), Day{Places: map[string]Place{name(2): read}})
	b.BeginList()
	b.Listed(blob(2, 7), now)
	b.EndList()
	assert.Empty(t, b.Dirty())
	b.BeginList()
	b.Listed(blob(2, 9), now)
	b.EndList()
	assert.Equal(t, map[string]Length{name(2): {9, created}}, b.Dirty()[export.Day(name(2))].Lengths)
	read.Offset, read.Seen = 9, 9
	b.Move(name(2), read, Taken{Bytes: 2}, now)
	stored := b.Dirty()[export.Day(name(2))]
	assert.Empty(t, stored.Lengths)
	assert.Equal(t, map[string]int64{name(2): 9}, stored.Sizes())
}

// Counts stand in one value with the places, and add up to them.
func TestCounts(t *testing.T) {
	day := export.Day(name(3))
	b := New(Start{}, func(string) bool { return true })
	b.Restore(day, Day{Places: map[string]Place{name(2): {Offset: 7, Seen: 7, Created: created}}}) // of a release that did not count
	b.BeginList()
	b.Listed(blob(2, 7), now)
	b.Listed(blob(3, 100), now)
	b.Move(name(3), Place{Offset: 40, Seen: 40, Created: created}, Taken{Rows: Rows{Delivered: 3, Broken: 1}, Bytes: 30}, now)
	b.Move(name(3), Place{Offset: 90, Seen: 90, Created: created}, Taken{Rows: Rows{Repeated: 2}, Bytes: 50}, now)
	b.EndList()
	stored := b.Dirty()[day]
	assert.Equal(t, Counts{Rows: Rows{Delivered: 3, Repeated: 2, Broken: 1}, Read: 80, Passed: 10, Earlier: 7, Last: now}, *stored.Counts)
	assert.Equal(t, map[string]int64{name(3): 10}, stored.Unread())
	assert.Equal(t, map[string]int64{name(2): 7, name(3): 100}, stored.Sizes())

	again := New(Start{}, func(string) bool { return true })
	again.Restore(day, stored)
	again.BeginList()
	again.Listed(blob(3, 101), now)
	again.EndList()
	next := again.Dirty()[day]
	assert.Equal(t, 1, next.Counts.Deleted)
	next.Counts.Deleted = 0
	assert.Equal(t, stored.Counts, next.Counts, "what was counted is read again")
}

// Neither the oldest nor the newest blob waits for the other.
func TestTurns(t *testing.T) {
	b := newBook(nil)
	for hour := range 6 {
		b.Listed(blob(hour, 5), now)
	}
	var order []string
	for range 6 {
		task, ok := b.Next(now)
		require.True(t, ok)
		order = append(order, task.Name)
		b.Move(task.Name, Place{Offset: 5, Seen: 5, Created: created}, Taken{}, now)
	}
	assert.Equal(t, []string{name(0), name(5), name(1), name(4), name(2), name(3)}, order)
	_, ok := b.Next(now)
	assert.False(t, ok)
}

// At most two blobs of a tenant are hot.
func TestHeat(t *testing.T) {
	hourStart := now.Truncate(time.Hour)
	for what, c := range map[string]struct {
		hours []int
		at    time.Time
		want  []string
	}{
		"within the hour":              {[]int{8, 9, 10}, hourStart.Add(30 * time.Minute), []string{name(10)}},
		"the hour has begun":           {[]int{8, 9, 10}, hourStart.Add(5 * time.Minute), []string{name(9), name(10)}},
		"no blob of the hour yet":      {[]int{8, 9}, hourStart.Add(5 * time.Minute), []string{name(9), name(10)}},
		"no blob of the hour for long": {[]int{8, 9}, hourStart.Add(30 * time.Minute), []string{name(10)}},
		"quiet for hours":              {[]int{1}, hourStart.Add(30 * time.Minute), []string{name(10)}},
		"nothing is known":             {nil, hourStart, nil},
	} {
		b := newBook(nil)
		for _, hour := range c.hours {
			b.Listed(blob(hour, 5), now)
			b.Move(name(hour), Place{Offset: 5, Seen: 5, Created: created, ETag: "e"}, Taken{}, now)
		}
		b.Heat(c.at)
		var got []string
		for {
			task, ok := b.Next(c.at)
			if !ok {
				break
			}
			got = append(got, task.Name)
			b.Unchanged(task.Name)
		}
		assert.ElementsMatch(t, c.want, got, what)
	}
}

// What a complete list lacks is gone, with what was unread of it. Days without blobs are over.
func TestGone(t *testing.T) {
	b := newBook(nil)
	b.Listed(blob(1, 100), now)
	b.Move(name(1), Place{Offset: 40, Seen: 40, Created: created}, Taken{}, now)
	require.Empty(t, b.EndList())
	require.Len(t, b.Dirty(), 1)
	b.Stored()
	require.Empty(t, b.Dirty())
	b.BeginList()
	assert.Equal(t, []Lost{{name(1), 60}}, b.EndList())
	assert.Equal(t, map[string]Day{export.Day(name(1)): {
		Places: map[string]Place{}, Lengths: map[string]Length{}, Counts: &Counts{Passed: 40, Lost: 60, Deleted: 1, Last: now},
	}}, b.Dirty(), "counts stay")
	assert.Zero(t, b.Summary().Blobs)
}

// Of hours that are older than the lookback only what they grow by is read, unless they were made after the start.
func TestFirst(t *testing.T) {
	start := Start{At: now, Since: now.Add(-2 * time.Hour)}
	old, young := blob(7, 50), blob(8, 50)
	assert.Equal(t, Place{Offset: 50, Seen: 50, Created: created, ETag: old.ETag, Within: true}, start.first(old))
	assert.Zero(t, start.first(young))
	assert.Zero(t, Start{At: now}.first(old), "without a lookback all is read")
	old.Created = now.Add(time.Minute).Format(time.RFC1123)
	assert.Zero(t, start.first(old))
	old.Name = "other"
	assert.Zero(t, start.first(old))
}

func TestSummary(t *testing.T) {
	b := newBook(nil)
	b.Listed(blob(1, 100), now)
	b.Listed(blob(2, 10), now)
	b.Move(name(2), Place{Offset: 10, Seen: 10, Created: created}, Taken{}, now)
	s := b.Summary()
	assert.Equal(t, Summary{Blobs: 2, Behind: 100, Oldest: now.Add(-time.Minute), Grown: now.Add(-time.Minute)}, s)
	b.Move(name(1), Place{Offset: 100, Seen: 100, Created: created}, Taken{}, now)
	s = b.Summary()
	assert.Zero(t, s.Behind)
	assert.True(t, s.Oldest.IsZero())
}

func TestSetAside(t *testing.T) {
	b := newBook(nil)
	b.Listed(blob(1, 100), now)
	b.SetAside(name(1))
	_, ok := b.Next(now)
	assert.False(t, ok)
	b.BeginList()
	b.Listed(blob(1, 100), now)
	_, ok = b.Next(now)
	assert.True(t, ok)
}

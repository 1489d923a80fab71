package comparison

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

var (
	from = time.Date(2026, 3, 15, 8, 0, 0, 0, time.UTC)
	due  = from.Add(2 * time.Hour)
)

func newComparison(tb testing.TB) (*Comparison, string) {
	tb.Helper()
	directory := tb.TempDir()
	c, err := New(Settings{
		From: from, To: from.Add(time.Hour), Due: map[string]Span{"DeviceLogonEvents": {From: from.Add(-time.Hour), Until: due}}, DomainID: "d1", Types: []string{"AUTH", "ALERT"}, Named: 3, Directory: directory,
	})
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, c.Close()) })
	return c, directory
}

func eventOf(n uint64) event.Event {
	e := event.Event{Type: "AUTH", DomainID: "d1", Time: from.Add(time.Duration(n) * time.Millisecond), Content: n, Person: 7}
	binary.BigEndian.PutUint64(e.ID[:], n*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(e.ID[8:], n)
	return e
}

func rowOf(e event.Event) Row {
	return Row{Table: "DeviceLogonEvents", ID: e.ID, Time: e.Time, Arrived: e.Time.Add(time.Minute), Event: &e}
}

func show(p Place) string { return fmt.Sprintf("f%d:%d", p.Number, p.Position) }

// What one event becomes, by what the source says of it and which copies there are.
func TestOneEvent(t *testing.T) {
	e := eventOf(1)
	with := func(change func(*event.Event)) event.Event {
		other := e
		change(&other)
		return other
	}
	row := rowOf(e)
	nobodys := row
	nobodys.Event = nil
	late := row
	late.Arrived = due
	early := row
	early.Time, early.Arrived = from.Add(-3*time.Hour), from.Add(-2*time.Hour)
	unknownArrival := row
	unknownArrival.Arrived, unknownArrival.Time = time.Time{}, due.Add(-1)
	guessed := rowOf(with(func(e *event.Event) { e.AttributedBy = "logged_on_user" }))
	byColumn := rowOf(with(func(e *event.Event) { e.AttributedBy = "posix_user" }))
	otherContent := with(func(e *event.Event) { e.Content++ })
	stranger := with(func(e *event.Event) { e.Person = 666 })
	ownName := with(func(e *event.Event) { e.Person, e.OwnName = 666, true })
	moved := with(func(e *event.Event) { e.Time, e.Content = from.Add(-time.Hour), 99 })
	ofYesterday := with(func(e *event.Event) { e.Time = from.Add(-1) })
	atTheEnd := with(func(e *event.Event) { e.Time = from.Add(time.Hour) })
	timeless := with(func(e *event.Event) { e.Time = time.Time{} })
	ofAnother := with(func(e *event.Event) { e.DomainID = "d2" })
	unread := with(func(e *event.Event) { e.Type = "ENDPOINT" })
	alert := with(func(e *event.Event) { e.Type, e.Alert = "ALERT", 5 })

	for name, test := range map[string]struct {
		row     *Row
		copies  []event.Event
		want    string
		verdict Verdict
	}{
		"present":                {&row, []event.Event{e}, "", Complete},
		"absent":                 {&row, nil, "absent", Deviating},
		"repeated":               {&row, []event.Event{e, e, e}, "repeated", Complete},
		"altered":                {&row, []event.Event{otherContent}, "altered", Deviating},
		"one copy altered":       {&row, []event.Event{e, otherContent}, "altered repeated", Deviating},
		"a person nobody knows":  {&row, []event.Event{stranger}, "altered", Deviating},
		"the account's own name": {&row, []event.Event{ownName}, "attributed", Complete},
		"its time altered":       {&row, []event.Event{moved}, "altered", Deviating},
		"not due":                {&late, nil, "not due", Unjudged},
		"before the start":       {&early, nil, "not due", Unjudged},
		"due by event time":      {&unknownArrival, nil, "absent", Deviating},
		"not due, and there":     {&late, []event.Event{e}, "", Complete},
		"nobody's":               {&nobodys, nil, "", Complete},
		"nobody's, and there":    {&nobodys, []event.Event{e}, "attributed", Complete},
		"guessed":                {&guessed, nil, "undecided", Unjudged},
		"not guessed":            {&byColumn, nil, "absent", Deviating},
		"unexpected":             {nil, []event.Event{e}, "unexpected", Complete},
		"before the period":      {nil, []event.Event{ofYesterday}, "outside 1", Complete},
		"after the period":       {nil, []event.Event{atTheEnd}, "outside 1", Complete},
		"without a time":         {nil, []event.Event{timeless}, "unexpected", Complete},
		"of another domain":      {nil, []event.Event{ofAnother}, "others 1", Complete},
		"of a type not read":     {nil, []event.Event{unread}, "others 1", Complete},
		"of an unknown alert":    {nil, []event.Event{alert}, "unexpected", Complete},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newComparison(t)
			for i, e := range test.copies {
				require.NoError(t, c.Find(e, Place{Number: 4, Position: int64(i)}))
			}
			if test.row != nil {
				require.NoError(t, c.Expect(*test.row))
			}
			result, err := c.Compare(show)
			require.NoError(t, err)
			assert.Equal(t, test.want, told(result))
			assert.Equal(t, test.verdict, result.Verdict)
		})
	}
}

// told are the kinds that a result names.
func told(r *Result) string {
	var kinds []string
	for i, list := range r.lists() {
		if list.Count > 0 {
			kinds = append(kinds, []string{"absent", "altered", "repeated", "unexpected", "superseded", "attributed", "undecided", "not due"}[i])
		}
	}
	if r.Outside > 0 {
		kinds = append(kinds, fmt.Sprint("outside ", r.Outside))
	}
	if r.OfOthers > 0 {
		kinds = append(kinds, fmt.Sprint("others ", r.OfOthers))
	}
	return strings.Join(kinds, " ")
}

func TestAnotherKnownPerson(t *testing.T) {
	c, _ := newComparison(t)
	jane, joe := eventOf(1), eventOf(2)
	joe.Person = 8
	require.NoError(t, c.Expect(rowOf(jane)))
	require.NoError(t, c.Expect(rowOf(joe)))
	jane.Person = 8
	require.NoError(t, c.Find(jane, Place{}))
	require.NoError(t, c.Find(joe, Place{}))
	result, err := c.Compare(show)
	require.NoError(t, err)
	assert.Equal(t, "attributed", told(result))
}

func TestOlderStateOfAnAlert(t *testing.T) {
	c, _ := newComparison(t)
	now, before := eventOf(1), eventOf(2)
	now.Type, now.Alert, before.Type, before.Alert = "ALERT", 5, "ALERT", 5
	require.NoError(t, c.Expect(rowOf(now)))
	require.NoError(t, c.Find(now, Place{}))
	require.NoError(t, c.Find(before, Place{}))
	result, err := c.Compare(show)
	require.NoError(t, err)
	assert.Equal(t, "superseded", told(result))
	assert.Equal(t, Complete, result.Verdict)
}

// A row that the source gives twice, on the edge of two pages, is one.
func TestSameRowTwice(t *testing.T) {
	c, _ := newComparison(t)
	e := eventOf(1)
	require.NoError(t, c.Expect(rowOf(e)))
	require.NoError(t, c.Expect(rowOf(e)))
	require.NoError(t, c.Find(e, Place{}))
	result, err := c.Compare(show)
	require.NoError(t, err)
	assert.Equal(t, Counts{Rows: 1, Expected: 1, Present: 1}, result.Total)
}

// Beyond the limit events are counted and not named; those that are named stand in order of time.
func TestNamedEventsAreLimited(t *testing.T) {
	c, directory := newComparison(t)
	for n := range uint64(10) {
		require.NoError(t, c.Expect(rowOf(eventOf(n))))
	}
	repeated := eventOf(11)
	require.NoError(t, c.Expect(rowOf(repeated)))
	for i := range int64(12) {
		require.NoError(t, c.Find(repeated, Place{Number: 1, Position: i}))
	}
	result, err := c.Compare(show)
	require.NoError(t, err)
	assert.EqualValues(t, 10, result.Absent.Count)
	require.Len(t, result.Absent.Events, 3)
	assert.True(t, result.Absent.Events[0].Time.Before(result.Absent.Events[2].Time))
	require.Len(t, result.Repeated.Events, 1)
	assert.Equal(t, 12, result.Repeated.Events[0].Copies)
	assert.Len(t, result.Repeated.Events[0].Places, maxPlaces)
	assert.Equal(t, "f1:0", result.Repeated.Events[0].Places[0])

	require.NoError(t, c.Close())
	left, err := os.ReadDir(directory)
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files are removed")
	c.partitions, c.directory = nil, directory
}

// The memory of a comparison does not grow with its events: each is on disk, and a part of them in memory.
func TestMemoryIsBounded(t *testing.T) {
	const events = 100_000
	c, _ := newComparison(t)
	for n := range uint64(events) {
		e := eventOf(n)
		require.NoError(t, c.Expect(rowOf(e)))
		if n%1000 != 0 {
			require.NoError(t, c.Find(e, Place{}))
		}
	}
	held := int64(0)
	for _, p := range c.partitions {
		held = max(held, p.count*(entrySize+24)) // the entry, and where it is
	}
	t.Logf("%.2f bytes of memory an event of both sides while it is compared, and %d of disk", float64(held)/events, 2*entrySize)
	// Of ten million events some 14 MB are then in memory at once.
	assert.Less(t, float64(held)/events, 2.0)

	before := heap()
	result, err := c.Compare(show)
	require.NoError(t, err)
	assert.Equal(t, Counts{Rows: events, Expected: events, Present: events - events/1000, Absent: events / 1000}, result.Total)
	grown := int64(heap()) - int64(before)
	t.Logf("%d bytes are left on the heap", grown)
	assert.Less(t, grown, int64(4<<20))
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestEntry(t *testing.T) {
	for range 1000 {
		e := entry{
			content: rand.Uint64(), person: rand.Uint64(), alert: rand.Uint64(), at: int64(rand.Uint64()), position: rand.Int64(),
			place: rand.Uint32(), side: side(rand.IntN(3)), flags: uint8(rand.Uint32()), kind: uint8(rand.Uint32()), id: uuid.New(),
		}
		b := e.append(nil)
		require.Len(t, b, entrySize)
		require.Equal(t, e, readEntry(b))
	}
}

// BenchmarkTenMillion says what ten million events take; run it with -benchtime=1x.
func BenchmarkTenMillion(b *testing.B) {
	const events = 10_000_000
	for b.Loop() {
		c, _ := newComparison(b)
		var peak uint64
		for n := range uint64(events) {
			e := eventOf(n)
			require.NoError(b, c.Expect(rowOf(e)))
			require.NoError(b, c.Find(e, Place{}))
		}
		peak = heap()
		done := make(chan struct{})
		sampled := make(chan uint64)
		go func() {
			highest := uint64(0)
			for {
				select {
				case <-done:
					sampled <- highest
					return
				case <-time.After(20 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					highest = max(highest, m.HeapInuse)
				}
			}
		}()
		_, err := c.Compare(show)
		require.NoError(b, err)
		close(done)
		b.ReportMetric(float64(max(peak, <-sampled))/1e6, "MB-heap")
		b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	}
}

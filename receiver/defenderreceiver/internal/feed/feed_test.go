package feed

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func TestStanding(t *testing.T) {
	s := NewState()
	o := Object{ID: "da1", Updated: noon, Parts: 2}
	assert.Equal(t, First, s.Standing(o))
	s.Accept(o, false)
	for name, c := range map[string]struct {
		object Object
		want   Standing
	}{
		"the same version":         {o, Delivered},
		"a later update":           {Object{ID: "da1", Updated: noon.Add(tick), Parts: 2}, Updated},
		"an earlier update":        {Object{ID: "da1", Updated: noon.Add(-tick), Parts: 9}, Delivered},
		"more evidence":            {Object{ID: "da1", Updated: noon, Parts: 3}, Grown},
		"less evidence":            {Object{ID: "da1", Updated: noon, Parts: 1}, Delivered},
		"another object":           {Object{ID: "da2", Updated: noon}, First},
		"more than can be counted": {Object{ID: "da1", Updated: noon, Parts: 1 << 20}, Grown},
	} {
		assert.Equal(t, c.want, s.Standing(c.object), name)
	}
	s.Accept(Object{ID: "da1", Updated: noon, Parts: 1 << 20}, true)
	assert.Equal(t, Delivered, s.Standing(Object{ID: "da1", Updated: noon, Parts: 1 << 21}))
	assert.True(t, s.IsRefused(o))
	s.Forget(noon)
	assert.Equal(t, 1, s.Len(), "what was updated then is remembered")
	s.Forget(noon.Add(tick))
	assert.Equal(t, 1, s.Len(), "walks begin at whole seconds")
	s.Forget(noon.Add(time.Second))
	assert.Zero(t, s.Len())
}

// Before a version lies the one that is known. Of an object of which none is, others may have been updated before the start,
// or before what is remembered.
func TestBefore(t *testing.T) {
	s := NewState()
	s.Start = noon.Add(-time.Hour)
	o := Object{ID: "da1", Updated: noon.Add(123 * tick)}
	before := func(want time.Time, wantFirst bool, why string) {
		t.Helper()
		got, first := s.Before(o)
		assert.Equal(t, want, got, why)
		assert.Equal(t, wantFirst, first, why)
	}
	before(s.Start.Add(-tick), true, "nothing was delivered")
	s.Accept(o, false)
	before(o.Updated, false, "known")
	s.Forget(noon.Add(time.Minute))
	before(noon.Add(time.Minute-tick), true, "forgotten")
}

// What is not remembered any more is not read again, whatever the settings become; nor is what was updated before the start.
func TestFrom(t *testing.T) {
	s := NewState()
	s.Start = noon.Add(-time.Hour)
	assert.Equal(t, s.Start, s.From(noon.Add(-2*time.Hour)))
	assert.Equal(t, noon, s.From(noon))
	s.Forget(noon.Add(-90 * time.Minute))
	assert.Equal(t, s.Start, s.From(time.Time{}))
	s.Forget(noon.Add(-30*time.Minute + tick))
	assert.Equal(t, noon.Add(-30*time.Minute), s.From(noon.Add(-24*time.Hour)))
	s.Forget(noon.Add(-40 * time.Minute))
	data, err := s.Encode()
	require.NoError(t, err)
	again, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, noon.Add(-30*time.Minute), again.From(time.Time{}))
}

// An object that was created long ago and is not remembered was delivered, unless that was before the start.
func TestIsNew(t *testing.T) {
	s := NewState()
	s.Start = noon.Add(-48 * time.Hour)
	assert.True(t, s.IsNew(Object{Created: noon.Add(-30 * time.Hour)}), "all is remembered")
	s.Forget(noon.Add(-24 * time.Hour))
	assert.True(t, s.IsNew(Object{Created: noon}))
	assert.False(t, s.IsNew(Object{Created: noon.Add(-30 * time.Hour)}))
	assert.True(t, s.IsNew(Object{Created: noon.Add(-72 * time.Hour)}))
	assert.True(t, s.IsNew(Object{}))
}

func TestStored(t *testing.T) {
	s := NewState()
	s.Start, s.Mark = noon.Add(-time.Hour), noon
	s.SetAside(Range{From: noon.Add(time.Minute), To: noon.Add(2 * time.Minute), Due: noon.Add(time.Hour)})
	for i := range 100 {
		s.Accept(Object{ID: fmt.Sprint("da", i), Updated: noon.Add(time.Duration(i) * tick), Parts: i}, i%7 == 0)
	}
	data, err := s.Encode()
	require.NoError(t, err)
	again, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, s, again)
	repeated, err := again.Encode()
	require.NoError(t, err)
	assert.Equal(t, data, repeated, "the same state has the same form")

	for text, want := range map[string]string{
		"":                                 "decode the state",
		`{"version":2}`:                    "version 2, and this release reads 1",
		`{"version":1,"delivered":"AAAA"}`: "is cut off",
	} {
		_, err := Decode([]byte(text))
		assert.ErrorContains(t, err, want)
	}
	old, err := Decode([]byte(`{"version":1}`))
	require.NoError(t, err)
	old.Accept(Object{ID: "a"}, false)
}

func TestWindows(t *testing.T) {
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	s := NewState()
	assert.Equal(t, []Range{{From: at(0)}}, s.Windows(at(0), time.Time{}))
	s.SetAside(Range{From: at(20), To: at(21)})
	s.SetAside(Range{From: at(10), To: at(12)})
	s.SetAside(Range{From: at(12), To: at(13)})
	assert.Equal(t, []Range{{From: at(0), To: at(10)}, {From: at(13), To: at(20)}, {From: at(21)}}, s.Windows(at(0), time.Time{}))
	assert.Equal(t, []Range{{From: at(13), To: at(15)}}, s.Windows(at(11), at(15)))
	assert.Empty(t, s.Windows(at(20), at(21)))

	r := Range{From: at(10), To: at(12)}
	s.Postpone(r, at(60))
	assert.Equal(t, []Range{
		{at(10), at(11), at(60)}, {at(11), at(12), at(60)}, {From: at(12), To: at(13)}, {From: at(20), To: at(21)},
	}, s.Unreadable)
	s.Readable(s.Unreadable[0])
	assert.Len(t, s.Unreadable, 3)
	second := Range{From: at(0), To: at(0).Add(time.Second)}
	assert.Equal(t, []Range{second}, second.halves())
}

// walked is a list of a service, and how it is read.
type walked struct {
	times []time.Time // of updates, ascending
}

// read walks the list. links are offsets.
func (l walked) read(t *testing.T, w *Walk, meanwhile func(request int)) (found []time.Time, requests int) {
	t.Helper()
	for done := false; !done; requests++ {
		require.Less(t, requests, 1000, "the walk has no end")
		meanwhile(requests)
		r := w.Request()
		from := 0
		for from < len(l.times) && l.times[from].Before(r.From) {
			from++
		}
		if r.Link != "" {
			_, err := fmt.Sscan(r.Link, &from)
			require.NoError(t, err)
		}
		to := min(from+r.Top, len(l.times))
		page := Page{Ascending: true}
		for _, at := range l.times[from:to] {
			page.Add(Object{Updated: at})
			found = append(found, at)
		}
		if to < len(l.times) {
			page.Next = strconv.Itoa(to)
		}
		var err error
		done, err = w.Take(page)
		require.NoError(t, err)
	}
	return found, requests
}

func TestWalkReadsEverything(t *testing.T) {
	for name, step := range map[string]time.Duration{
		"apart": 10 * time.Second, "several in a second": 100 * time.Millisecond, "all in one instant": 0,
	} {
		for _, top := range []int{1, 7, 100, 1000} {
			l := walked{}
			for i := range 150 {
				l.times = append(l.times, noon.Add(time.Duration(i)*step))
			}
			if top == 1 && step == 0 {
				l.times = l.times[:20]
			}
			found, _ := l.read(t, NewWalk(Request{From: noon, Top: top, Ordered: true}, 1000), func(int) {})
			distinct := map[time.Time]int{}
			for _, at := range found {
				distinct[at]++
			}
			want := map[time.Time]bool{}
			for _, at := range l.times {
				want[at] = true
			}
			assert.Len(t, distinct, len(want), "%s, pages of %d", name, top)
			assert.GreaterOrEqual(t, len(found), len(l.times))
		}
	}
}

func TestWalk(t *testing.T) {
	full := func(first, last time.Time, next string) Page {
		return Page{Objects: 10, First: first, Last: last, Ascending: true, Next: next}
	}
	w := NewWalk(Request{From: noon.Add(900 * time.Millisecond), Top: 10, Ordered: true}, 15)
	assert.Equal(t, noon, w.Request().From, "a whole second, rounded down")
	done, err := w.Take(full(noon, noon, "link1"))
	require.NoError(t, err)
	assert.False(t, done)
	assert.Equal(t, "link1", w.Request().Link, "more of one second than a page holds")
	_, err = w.Take(full(noon, noon, "link1"))
	require.ErrorIs(t, err, errLoop)
	_, err = w.Take(full(noon, noon.Add(90*time.Second), "link2"))
	require.NoError(t, err)
	assert.Equal(t, Request{From: noon.Add(90 * time.Second), Top: 10, Ordered: true}, w.Request(), "a new request, so that nothing is skipped")
	done, err = w.Take(full(noon.Add(90*time.Second), noon.Add(90*time.Second), ""))
	require.NoError(t, err)
	assert.False(t, done, "a larger page tells whether there is more")
	assert.Equal(t, 15, w.Request().Top)
	done, err = w.Take(Page{Objects: 15, First: noon.Add(90 * time.Second), Last: noon.Add(90 * time.Second), Ascending: true})
	require.NoError(t, err)
	assert.True(t, done, "there is no larger page")
	_, err = w.Take(Page{Objects: 2, First: noon.Add(80 * time.Second), Last: noon.Add(90 * time.Second), Ascending: true})
	require.ErrorIs(t, err, ErrOrder, "it begins before its bound")
	_, err = w.Take(Page{Objects: 2, First: noon.Add(90 * time.Second), Last: noon.Add(95 * time.Second)})
	require.ErrorIs(t, err, ErrOrder)
	done, err = w.Take(Page{Objects: 1, First: noon.Add(89500 * time.Millisecond), Last: noon.Add(89500 * time.Millisecond), Ascending: true})
	require.NoError(t, err)
	assert.True(t, done, "a printed time may lie below its bound")

	w = NewWalk(Request{From: noon, Top: 10}, 10)
	_, err = w.Take(Page{Objects: 3, Next: "a"})
	require.NoError(t, err)
	assert.Equal(t, "a", w.Request().Link)
	done, err = w.Take(Page{})
	require.NoError(t, err)
	assert.True(t, done)
}

package paging

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func TestWindow(t *testing.T) {
	w, to := NewWindow(), epoch.Add(time.Hour)
	assert.Equal(t, to, w.Until(epoch, to), "at first all is asked for")

	assert.True(t, w.Narrow(epoch, to))
	assert.Equal(t, epoch.Add(30*time.Minute), w.Until(epoch, to))
	w.Fits(40, 100, 30*time.Minute)
	assert.Equal(t, to, w.Until(epoch, to), "it widens again")
	w.Narrow(epoch, to)
	w.Fits(51, 100, 30*time.Minute)
	assert.Equal(t, epoch.Add(30*time.Minute), w.Until(epoch, to), "a page that is more than half full does not widen")

	for range 100 {
		if w.Until(epoch, to).Sub(epoch) == Tick {
			break
		}
		assert.True(t, w.Narrow(epoch, w.Until(epoch, to)))
	}
	assert.Equal(t, epoch.Add(Tick), w.Until(epoch, to), "down to one instant")
	for range 20 {
		w.Fits(0, 100, w.Until(epoch, to).Sub(epoch))
	}
	assert.Equal(t, to, w.Until(epoch, to), "and back")
}

func TestWindowOfABacklog(t *testing.T) {
	w, to := NewWindow(), epoch.Add(24*time.Hour)
	length := func() time.Duration { return w.Until(epoch, to).Sub(epoch) }
	w.Filled(10 * time.Minute)
	assert.Equal(t, 20*time.Minute, length(), "two pages, as far as the last one tells")
	w.Filled(15 * time.Minute)
	assert.Equal(t, 20*time.Minute, length())
	w.Fits(80, 100, length())
	assert.Equal(t, 40*time.Minute, length(), "a range with less than a page was too short")
	w.Fits(10, 100, 5*time.Minute)
	assert.Equal(t, 80*time.Minute, length(), "ten rows in five minutes are a page in fifty")
	w.Fits(0, 100, time.Minute)
	assert.Equal(t, 80*time.Minute, length(), "what ends the poll tells nothing of a longer range")
	w.Filled(time.Second)
	assert.Equal(t, time.Minute, length(), "a burst passes")
	w.Fits(0, 100, length())
	assert.Equal(t, 16*time.Minute, length())
	w.Narrow(epoch, epoch.Add(2*time.Minute))
	w.Fits(60, 100, length())
	assert.Equal(t, time.Minute, length(), "what the service cannot give is not asked for again so soon")
}

func TestPartsOfAnInstant(t *testing.T) {
	w := NewWindow()
	w.Instant()
	assert.True(t, w.Narrow(epoch, epoch.Add(Tick)))
	assert.Equal(t, []bool{false, false}, w.read)
	w.read[1] = true
	assert.True(t, w.Narrow(epoch, epoch.Add(Tick)))
	assert.Equal(t, []bool{false, true, false, true}, w.read, "what was read need not be read again")
	for w.Parts() < MaxParts {
		assert.True(t, w.Narrow(epoch, epoch.Add(Tick)))
	}
	assert.False(t, w.Narrow(epoch, epoch.Add(Tick)), "nothing smaller is left")
	w.Fits(100, 100, Tick)
	assert.Equal(t, 1, w.Parts())
	assert.Equal(t, unlimited, w.width, "after the instant the width is what it was")
}

// One refusal of a heavy query may be the service's bad moment.
func TestOnlyRepeatedRefusalsMakeAPartHeavy(t *testing.T) {
	w := NewWindow()
	assert.Equal(t, []bool{false, false, true}, []bool{w.GaveUp(), w.GaveUp(), w.GaveUp()})
}

// reading plays a reader of one day whose ranges fail where failing says so, and returns the widths that it asked for.
func reading(w *Window, failing func(width time.Duration, query int) bool, queries int) (widths []time.Duration, read time.Duration) {
	from, to := epoch, epoch.Add(24*time.Hour)
	streak := 0
	for query := range queries {
		if !from.Before(to) {
			break
		}
		until := w.Until(from, to)
		width := until.Sub(from)
		widths = append(widths, width)
		if !failing(width, query) {
			w.Fits(10, 1000, width)
			from, streak = until, 0
			continue
		}
		if streak++; w.Blame(from, until) {
			streak = 0
		} else if streak >= 3 {
			w.Doubt(from, until)
		}
	}
	return widths, from.Sub(epoch)
}

// Trouble that passes leaves nothing behind: the first range after it is small, the next one whole.
func TestTroubleIsNotTakenForSize(t *testing.T) {
	for _, outage := range []int{1, 2, 3, 5, 9, 30} {
		widths, read := reading(NewWindow(), func(_ time.Duration, query int) bool { return query < outage }, 100)
		assert.Equal(t, 24*time.Hour, read)
		assert.LessOrEqual(t, len(widths), outage+2, "%d failures", outage)
		w := NewWindow()
		reading(w, func(_ time.Duration, query int) bool { return query < outage }, 100)
		assert.Equal(t, unlimited, w.width, "nothing is remembered of %d failures", outage)
	}
}

// A service that really cannot give a wide range is asked for less, and for more again later.
func TestSizeIsBlamedOnceLessIsAnswered(t *testing.T) {
	const most = 5 * time.Hour
	tooWide := func(width time.Duration, _ int) bool { return width > most }
	w := NewWindow()
	widths, read := reading(w, tooWide, 100)
	assert.Equal(t, 24*time.Hour, read)
	failed := 0
	for _, width := range widths {
		if width > most {
			failed++
		}
	}
	assert.LessOrEqual(t, failed, 12, "%v", widths)
	assert.LessOrEqual(t, len(widths), 25)
	reading(w, func(time.Duration, int) bool { return false }, 10)
	assert.Zero(t, w.blamed, "a wide range was answered since")
}

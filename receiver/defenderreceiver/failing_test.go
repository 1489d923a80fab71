package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// reading plays a reader of one day whose ranges fail where failing says so, and returns the widths that it asked for.
func reading(s *span, failing func(width time.Duration, query int) bool, doubtAfter, queries int) (widths []time.Duration, read time.Duration) {
	from, to := epoch, epoch.Add(24*time.Hour)
	streak := 0
	for query := range queries {
		if !from.Before(to) {
			break
		}
		until := s.until(from, to)
		width := until.Sub(from)
		widths = append(widths, width)
		if !failing(width, query) {
			s.fits(10, 1000, width)
			from, streak = until, 0
			continue
		}
		if streak++; s.blame(from, until) {
			streak = 0
		} else if streak >= doubtAfter {
			s.doubt(from, until)
		}
	}
	return widths, from.Sub(epoch)
}

// Trouble that passes leaves nothing behind: the first range after it is small, the next one whole.
func TestTroubleIsNotTakenForSize(t *testing.T) {
	for _, outage := range []int{1, 2, 3, 5, 9, 30} {
		widths, read := reading(newSpan(), func(_ time.Duration, query int) bool { return query < outage }, 3, 100)
		assert.Equal(t, 24*time.Hour, read)
		assert.LessOrEqual(t, len(widths), outage+2, "%d failures", outage)
		s := newSpan()
		reading(s, func(_ time.Duration, query int) bool { return query < outage }, 3, 100)
		assert.Equal(t, unlimited, s.width, "nothing is remembered of %d failures", outage)
	}
}

// A service that really cannot give a wide range is asked for less, and for more again later.
func TestSizeIsBlamedOnceLessIsAnswered(t *testing.T) {
	const most = 5 * time.Hour
	tooWide := func(width time.Duration, _ int) bool { return width > most }
	s := newSpan()
	widths, read := reading(s, tooWide, 3, 100)
	assert.Equal(t, 24*time.Hour, read)
	failed := 0
	for _, width := range widths {
		if width > most {
			failed++
		}
	}
	assert.LessOrEqual(t, failed, 12, "%v", widths)
	assert.LessOrEqual(t, len(widths), 25)
	reading(s, func(time.Duration, int) bool { return false }, 3, 10)
	assert.Zero(t, s.blamed, "a wide range was answered since")
}

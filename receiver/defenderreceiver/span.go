package defenderreceiver

import "time"

// tick is the service's resolution of time.
const tick = 100 * time.Nanosecond

const (
	// maxParts bounds into how many parts one instant is cut: 1024 full pages are 51 million rows.
	maxParts = 1024
	// unlimited is more than the service keeps.
	unlimited = 31 * 24 * time.Hour
	// widening is by how much a range grows that had next to no rows.
	widening = 16
	// pagesAhead is how many pages a range is to hold. What a range holds beyond its page the service looks through in
	// vain, and a range with less than a page is a query for little.
	pagesAhead = 2
	// leastAhead is cheap to look through, while after a burst a shorter range would have to widen by many queries.
	leastAhead = time.Minute
	// heavyTries is how often a part is tried before it counts as too heavy and not as bad luck.
	heavyTries = 3
)

// span decides how much is asked for at once. It narrows when the service or the row limit cuts an
// answer short, and widens when answers come back small: what a query costs does not grow with what is left to read.
type span struct {
	width time.Duration // that the service can give
	ahead time.Duration // that holds pagesAhead pages, going by the last ones
	// before is the width to come back to after an instant that fills pages; 0 if there was none.
	before time.Duration
	// done says which parts of the instant were read; its length is their number.
	done []bool
	// instantAt is the instant that done is of.
	instantAt time.Time
	// heavy counts how often in a row the service gave up on the same part.
	heavy int
	// trial is a width that is tried because wider ranges fail, in a way that may be for their size; 0: none is.
	trial time.Duration
	// good is a width that was answered just now while wider ones had failed; 0: there is none. If a wider range fails
	// again, it is for its size.
	good time.Duration
	// blamed is the width that has failed for its size; 0: none has, or as wide a one was answered since.
	blamed time.Duration
}

func newSpan() *span { return &span{width: unlimited, ahead: unlimited, done: make([]bool, 1)} }

func (s *span) parts() int { return len(s.done) }

// until is the end of the range that begins at from and may reach to.
func (s *span) until(from, to time.Time) time.Time {
	if s.parts() > 1 && !from.Equal(s.instantAt) {
		s.done = make([]bool, 1)
	}
	width := min(s.width, s.ahead)
	if s.trial > 0 {
		width = min(width, s.trial)
	}
	if s.parts() > 1 {
		width = tick
	}
	if end := from.Add(width); width < unlimited && end.Before(to) {
		return end
	}
	return to
}

// narrow is called when the answer for [from, until) was too much. Once a range is a single instant
// it is cut into parts. It returns false when nothing smaller can be asked for.
func (s *span) narrow(from, until time.Time) bool {
	s.heavy = 0
	if width := until.Sub(from); width > tick {
		s.width = max((width / 2).Truncate(tick), tick)
		return true
	}
	if s.parts() >= maxParts {
		return false
	}
	s.instantAt = from
	// What was in part k of n is in the parts k and k+n of 2n.
	s.done = append(s.done, s.done...)
	return true
}

// doubt is called when a range has failed again and again in a way that may be for its size, but for any other reason
// too: half of it is tried next. It reports false when nothing smaller can be tried.
func (s *span) doubt(from, until time.Time) bool {
	width := until.Sub(from)
	if width <= tick || s.parts() > 1 {
		return false
	}
	s.trial = max((width / 2).Truncate(tick), tick)
	return true
}

// blame is called when a range failed in a way that may be for its size. It reports whether that is so, because less
// was answered just before; then less is asked for from now on.
func (s *span) blame(from, until time.Time) bool {
	if s.good == 0 || until.Sub(from) <= s.good {
		return false
	}
	s.width, s.blamed, s.good = s.good, until.Sub(from), 0
	return true
}

// gaveUp is called when the service gave up on a part of an instant. It reports whether that is sure
// to be the part's weight, and no trouble that passes.
func (s *span) gaveUp() bool {
	s.heavy++
	return s.heavy >= heavyTries
}

// filled is called when a page was full of rows of a time that long.
func (s *span) filled(length time.Duration) {
	s.ahead = min(s.ahead, max(pagesAhead*length, leastAhead))
}

// instant is called when a page was full of rows of the one instant that it began with.
func (s *span) instant() { s.width, s.before = tick, s.width }

// fits is called when a range of a length was read whole and had rows of at most maxRows.
func (s *span) fits(rows, maxRows int, length time.Duration) {
	s.done, s.heavy = make([]bool, 1), 0
	if s.trial > 0 {
		// The next range is a wide one again: its failure would prove that it is the size, and its success that it is not.
		s.good, s.trial = s.trial, 0
		return
	}
	if length >= s.blamed {
		s.blamed = 0
	}
	s.good = 0
	if s.blamed > 0 {
		s.good = length
	}
	// A range that was short for want of time tells nothing of a longer one.
	wider := func(width, factor time.Duration) time.Duration {
		return min(max(width, factor*min(length, width)), unlimited)
	}
	s.ahead = wider(s.ahead, min(time.Duration(pagesAhead*maxRows/max(rows, 1)), widening))
	switch {
	case s.before > 0:
		s.width, s.before = s.before, 0
	case rows > maxRows/2:
	case rows > maxRows/widening:
		s.width = wider(s.width, 2)
	default:
		s.width = wider(s.width, widening)
	}
}

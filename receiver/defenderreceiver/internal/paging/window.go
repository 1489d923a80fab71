package paging

import "time"

// Tick is the service's resolution of time.
const Tick = 100 * time.Nanosecond

// MaxParts bounds into how many parts one instant is cut: 1024 full pages are 51 million rows.
const MaxParts = 1024

const (
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

// Window decides how much one query reads. It narrows when the service or the row limit cuts an answer short, and
// widens when answers come back small: the cost of a query does not grow with what is left to read.
type Window struct {
	width time.Duration // that the service can give
	ahead time.Duration // that holds pagesAhead pages, judged by the last ones
	// before is the width to return to after an instant that fills pages; 0: there was none.
	before time.Duration
	// read says which parts of the instant were read; its length is their number.
	read []bool
	// instantAt is the instant that the parts belong to.
	instantAt time.Time
	// heavy counts how often in a row the service gave up on the same part.
	heavy int
	// trial is a width that is tried because wider ranges fail, perhaps for their size; 0: none is.
	trial time.Duration
	// good is a width that was answered just now while wider ones had failed; 0: there is none. If a wider range fails
	// again, its size is the reason.
	good time.Duration
	// blamed is the width that has failed for its size; 0: none has, or a range as wide was answered since.
	blamed time.Duration
}

// NewWindow makes a window that asks for everything at once.
func NewWindow() *Window {
	return &Window{width: unlimited, ahead: unlimited, read: make([]bool, 1)}
}

// Width is the longest range that the service can give, as far as is known.
func (w *Window) Width() time.Duration { return w.width }

// Parts is into how many parts the next instant is cut; 1: it is read as a range.
func (w *Window) Parts() int { return len(w.read) }

// PartRead reports whether a part of the instant was read.
func (w *Window) PartRead(part int) bool { return w.read[part] }

// ReadPart is called when a part of the instant was read.
func (w *Window) ReadPart(part int) { w.read[part] = true }

// Until is the end of the range that begins at from and may reach to.
func (w *Window) Until(from, to time.Time) time.Time {
	if w.Parts() > 1 && !from.Equal(w.instantAt) {
		w.read = make([]bool, 1)
	}
	width := min(w.width, w.ahead)
	if w.trial > 0 {
		width = min(width, w.trial)
	}
	if w.Parts() > 1 {
		width = Tick
	}
	if end := from.Add(width); width < unlimited && end.Before(to) {
		return end
	}
	return to
}

// Narrow is called when the answer for [from, until) was too much. Once a range is a single instant
// it is cut into parts. It returns false when nothing smaller can be asked for.
func (w *Window) Narrow(from, until time.Time) bool {
	w.heavy = 0
	if width := until.Sub(from); width > Tick {
		w.width = max((width / 2).Truncate(Tick), Tick)
		return true
	}
	if w.Parts() >= MaxParts {
		return false
	}
	w.instantAt = from
	// What was in part k of n is in the parts k and k+n of 2n.
	w.read = append(w.read, w.read...)
	return true
}

// Doubt is called when a range has failed again and again in a way that may be for its size, but for any other reason
// too: half of it is tried next. It reports false when nothing smaller can be tried.
func (w *Window) Doubt(from, until time.Time) bool {
	width := until.Sub(from)
	if width <= Tick || w.Parts() > 1 {
		return false
	}
	w.trial = max((width / 2).Truncate(Tick), Tick)
	return true
}

// Blame is called when a range failed in a way that may be for its size. It reports whether that is so, because less
// was answered just before; then less is asked for from now on.
func (w *Window) Blame(from, until time.Time) bool {
	if w.good == 0 || until.Sub(from) <= w.good {
		return false
	}
	w.width, w.blamed, w.good = w.good, until.Sub(from), 0
	return true
}

// GaveUp is called when the service gave up on a part of an instant. It reports whether that is sure
// to be the part's weight, and no trouble that passes.
func (w *Window) GaveUp() bool {
	w.heavy++
	return w.heavy >= heavyTries
}

// Filled is called when a page was full of rows of a time that long.
func (w *Window) Filled(length time.Duration) {
	w.ahead = min(w.ahead, max(pagesAhead*length, leastAhead))
}

// Instant is called when a page was full of rows of the one instant that it began with.
func (w *Window) Instant() { w.width, w.before = Tick, w.width }

// Fits is called when a range of a length was read whole and had rows of at most maxRows.
func (w *Window) Fits(rows, maxRows int, length time.Duration) {
	w.read, w.heavy = make([]bool, 1), 0
	if w.trial > 0 {
		// The next range is a wide one again: its failure would prove that it is the size, and its success that it is not.
		w.good, w.trial = w.trial, 0
		return
	}
	if length >= w.blamed {
		w.blamed = 0
	}
	w.good = 0
	if w.blamed > 0 {
		w.good = length
	}
	// A range that was short for want of time tells nothing of a longer one.
	wider := func(width, factor time.Duration) time.Duration {
		return min(max(width, factor*min(length, width)), unlimited)
	}
	w.ahead = wider(w.ahead, min(time.Duration(pagesAhead*maxRows/max(rows, 1)), widening))
	switch {
	case w.before > 0:
		w.width, w.before = w.before, 0
	case rows > maxRows/2:
	case rows > maxRows/widening:
		w.width = wider(w.width, 2)
	default:
		w.width = wider(w.width, widening)
	}
}

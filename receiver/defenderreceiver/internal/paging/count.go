package paging

import "time"

const (
	// refusalHolds is for how long a count is not tried again that the service itself called too much, at most.
	refusalHolds = 24 * time.Hour
	// suspicionHolds is for how long, if only a smaller count's success says that it was too much.
	suspicionHolds = 15 * time.Minute
	// mostTries are the counts of the width after whose answers it is tried again all the same; suspicionTries are
	// those after a suspicion at first, and twice as many each time that it is confirmed.
	mostTries      = 1024
	suspicionTries = 4
	// suspectAfter is how often a count has to fail before a smaller one is tried when it fails once more.
	suspectAfter = 3
)

// CountWindow decides how long a range one count covers. At first nothing limits it.
type CountWindow struct {
	width   time.Duration // 0: no limit
	least   time.Duration // nothing shorter is counted
	tooMuch lesson
	suspect suspicion
}

// NewCountWindow makes a window that never becomes shorter than least.
func NewCountWindow(least time.Duration) CountWindow { return CountWindow{least: least} }

// lesson is what was too much for one count. It holds until a time, or until so many counts of the width were answered.
type lesson struct {
	extent time.Duration
	until  time.Time
	tries  int // how many answers it takes
	left   int // how many are still to come
	inRow  int // refusals of ever smaller counts, without an answer in between
}

// suspicion is of counts that fail again and again, perhaps for their size.
type suspicion struct {
	extent   time.Duration // of the smallest of them
	failures int
	halvings int // in the next smaller count that is tried
}

// Fits reports whether so much can be counted at once.
func (c *CountWindow) Fits(extent time.Duration) bool { return c.width == 0 || extent <= c.width }

// Answered is called when a count was answered that has cost so much CPU, of at most most.
func (c *CountWindow) Answered(now time.Time, extent, cost, most time.Duration) {
	c.tooMuch.inRow = 0
	if extent >= c.suspect.extent {
		c.suspect = suspicion{}
	}
	if extent >= c.tooMuch.extent {
		c.tooMuch = lesson{}
	}
	switch {
	case cost > most:
		c.narrow(extent)
	case c.width == 0 || cost > most/4 || extent <= c.width/2:
	case c.tooMuch.extent > 0 && 2*c.width >= c.tooMuch.extent && c.tooMuch.holds(now):
	case c.width < unlimited:
		c.width *= 2
	default:
		c.width = 0
	}
}

// holds takes an answer and reports whether the lesson is still believed.
func (l *lesson) holds(now time.Time) bool {
	l.left--
	return l.left >= 0 && now.Before(l.until)
}

// Refused is called when the service itself called so much too much. Several refusals in a row may be a service in
// trouble: the first answer after them lets the last one be tried again.
func (c *CountWindow) Refused(now time.Time, extent time.Duration) {
	inRow, tries := c.tooMuch.inRow+1, mostTries
	if inRow > 1 {
		tries = 0
	}
	c.tooMuch = lesson{extent: extent, until: now.Add(refusalHolds), tries: tries, left: tries, inRow: inRow}
	c.narrow(extent)
}

func (c *CountWindow) narrow(extent time.Duration) { c.width = max(extent/2, c.least) }

// Failed is called when a count failed in a way that may be due to its size, or to a service that is down. It returns
// how much is to be tried instead, or 0: the first failures teach nothing.
func (c *CountWindow) Failed(extent time.Duration) time.Duration {
	if c.suspect.extent == 0 || extent < c.suspect.extent {
		c.suspect = suspicion{extent: extent}
	}
	c.suspect.failures++
	if c.suspect.failures <= suspectAfter {
		return 0
	}
	c.suspect.failures = 0
	c.suspect.halvings++
	smaller := extent >> c.suspect.halvings
	if smaller <= c.least {
		c.suspect.halvings = 0
	}
	return max(smaller, c.least)
}

// Blame is called when the smaller count was answered just after the larger one had failed again.
func (c *CountWindow) Blame(now time.Time, extent, smaller time.Duration) {
	tries := suspicionTries
	if c.tooMuch.extent > 0 {
		tries = min(max(2*c.tooMuch.tries, tries), mostTries)
	}
	c.tooMuch = lesson{extent: extent, until: now.Add(suspicionHolds), tries: tries, left: tries}
	c.width, c.suspect = smaller, suspicion{}
}

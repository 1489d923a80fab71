package defenderreceiver

import "time"

// tick is the service's resolution of time.
const tick = 100 * time.Nanosecond

const (
	// maxParts bounds into how many parts one instant is cut: 1024 full pages are 51 million rows.
	maxParts = 1024
	// unlimited is more than the service keeps.
	unlimited = 31 * 24 * time.Hour
)

// span decides how much is asked for at once. It narrows when the service or the row limit cuts an
// answer short, and widens when answers come back small.
type span struct {
	width time.Duration
	parts int
}

func newSpan() *span { return &span{width: unlimited, parts: 1} }

// until is the end of the range that begins at from and may reach to.
func (s *span) until(from, to time.Time) time.Time {
	if end := from.Add(s.width); s.width < unlimited && end.Before(to) {
		return end
	}
	return to
}

// narrow is called when the answer for [from, until) was too much. Once a range is a single instant
// it is cut into parts. It returns false when nothing smaller can be asked for.
func (s *span) narrow(from, until time.Time) bool {
	if width := until.Sub(from); width > tick {
		s.width = max((width / 2).Truncate(tick), tick)
		return true
	}
	s.parts *= 2
	return s.parts <= maxParts
}

// breaks is called when answers for the range towards to break off again and again.
func (s *span) breaks(from, to time.Time) {
	if until := s.until(from, to); from.Before(until) {
		s.narrow(from, until)
	}
}

// instant is called when a page was full of rows of the one instant that it began with.
func (s *span) instant() { s.width = tick }

// fits is called when [from, until) was read whole and had rows of at most maxRows.
func (s *span) fits(rows, maxRows int) {
	s.parts = 1
	switch {
	case s.width >= unlimited || rows > maxRows/2:
	case s.width > unlimited/2:
		s.width = unlimited
	default:
		s.width *= 2
	}
}

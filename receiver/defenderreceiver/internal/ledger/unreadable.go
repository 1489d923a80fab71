package ledger

import (
	"slices"
	"time"
)

const (
	firstRetry = 15 * time.Minute
	lastRetry  = 24 * time.Hour
)

// Unreadable are the ranges of a lane that cannot be read. They are passed over, so that they do not block what comes
// after them, and tried again ever more rarely.
type Unreadable struct{ cursor *Cursor }

// All are the present ranges, of any time basis.
func (u Unreadable) All() []Range { return slices.Clone(u.cursor.Unreadable) }

// Len is their number.
func (u Unreadable) Len() int { return len(u.cursor.Unreadable) }

// Add passes over a range from now on.
func (u Unreadable) Add(from, to, now time.Time) {
	u.cursor.Unreadable = append(u.All(), Range{TimeBasis: u.cursor.TimeBasis, From: from, To: to, Next: now.Add(firstRetry)})
}

// Around is the next range towards to that can be read. It may be empty.
func (u Unreadable) Around(next, to time.Time) (from, until time.Time) {
	for _, r := range u.cursor.Unreadable {
		if r.TimeBasis != u.cursor.TimeBasis {
			continue
		}
		if !next.Before(r.From) && next.Before(r.To) {
			next = r.To
		}
		if next.Before(r.From) && r.From.Before(to) {
			to = r.From
		}
	}
	return next, to
}

// Touches reports whether some of a range cannot be read.
func (u Unreadable) Touches(from, to time.Time) bool {
	return slices.ContainsFunc(u.cursor.Unreadable, func(r Range) bool {
		return r.TimeBasis == u.cursor.TimeBasis && r.From.Before(to) && from.Before(r.To)
	})
}

// TouchesBin reports whether some of a bin cannot be read.
func (u Unreadable) TouchesBin(bin Bin) bool { return u.Touches(bin.Start(), bin.End()) }

// Remove ends a range: it was read, or is lost.
func (u Unreadable) Remove(r Range) {
	u.cursor.Unreadable = slices.DeleteFunc(u.All(), func(other Range) bool { return other == r })
}

// Failed says that a range could not be read again. The next try comes later each time.
func (u Unreadable) Failed(r Range, now time.Time) {
	later := r
	later.Tries++
	later.Next = now.Add(min(firstRetry<<min(later.Tries, 10), lastRetry))
	u.replace(r, later)
}

// Postpone says that the try of a range told nothing of it, because the service was in trouble.
func (u Unreadable) Postpone(r Range, now time.Time) {
	later := r
	later.Next = now.Add(firstRetry)
	u.replace(r, later)
}

func (u Unreadable) replace(r, by Range) {
	ranges := u.All()
	for i, other := range ranges {
		if other == r {
			ranges[i] = by
		}
	}
	u.cursor.Unreadable = ranges
}

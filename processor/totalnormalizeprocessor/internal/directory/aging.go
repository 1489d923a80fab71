package directory

import "time"

// Limits bound each directory of people or devices.
type Limits struct {
	MaxEntries int
	MaxAge     time.Duration
}

// sighting is when an entry of a directory was seen last, and its place among the others.
type sighting struct {
	seen         time.Time
	stored       time.Time // the seen that the store has
	older, newer *sighting
	under        string // its key
}

func (s *sighting) place() *sighting { return s }

// placed is an entry of an aging.
type placed interface {
	comparable
	place() *sighting
}

// aging keeps entries by key, in the order in which they were last seen. Beyond maxEntries the one not
// seen for longest goes, and what was not seen for maxAge goes whatever room there is. Its owner
// guards it.
type aging[E placed] struct {
	limits  Limits
	entries map[string]E
	ends    sighting // of a ring: newer is the oldest entry, older the newest
	gone    func(E)  // told of every entry that leaves
	evicted map[string]int64
}

// Why entries leave a directory.
const (
	evictedByAge  = "age"
	evictedByRoom = "full"
)

func newAging[E placed](limits Limits, gone func(E)) *aging[E] {
	a := &aging[E]{limits: limits, entries: map[string]E{}, gone: gone, evicted: map[string]int64{}}
	a.ends.older, a.ends.newer = &a.ends, &a.ends
	return a
}

// see puts e under key, in the place of another that is there, as the newest.
func (a *aging[E]) see(key string, e E, at time.Time) {
	place := e.place()
	if before, ok := a.entries[key]; ok {
		before.place().unlink()
		if before != e {
			place.stored = before.place().stored
		}
	}
	a.entries[key] = e
	place.under, place.seen = key, at
	place.older, place.newer = a.ends.older, &a.ends
	place.older.newer, a.ends.older = place, place
}

// isNewer reports whether what is under key was seen later than at a time.
func (a *aging[E]) isNewer(key string, at time.Time) bool {
	e, ok := a.entries[key]
	return ok && e.place().seen.After(at)
}

func (s *sighting) unlink() {
	s.older.newer, s.newer.older = s.newer, s.older
	s.older, s.newer = nil, nil
}

// evict removes what is too old or too many and returns it.
func (a *aging[E]) evict(now time.Time) []E {
	var evicted []E
	for len(a.entries) > 0 {
		oldest := a.ends.newer
		why := evictedByRoom
		if now.Sub(oldest.seen) > a.limits.MaxAge {
			why = evictedByAge
		} else if len(a.entries) <= a.limits.MaxEntries {
			break
		}
		e := a.entries[oldest.under]
		delete(a.entries, oldest.under)
		oldest.unlink()
		a.gone(e)
		a.evicted[why]++
		evicted = append(evicted, e)
	}
	return evicted
}

// oldestAge is how long ago the entry next to go was seen.
func (a *aging[E]) oldestAge(now time.Time) time.Duration {
	if len(a.entries) == 0 {
		return 0
	}
	return max(now.Sub(a.ends.newer.seen), 0)
}

// worthStoring reports whether an entry that says nothing new should be stored all the same, so that
// after a restart its age is about right; it is stored then.
func (a *aging[E]) worthStoring(e E) bool {
	const share = 8
	s := e.place()
	return s.seen.Sub(s.stored) >= a.limits.MaxAge/share
}

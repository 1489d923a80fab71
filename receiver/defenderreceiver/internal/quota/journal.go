package quota

import "time"

// journal is what one receiver has spent, oldest first. It is coarser than the windows, so that it is small enough to be
// stored every few requests.
type journal struct {
	base  time.Time // of the slots' grid
	slots []slot
}

// slot is what was spent within a time that ended no later than end.
type slot struct {
	end time.Time
	Cost
	spare   Cost // the part of it that Spare queries have spent
	reserve bool // it is not known to have been spent
}

func (j *journal) add(now time.Time, class Class, cost Cost) {
	s := slot{end: ceil(j.base, now, fineSlot), Cost: cost}
	if class == Spare {
		s.spare = cost
	}
	if n := len(j.slots); n > 0 && !j.slots[n-1].end.Before(s.end) {
		j.slots[n-1].take(s)
		return
	}
	j.slots = append(j.slots, s)
}

// take adds what another slot has.
func (s *slot) take(other slot) {
	s.Cost, s.spare, s.reserve = s.plus(other.Cost), s.spare.plus(other.spare), s.reserve && other.reserve
}

// ceil is the first line of the grid that is after at. time.Truncate would lose the monotonic clock.
func ceil(base, at time.Time, width time.Duration) time.Time {
	n := at.Sub(base) / width
	if at.Before(base) {
		n--
	}
	return base.Add((n + 1) * width)
}

// tidy drops what is older than keep and makes what is old coarse.
func (j *journal) tidy(now time.Time, keep time.Duration) {
	tidied := j.slots[:0]
	for _, s := range j.slots {
		if !s.end.After(now.Add(-keep)) {
			continue
		}
		if coarse := ceil(j.base, s.end.Add(-1), coarseSlot); !coarse.After(now.Add(-fineAge)) {
			s.end = coarse
		}
		if n := len(tidied); n > 0 && tidied[n-1].end.Equal(s.end) {
			tidied[n-1].take(s)
			continue
		}
		tidied = append(tidied, s)
	}
	j.slots = tidied
}

package scheduler

import (
	"math"
	"time"
)

// Limit is how much of something may be spent in any window of a length: requests in a minute, or
// seconds of CPU in an hour.
type Limit struct {
	Window time.Duration
	Amount float64
}

// Share is the part of a limit that is the receiver's: rounded down, but at least 1 unit, so that it
// never stands still for ever.
func (l Limit) Share(share float64) Limit {
	return Limit{Window: l.Window, Amount: max(math.Floor(l.Amount*share), 1)}
}

// window counts what was spent in the time that lies back no longer than the limit's window.
type window struct {
	limit Limit
	spent []expense // oldest first
	sum   float64
}

type expense struct {
	at     time.Time
	amount float64
}

func (w *window) add(at time.Time, amount float64) {
	w.spent = append(w.spent, expense{at, amount})
	w.sum += amount
}

// forget drops what has left the window.
func (w *window) forget(now time.Time) {
	n := 0
	for n < len(w.spent) && !w.spent[n].at.After(now.Add(-w.limit.Window)) {
		w.sum -= w.spent[n].amount
		n++
	}
	w.spent = w.spent[n:]
	if len(w.spent) == 0 {
		// Rounding must not add up over months.
		w.sum = 0
	}
}

// freeAt is when amount more fits into the window; a time that is past means now. An amount beyond
// the limit itself fits once the window is empty.
func (w *window) freeAt(now time.Time, amount float64) time.Time {
	w.forget(now)
	excess := w.sum + amount - w.limit.Amount
	free := time.Time{}
	for i := 0; excess > 0 && i < len(w.spent); i++ {
		excess -= w.spent[i].amount
		free = w.spent[i].at.Add(w.limit.Window)
	}
	return free
}

// quota is all windows of one resource.
type quota []*window

func newQuota(limits []Limit) quota {
	var q quota
	for _, limit := range limits {
		q = append(q, &window{limit: limit})
	}
	return q
}

func (q quota) add(at time.Time, amount float64) {
	for _, w := range q {
		w.add(at, amount)
	}
}

func (q quota) freeAt(now time.Time, amount float64) time.Time {
	var latest time.Time
	for _, w := range q {
		if free := w.freeAt(now, amount); free.After(latest) {
			latest = free
		}
	}
	return latest
}

// used is the share of each window that is spent.
func (q quota) used(now time.Time) map[time.Duration]float64 {
	ratios := map[time.Duration]float64{}
	for _, w := range q {
		w.forget(now)
		ratios[w.limit.Window] = w.sum / w.limit.Amount
	}
	return ratios
}

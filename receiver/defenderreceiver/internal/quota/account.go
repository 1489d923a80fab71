package quota

import (
	"maps"
	"slices"
	"time"
)

// Account is what was spent of one tenant's quota, by all receivers of this process together.
type Account struct {
	limits   Limits
	requests []*window
	cpu      []*window
	journals map[string]*journal // by receiver
	underWay time.Duration       // the estimates of queries that run
}

// NewAccount returns an account of which nothing is spent.
func NewAccount(limits Limits, now time.Time) *Account {
	a := &Account{journals: map[string]*journal{}}
	a.SetLimits(limits, now)
	return a
}

// Limits are those that the account keeps within.
func (a *Account) Limits() Limits { return a.limits }

// SetLimits changes the limits; what was spent stays.
func (a *Account) SetLimits(limits Limits, now time.Time) {
	a.limits = limits
	a.recount(now)
}

// Has reports whether it is known what a receiver has spent.
func (a *Account) Has(receiver string) bool { return a.journals[receiver] != nil }

// Request counts a request of a receiver, with an estimate of its CPU. What a class has spent is left to that class
// later, by the classes that yield to it.
func (a *Account) Request(receiver string, now time.Time, class Class, estimate time.Duration) {
	a.journal(receiver, now).add(now, class, Cost{Requests: 1})
	for _, w := range a.requests {
		w.add(now, 1, class)
	}
	a.underWay += estimate
}

// Charge replaces the estimate of a query by the CPU that it has cost.
func (a *Account) Charge(receiver string, now time.Time, class Class, estimate, cost time.Duration) {
	a.underWay = max(a.underWay-estimate, 0)
	if cost <= 0 {
		return
	}
	a.journal(receiver, now).add(now, class, Cost{CPU: cost})
	for _, w := range a.cpu {
		w.add(now, cost.Seconds(), class)
	}
}

// FreeAt is when a request with such an estimate of its CPU may be sent. A time that is past means now. It is false if
// that depends on queries that run.
func (a *Account) FreeAt(now time.Time, class Class, estimate time.Duration) (time.Time, bool) {
	var latest time.Time
	for _, w := range a.requests {
		if free, _ := w.freeAt(now, class, 1, 0); free.After(latest) {
			latest = free
		}
	}
	for _, w := range a.cpu {
		free, known := w.freeAt(now, class, estimate.Seconds(), a.underWay.Seconds())
		if !known {
			return time.Time{}, false
		}
		if free.After(latest) {
			latest = free
		}
	}
	return latest, true
}

// Leaves reports whether a query that is not urgent, with such an estimate of its CPU, leaves urgent queries what they
// are known to need. Other queries may spend a small part of each window, whatever urgent ones need.
func (a *Account) Leaves(now time.Time, estimate time.Duration) bool {
	leaves := func(windows []*window, amount float64) bool {
		for _, w := range windows {
			w.forget(now)
			if w.sum-w.parts[Urgent].sum > roundOff && w.leaves(now, Paced, amount) > roundOff {
				return false
			}
		}
		return true
	}
	return leaves(a.requests, 1) && leaves(a.cpu, (estimate+a.underWay).Seconds())
}

// Spacing is how far apart queries of such an estimate are that together spend no more than a share of the quota.
func (a *Account) Spacing(share float64, estimate time.Duration) time.Duration {
	seconds := max(1/rate(a.limits.Requests), estimate.Seconds()/rate(a.limits.CPU)) / share
	return time.Duration(seconds * float64(time.Second))
}

// Use is how much of a window is spent.
type Use struct {
	Resource string // requests or cpu
	Limit    Limit
	Spent    float64 // requests, or seconds of CPU
}

// Ratio is the spent part of the limit.
func (u Use) Ratio() float64 { return u.Spent / u.Limit.Amount }

// Uses are those of all windows.
func (a *Account) Uses(now time.Time) []Use {
	var uses []Use
	for _, w := range a.requests {
		w.forget(now)
		uses = append(uses, Use{"requests", w.limit, w.sum})
	}
	for _, w := range a.cpu {
		w.forget(now)
		uses = append(uses, Use{"cpu", w.limit, w.sum})
	}
	return uses
}

func (a *Account) journal(receiver string, now time.Time) *journal {
	j := a.journals[receiver]
	if j == nil {
		j = &journal{base: now}
		a.journals[receiver] = j
	}
	return j
}

// recount fills new windows from the journals. A journal is coarser than a window and does not say what was urgent:
// all that is not spare counts as urgent.
func (a *Account) recount(now time.Time) {
	a.requests, a.cpu = nil, nil
	for _, limit := range a.limits.Requests {
		a.requests = append(a.requests, newWindow(limit, true))
	}
	for _, limit := range a.limits.CPU {
		a.cpu = append(a.cpu, newWindow(limit, false))
	}
	var slots []slot
	for name := range maps.Keys(a.journals) {
		slots = append(slots, a.journals[name].slots...)
	}
	slices.SortFunc(slots, func(x, y slot) int { return x.end.Compare(y.end) })
	for _, s := range slots {
		for _, w := range a.requests {
			w.restore(now, s, Urgent, float64(s.minus(s.spare).Requests))
			w.restore(now, s, Spare, float64(s.spare.Requests))
		}
		for _, w := range a.cpu {
			w.restore(now, s, Urgent, s.minus(s.spare).CPU.Seconds())
			w.restore(now, s, Spare, s.spare.CPU.Seconds())
		}
	}
}

// longest is the length of the longest window.
func (a *Account) longest() time.Duration {
	longest := time.Duration(0)
	for _, limit := range slices.Concat(a.limits.Requests, a.limits.CPU) {
		longest = max(longest, limit.Window)
	}
	return longest
}

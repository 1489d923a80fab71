package quota

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Limit is how much of something may be spent in any window of a length: requests in a minute, or
// seconds of CPU in an hour.
type Limit struct {
	Window time.Duration
	Amount float64
}

// Share is the part of a limit that is the receiver's. It is rounded down, but at least 1 unit, so that the receiver can
// always go on.
func (l Limit) Share(share float64) Limit {
	return Limit{Window: l.Window, Amount: max(math.Floor(l.Amount*share), 1)}
}

// Limits are those of both resources.
type Limits struct {
	Requests []Limit // in requests
	CPU      []Limit // in seconds
}

// Equal reports whether both have the same limits.
func (l Limits) Equal(other Limits) bool {
	return slices.Equal(l.Requests, other.Requests) && slices.Equal(l.CPU, other.CPU)
}

// Smaller takes the smaller amount of each window. A window that only one of them has is kept.
func (l Limits) Smaller(other Limits) Limits {
	return Limits{Requests: smaller(l.Requests, other.Requests), CPU: smaller(l.CPU, other.CPU)}
}

func smaller(a, b []Limit) []Limit {
	merged := slices.Clone(a)
	for _, limit := range b {
		if i := slices.IndexFunc(merged, func(m Limit) bool { return m.Window == limit.Window }); i >= 0 {
			merged[i].Amount = min(merged[i].Amount, limit.Amount)
		} else {
			merged = append(merged, limit)
		}
	}
	slices.SortFunc(merged, func(a, b Limit) int { return cmp.Compare(a.Window, b.Window) })
	return merged
}

// rate is the lowest rate per second of the limits, which can be kept up without end. It is infinite without limits.
func rate(limits []Limit) float64 {
	least := math.Inf(1)
	for _, limit := range limits {
		least = min(least, limit.Amount/limit.Window.Seconds())
	}
	return least
}

// LeastCPU is the smallest amount of a window of CPU. Without one, it is more than any query asks for.
func (l Limits) LeastCPU() time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, limit := range l.CPU {
		least = min(least, time.Duration(limit.Amount*float64(time.Second)))
	}
	return least
}

// roundOff is less than any amount that matters.
const roundOff = 1e-6

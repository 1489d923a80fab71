package quota

import "time"

const (
	// pacedFrom is the shortest window that is paced: to wait for a shorter one to turn is no harm.
	pacedFrom = 15 * time.Minute
	// capacityPart of a window's amount may be spent at once, the rest as the window lasts.
	capacityPart = 4
	// reservedPart of the capacity is left to urgent queries, sparePart to all that are not spare.
	reservedPart = 4
	sparePart    = 2
)

// bucket paces what is spent of a window: it fills at a rate at which the window is not overspent.
type bucket struct {
	capacity  float64
	perSecond float64
	level     float64 // below zero when urgent queries have spent more
	at        time.Time
}

func newBucket(limit Limit) *bucket {
	capacity := limit.Amount / capacityPart
	return &bucket{
		capacity:  capacity,
		perSecond: (limit.Amount - limit.Amount/(2*capacityPart)) / limit.Window.Seconds(),
		level:     capacity,
	}
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 && !b.at.IsZero() {
		b.level = min(b.capacity, b.level+passed.Seconds()*b.perSecond)
	}
	if now.After(b.at) {
		b.at = now
	}
}

func (b *bucket) spend(at time.Time, amount float64) {
	b.fill(at)
	b.level -= amount
}

// freeAt is when the bucket holds amount and what is left to more urgent queries, or is full.
func (b *bucket) freeAt(now time.Time, class Class, amount float64) time.Time {
	b.fill(now)
	reserved := b.capacity / reservedPart
	if class == Spare {
		reserved = b.capacity / sparePart
	}
	lacking := min(b.capacity, amount+reserved) - b.level
	if lacking <= roundOff {
		return time.Time{}
	}
	return now.Add(time.Duration(lacking/b.perSecond*float64(time.Second)) + time.Millisecond)
}

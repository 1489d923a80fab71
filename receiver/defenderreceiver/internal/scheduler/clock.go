package scheduler

import "time"

// clock is the service's time, and what it is compared with to find out when an earlier life has spent what it did. This
// machine's clock may have been set in between.
type clock struct {
	restoredAt time.Time     // on this machine's clock; zero if there is nothing to check
	storedAt   time.Time     // when what was restored had been stored, on the service's clock
	elapsed    time.Duration // since then, on this machine's clock

	service, local time.Time // the service's time, last known at a local time
}

// isVerified reports whether what was restored is known to be in its place.
func (c *clock) isVerified() bool { return c.restoredAt.IsZero() }

// observe takes the service's time. If that shows that what was restored has to be moved, it says when this was restored,
// and by how much it is moved.
func (c *clock) observe(service, now time.Time) (since time.Time, by time.Duration, moved bool) {
	c.service, c.local = service, now
	if c.isVerified() {
		return time.Time{}, 0, false
	}
	elapsed := max(service.Sub(c.storedAt)-now.Sub(c.restoredAt), 0) // until it was restored
	since, by = c.restoredAt, c.elapsed-elapsed
	c.restoredAt = time.Time{}
	return since, by, by.Abs() > clockTolerance
}

// serviceAt is the service's time at a local time; zero if it is not known.
func (c *clock) serviceAt(now time.Time) time.Time {
	if c.local.IsZero() {
		return time.Time{}
	}
	return c.service.Add(now.Sub(c.local))
}

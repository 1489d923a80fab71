package hunting

import (
	"sync"
	"time"
)

// dateResolution is that of the HTTP Date header.
const dateResolution = time.Second

// ServiceClock knows the service's time from the Date headers of its answers, so that a wrong local
// clock neither skips rows nor waits for none. The zero value is ready for use.
type ServiceClock struct {
	mu sync.Mutex // guards everything below
	// At the local time at the service's clock showed a time between least and most. What has passed
	// since is taken from the local times' monotonic clock where they have one.
	at          time.Time
	least, most time.Time
	known       bool
}

// Observe takes an answer's Date header, with the local times at which its request was sent and its
// header received. The service wrote date between the two.
func (c *ServiceClock) Observe(date, sent, received time.Time) {
	least, most := date, date.Add(dateResolution).Add(received.Sub(sent))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		passed := received.Sub(c.at)
		before, after := c.least.Add(passed), c.most.Add(passed)
		if !least.After(after) && !most.Before(before) {
			if before.After(least) {
				least = before
			}
			if after.Before(most) {
				most = after
			}
		}
	}
	// An observation that contradicts the earlier ones means that a clock was set: it counts alone.
	c.at, c.least, c.most, c.known = received, least, most, true
}

// Now is the service's time at the local time given, and whether it is known. It is never ahead of the
// service's true time by more than the clocks drift apart between two answers.
func (c *ServiceClock) Now(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return time.Time{}, false
	}
	return c.least.Add(local.Sub(c.at)), true
}

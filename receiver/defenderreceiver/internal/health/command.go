package health

import (
	"context"
	"sync"
	"time"
)

// Commands is what a user can command of a source. Its loop obeys between two polls.
type Commands struct {
	// changed is called after the state that a view shows has changed.
	changed func()
	// wake tells the loop that a user wants a poll now.
	wake chan struct{}

	// mu guards everything below.
	mu     sync.Mutex
	halted bool // a user has paused the source
	// resumed is closed when a user lets the source go on, and made anew when it is paused.
	resumed chan struct{}
}

func newCommands(changed func()) *Commands {
	return &Commands{changed: changed, wake: make(chan struct{}, 1)}
}

// Pause holds the source back until Resume. A poll that is under way ends first.
func (c *Commands) Pause() {
	c.mu.Lock()
	if !c.halted {
		c.halted, c.resumed = true, make(chan struct{})
	}
	c.mu.Unlock()
	c.changed()
}

// Resume ends a pause, whether a user or failures have caused it: the source is polled at once.
func (c *Commands) Resume() {
	c.mu.Lock()
	if c.halted {
		c.halted = false
		close(c.resumed)
	}
	c.mu.Unlock()
	c.changed()
	c.Poll()
}

// Poll asks for a poll now, whatever the source waits for. A pause by a user goes on.
func (c *Commands) Poll() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Wanted is where the loop of the source learns that a poll is wanted now.
func (c *Commands) Wanted() <-chan struct{} { return c.wake }

// Halted reports whether a user has paused the source.
func (c *Commands) Halted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.halted
}

// Await returns once no user has paused the source. It is false if ctx ended first.
func (c *Commands) Await(ctx context.Context) bool {
	for {
		c.mu.Lock()
		halted, resumed := c.halted, c.resumed
		c.mu.Unlock()
		if !halted {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-resumed:
		}
	}
}

// Sleep waits for the next poll, or until one is wanted now. It is false if ctx ended first.
func (c *Commands) Sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-c.wake:
	case <-timer.C:
	}
	return ctx.Err() == nil
}

package delivery

import (
	"context"
	"sync"
	"time"
)

// heedingPart of a receiver's shutdown_timeout is for calls that heed that they were cut off, and for the last writes if the
// caller's own time is over by then.
const heedingPart = 10

// Heeding is the part of a shutdown_timeout after calls were cut off.
func Heeding(shutdownTimeout time.Duration) time.Duration { return shutdownTimeout / heedingPart }

// End waits for loops, which end with the calls of the pipeline that are under way, and reports whether they ended. Shortly
// before the time is over it cuts the calls off.
func End(ctx context.Context, loops *sync.WaitGroup, shutdownTimeout time.Duration, cutOff func()) bool {
	ended := make(chan struct{})
	go func() {
		loops.Wait()
		close(ended)
	}()
	within := func(ctx context.Context, patience time.Duration) bool {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-ended:
			return true
		case <-timer.C:
		case <-ctx.Done():
		}
		return false
	}
	heeding := Heeding(shutdownTimeout)
	if within(ctx, shutdownTimeout-heeding) {
		return true
	}
	cutOff()
	return within(context.WithoutCancel(ctx), heeding)
}

package hunting

import (
	"fmt"
	"time"
)

// patience bounds how long one request waits for the service, in total. The time in which the
// caller is busy with rows does not count, as it would with http.Client.Timeout: a pipeline that
// is slow must not look like a service that is.
type patience struct {
	left  time.Duration
	timer *time.Timer
	since time.Time
	spent time.Duration
}

// newPatience calls expired once timeout has been waited. 0 waits for ever.
func newPatience(timeout time.Duration, expired func(error)) *patience {
	p := &patience{left: timeout}
	if timeout > 0 {
		p.timer = time.AfterFunc(timeout, func() { expired(timeoutError{timeout}) })
		p.timer.Stop()
	}
	return p
}

func (p *patience) begin() {
	p.since = time.Now()
	if p.timer != nil {
		p.timer.Reset(max(p.left-p.spent, 0))
	}
}

func (p *patience) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.spent += time.Since(p.since)
}

type timeoutError struct{ after time.Duration }

func (e timeoutError) Error() string {
	return fmt.Sprintf("timed out after waiting %s in all", e.after)
}

// Timeout makes it a net.Error's timeout for those who ask.
func (e timeoutError) Timeout() bool { return true }

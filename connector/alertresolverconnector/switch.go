package alertresolverconnector

import (
	"sync"
	"time"
)

// killSwitch says whether anything is done, and keeps what is shown of that.
type killSwitch struct {
	mu       sync.Mutex // guards everything below
	stopped  bool
	results  map[string]int64
	lastPass time.Time
	lastErr  string
}

func (k *killSwitch) isStopped() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stopped
}

func (k *killSwitch) set(stopped bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = stopped
}

// note notes a decision.
func (k *killSwitch) note(result string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.results == nil {
		k.results = map[string]int64{}
	}
	k.results[result]++
}

// passed notes the end of a pass.
func (k *killSwitch) passed(at time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lastPass, k.lastErr = at, ""
	if err != nil {
		k.lastErr = err.Error()
	}
}

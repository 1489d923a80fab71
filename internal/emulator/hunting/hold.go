package hunting

import (
	"context"
	"sync"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// hold makes queries wait.
type hold struct {
	mu    sync.Mutex // guards everything below
	after int64      // rows of events
	ended chan struct{}
}

// set makes queries wait from when so many rows of events have been returned until release is called. It stands in the
// place of an earlier one.
func (h *hold) set(rows int64) (release func()) {
	ended := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.after, h.ended = rows, ended
	return sync.OnceFunc(func() { close(ended) })
}

// wait returns when a query that comes now may be answered, or its client has gone.
func (h *hold) wait(ctx context.Context, report func() judge.Report) {
	h.mu.Lock()
	after, ended := h.after, h.ended
	h.mu.Unlock()
	if ended == nil || report().ReturnedEvents() < after {
		return
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
}

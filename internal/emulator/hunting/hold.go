package hunting

import (
	"context"
	"sync"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// hold makes queries wait. From when it is set, queries are answered one at a time, so that at most one answer goes beyond
// its rows.
type hold struct {
	mu    sync.Mutex // guards everything below
	after int64      // rows of events
	ended chan struct{}
	turn  chan struct{} // full while a query is answered
}

// set makes queries wait from when so many rows of events have been returned until release is called. It stands in the
// place of an earlier one.
func (h *hold) set(rows int64) (release func()) {
	ended := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.after, h.ended, h.turn = rows, ended, make(chan struct{}, 1)
	return sync.OnceFunc(func() { close(ended) })
}

// wait returns when a query that comes now may be answered, or its client has gone. The query is answered when leave is
// called.
func (h *hold) wait(ctx context.Context, report func() judge.Report) (leave func()) {
	h.mu.Lock()
	after, ended, turn := h.after, h.ended, h.turn
	h.mu.Unlock()
	if ended == nil {
		return func() {}
	}
	select {
	case <-ctx.Done():
		return func() {}
	case <-ended:
		return func() {}
	case turn <- struct{}{}:
	}
	leave = func() { <-turn }
	if report().ReturnedEvents() >= after {
		select {
		case <-ctx.Done():
		case <-ended:
		}
	}
	return leave
}

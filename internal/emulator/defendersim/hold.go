package defendersim

import (
	"context"
	"sync"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// hold makes queries wait.
type hold struct {
	mu    sync.Mutex // guards everything below
	after int64      // rows of events
	ended chan struct{}
}

// HoldAfter makes queries wait from when so many rows of events have been returned until release is called,
// so that a test can be sure that there is work left. It stands in the place of an earlier one.
func (s *Server) HoldAfter(rows int64) (release func()) {
	ended := make(chan struct{})
	s.hold.mu.Lock()
	defer s.hold.mu.Unlock()
	s.hold.after, s.hold.ended = rows, ended
	return sync.OnceFunc(func() { close(ended) })
}

// wait returns when a query that comes now may be answered, or its client has gone.
func (h *hold) wait(ctx context.Context, report func() Report) {
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

// ReturnedEvents is how many rows of tables of events were returned, some perhaps more than once.
func (r Report) ReturnedEvents() (rows int64) {
	for _, t := range r.Tables {
		if table, ok := tables.ByName(t.Table); !ok || table.Kind == tables.Events {
			rows += t.RowsReturned - t.RowsOfCounts
		}
	}
	return rows
}

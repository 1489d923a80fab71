package defendersim

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// net/http calls an HTTP/2 connection idle just before it writes the last frame of an answer.
const lastFrameDelay = 20 * time.Millisecond

// callWatch knows whether calls are under way, from what net/http says of connections.
type callWatch struct {
	mu     sync.Mutex // guards everything below
	active map[net.Conn]struct{}
	ended  time.Time // when the last call did
}

// observe is an http.Server's ConnState.
func (w *callWatch) observe(c net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state == http.StateActive {
		w.active[c] = struct{}{}
		return
	}
	if _, ok := w.active[c]; ok {
		delete(w.active, c)
		w.ended = time.Now()
	}
}

func (w *callWatch) quiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.active) == 0 && time.Since(w.ended) >= lastFrameDelay
}

// wait returns when no call is under way or ctx has ended.
func (w *callWatch) wait(ctx context.Context) {
	poll := time.NewTicker(lastFrameDelay / 4)
	defer poll.Stop()
	for !w.quiet() {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		}
	}
}

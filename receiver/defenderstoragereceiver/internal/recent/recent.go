// Package recent remembers the ids of rows that were handed on lately, to find those that the export writes again. It is
// bounded in time and in number, and forgets the oldest first.
package recent

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// Rows are the ids of rows. They are safe for concurrent use.
type Rows struct {
	window time.Duration
	most   int

	mu    sync.Mutex // guards what follows
	known map[uuid.UUID]struct{}
	// queue is in order of time, and begins at first.
	queue []row
	first int
}

type row struct {
	uid  uuid.UUID
	seen uint32 // in seconds since the epoch
}

// New remembers rows for a while, and at most so many. Without a while or a number it remembers none.
func New(window time.Duration, most int) *Rows {
	return &Rows{window: window, most: most, known: map[uuid.UUID]struct{}{}}
}

// Has reports whether a row was handed on lately.
func (r *Rows) Has(uid uuid.UUID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	_, ok := r.known[uid]
	return ok
}

// Add remembers a row that was handed on.
func (r *Rows) Add(uid uuid.UUID, now time.Time) {
	if r.window <= 0 || r.most <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	if _, ok := r.known[uid]; ok {
		return
	}
	if len(r.known) == r.most {
		r.drop()
	}
	r.known[uid] = struct{}{}
	r.queue = append(r.queue, row{uid, seconds(now)})
}

// Len is how many rows are remembered.
func (r *Rows) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known)
}

// forget drops what is too old. mu is held.
func (r *Rows) forget(now time.Time) {
	oldest := seconds(now.Add(-r.window))
	for len(r.known) > 0 && r.queue[r.first].seen < oldest {
		r.drop()
	}
}

// drop forgets the oldest row. Once half of the queue is forgotten, the rest moves to its beginning. mu is held.
func (r *Rows) drop() {
	delete(r.known, r.queue[r.first].uid)
	r.first++
	if 2*r.first >= len(r.queue) {
		r.queue = r.queue[:copy(r.queue, r.queue[r.first:])]
		r.first = 0
	}
}

func seconds(t time.Time) uint32 { return uint32(max(t.Unix(), 0)) } //nolint:gosec // it suffices until 2106

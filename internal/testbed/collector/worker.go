package collector

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Worker is the storage extension of one of several workers that share a storage in memory.
type Worker struct {
	*Storage

	mu     sync.Mutex // guards everything below
	stale  bool       // what is stored must be read again
	fenced bool       // nothing can be stored before
	away   bool       // it cannot reach the storage
}

var errAway = errors.New("the storage cannot be reached")

var (
	_ lease.Sharer = (*Worker)(nil)
	_ lease.Shared = (*Worker)(nil)
)

// NewWorker returns a worker that has read nothing yet.
func (m *Storage) NewWorker() *Worker { return &Worker{Storage: m, stale: true, fenced: true} }

// Begin begins a term: another worker may have stored what this one needs to know.
func (w *Worker) Begin() { w.set(true, false) }

// Fence makes others think that the worker is dead.
func (w *Worker) Fence() { w.set(true, true) }

// Away keeps the worker from the storage, or no more.
func (w *Worker) Away(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

func (w *Worker) set(stale, fenced bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stale, w.fenced = stale, fenced
}

// Share implements lease.Sharer.
func (w *Worker) Share(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return w, nil
}

// Refresh implements lease.Shared.
func (w *Worker) Refresh(ctx context.Context, read func(context.Context) error) error {
	w.mu.Lock()
	stale, away := w.stale, w.away
	w.fenced = w.fenced && away // else what is stored from now on is of another session
	w.mu.Unlock()
	switch {
	case !stale:
		return nil
	case away:
		return errAway
	}
	if err := read(ctx); err != nil {
		return err
	}
	w.set(false, false)
	return nil
}

// Set stores a value.
func (w *Worker) Set(ctx context.Context, key string, value []byte) error {
	return w.Batch(ctx, storage.SetOperation(key, value))
}

// Delete removes a value.
func (w *Worker) Delete(ctx context.Context, key string) error {
	return w.Batch(ctx, storage.DeleteOperation(key))
}

// Batch does all operations or, with an error, none.
func (w *Worker) Batch(ctx context.Context, ops ...*storage.Operation) error {
	w.mu.Lock()
	fenced, away := w.fenced, w.away
	w.mu.Unlock()
	if away {
		return errAway
	}
	for _, op := range ops {
		if fenced && op.Type != storage.Get {
			return lease.ErrFenced
		}
	}
	return w.Storage.Batch(ctx, ops...)
}

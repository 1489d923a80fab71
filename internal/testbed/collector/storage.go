package collector

import (
	"context"
	"maps"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Storage is a storage extension in memory, and the one client that all of its users share. Its batches are transactions.
type Storage struct {
	component.StartFunc
	component.ShutdownFunc

	mu      sync.Mutex // guards everything below
	data    map[string][]byte
	failure error
	writes  int
}

var (
	_ storage.Extension = (*Storage)(nil)
	_ storage.Walker    = (*Storage)(nil)
)

// NewStorage returns an empty storage.
func NewStorage() *Storage { return &Storage{data: map[string][]byte{}} }

// Fail lets all writes fail from now on; nil: none.
func (m *Storage) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failure = err
}

// Snapshot is what a process finds after this one was killed: a storage with what m has now.
func (m *Storage) Snapshot() *Storage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Storage{data: maps.Clone(m.data)}
}

// Count is the number of batches that were written, and of keys.
func (m *Storage) Count() (writes, keys int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes, len(m.data)
}

// GetClient returns m.
func (m *Storage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return m, nil
}

// Get returns a value, nil if there is none.
func (m *Storage) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := m.Batch(ctx, op)
	return op.Value, err
}

// Set stores a value.
func (m *Storage) Set(ctx context.Context, key string, value []byte) error {
	return m.Batch(ctx, storage.SetOperation(key, value))
}

// Delete removes a value.
func (m *Storage) Delete(ctx context.Context, key string) error {
	return m.Batch(ctx, storage.DeleteOperation(key))
}

// Batch does all operations or, with an error, none.
func (m *Storage) Batch(_ context.Context, ops ...*storage.Operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	wrote := false
	for _, op := range ops {
		if op.Type == storage.Get {
			op.Value = m.data[op.Key]
			continue
		}
		if m.failure != nil {
			return m.failure
		}
		wrote = true
		if op.Type == storage.Delete {
			delete(m.data, op.Key)
		} else {
			m.data[op.Key] = op.Value
		}
	}
	if wrote {
		m.writes++
	}
	return nil
}

// Walk shows each pair as it was at the call.
func (m *Storage) Walk(ctx context.Context, walk storage.WalkFunc) error {
	m.mu.Lock()
	all := maps.Clone(m.data)
	m.mu.Unlock()
	for key, value := range all {
		ops, err := walk(key, value)
		if err != nil {
			return err
		}
		if err := m.Batch(ctx, ops...); err != nil {
			return err
		}
	}
	return nil
}

// Close does nothing: the storage outlives its clients.
func (*Storage) Close(context.Context) error { return nil }

package defenderreceiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// storageID names the memoryStorage.
var storageID = component.MustNewIDWithName("memory", "cursors")

type storageHost struct {
	component.Host
	storage *memoryStorage
	status  *statusLog
}

var _ componentstatus.Reporter = storageHost{}

func (h storageHost) Report(event *componentstatus.Event) { h.status.add(event) }

// statusLog is what the receiver reported of its health.
type statusLog struct {
	mu     sync.Mutex // guards everything below
	events []*componentstatus.Event
}

func (l *statusLog) add(event *componentstatus.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
}

// times is how often a recoverable error with this text was reported.
func (l *statusLog) times(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.events {
		if e.Status() == componentstatus.StatusRecoverableError && strings.Contains(e.Err().Error(), text) {
			n++
		}
	}
	return n
}

func (l *statusLog) has(text string) bool { return l.times(text) > 0 }

// notes reports whether a status with this text among its attributes was reported.
func (l *statusLog) notes(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.events, func(e *componentstatus.Event) bool {
		for _, value := range e.Attributes().All() {
			if strings.Contains(value.AsString(), text) {
				return true
			}
		}
		return false
	})
}

// ok reports whether the newest event says that all is well.
func (l *statusLog) ok() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events) > 0 && l.events[len(l.events)-1].Status() == componentstatus.StatusOK
}

func (h storageHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{storageID: h.storage}
}

// storagelessHost has no extensions.
type storagelessHost struct{ component.Host }

func (storagelessHost) GetExtensions() map[component.ID]component.Component { return nil }

// memoryStorage is a storage extension that outlives its clients and can be full.
type memoryStorage struct {
	component.StartFunc
	component.ShutdownFunc

	mu   sync.Mutex // guards everything below
	data map[string][]byte
	full bool
}

func newMemoryStorage() *memoryStorage { return &memoryStorage{data: map[string][]byte{}} }

func (m *memoryStorage) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return memoryClient{m}, nil
}

func (m *memoryStorage) setFull(full bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = full
}

func (m *memoryStorage) set(key string, value []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data[key] = value
}

type memoryClient struct{ *memoryStorage }

func (c memoryClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			op.Value = c.data[op.Key]
		case storage.Delete:
			delete(c.data, op.Key)
		default:
			if c.full {
				return fmt.Errorf("write %s: %w", op.Key, storage.ErrStorageFull)
			}
			c.data[op.Key] = op.Value
		}
	}
	return nil
}

func (c memoryClient) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

func (c memoryClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c memoryClient) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (memoryClient) Close(context.Context) error { return nil }

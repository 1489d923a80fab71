package alertresolverconnector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/task"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"
)

const (
	stoppedKey  = "resolver/v1/stopped"
	tasksPrefix = "resolver/v1/tasks/"
	// buckets is under how many keys the tasks stand. A change writes the tasks of one key.
	buckets = 64
)

// store keeps tasks and receipts. Without a client it keeps nothing.
type store struct {
	book *task.Book

	// turn is held by the one call that is under way. It guards everything below.
	turn   chan struct{}
	client storage.Client
}

func newStore(b *task.Book) *store { return &store{book: b, turn: make(chan struct{}, 1)} }

// open fills the book with what is stored. It reports whether a user has stopped the connector.
func (s *store) open(ctx context.Context, host component.Host, storageID, id component.ID) (stopped bool, err error) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	client, err := storageclient.Open(ctx, host, storageID, component.KindConnector, id)
	if err != nil {
		return false, err
	}
	s.client = client
	operations := []*storage.Operation{storage.GetOperation(stoppedKey)}
	for n := range buckets {
		operations = append(operations, storage.GetOperation(keyOf(n)))
	}
	if err := client.Batch(ctx, operations...); err != nil {
		return false, fmt.Errorf("'storage': reading what was resolved: %w", err)
	}
	for n, operation := range operations[1:] {
		var tasks []task.Task
		if len(operation.Value) == 0 {
			continue
		}
		if err := json.Unmarshal(operation.Value, &tasks); err != nil {
			return false, fmt.Errorf("'storage': the stored tasks of bucket %d cannot be decoded (give the connector an empty storage to begin anew): %w", n, err)
		}
		s.book.Restore(tasks)
	}
	return len(operations[0].Value) > 0, nil
}

func keyOf(bucket int) string { return tasksPrefix + strconv.Itoa(bucket) }

func bucketOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % buckets)
}

// save stores what has changed. It waits for a save that is under way, which may have stored it already.
func (s *store) save(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	ids := s.book.Changed()
	if s.client == nil || len(ids) == 0 {
		return nil
	}
	if err := s.write(ctx, ids); err != nil {
		s.book.NotStored(ids)
		return err
	}
	return nil
}

func (s *store) write(ctx context.Context, ids []string) error {
	touched := map[int]bool{}
	for _, id := range ids {
		touched[bucketOf(id)] = true
	}
	var operations []*storage.Operation
	for bucket := range touched {
		text, err := json.Marshal(s.book.Select(func(id string) bool { return bucketOf(id) == bucket }))
		if err != nil {
			return fmt.Errorf("encode tasks: %w", err)
		}
		operations = append(operations, storage.SetOperation(keyOf(bucket), text))
	}
	if err := s.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("'storage': writing what becomes of %d alerts: %w", len(ids), err)
	}
	return nil
}

// stop stores whether a user has stopped the connector. It reports whether there is a storage.
func (s *store) stop(ctx context.Context, stopped bool) (kept bool, err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-s.turn }()
	if s.client == nil {
		return false, nil
	}
	if !stopped {
		return true, s.client.Delete(ctx, stoppedKey)
	}
	return true, s.client.Set(ctx, stoppedKey, []byte("by a user"))
}

// close stores what is left and closes the storage.
func (s *store) close(ctx context.Context) error {
	err := s.save(ctx)
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.client == nil {
		return err
	}
	err = errors.Join(err, s.client.Close(ctx))
	s.client = nil
	return err
}

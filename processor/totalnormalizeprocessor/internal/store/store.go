package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Entry is stored as JSON under its key. Without Value the store forgets it.
type Entry struct {
	Key   string
	Value any
}

// Store keeps entries over restarts.
type Store struct {
	client storage.Client
	// shared is the client if other workers use the entries, too; nil: this process alone does.
	shared lease.Shared
}

// Open opens the storage of a processor.
func Open(ctx context.Context, host component.Host, storageID, processorID component.ID) (*Store, error) {
	client, err := storageclient.Share(ctx, host, storageID, component.KindProcessor, processorID)
	if err != nil {
		return nil, err
	}
	if _, ok := client.(storage.Walker); !ok {
		return nil, errors.Join(
			fmt.Errorf("'storage': the extension %q cannot list what it holds; use file_storage or postgres_storage", storageID),
			client.Close(ctx))
	}
	shared, _ := client.(lease.Shared)
	return &Store{client: client, shared: shared}, nil
}

// IsShared reports whether other workers use the entries, too.
func (s *Store) IsShared() bool { return s.shared != nil }

// Refresh loads the entries if other workers may have stored what this one needs to know.
func (s *Store) Refresh(ctx context.Context, load func(context.Context) error) error {
	if s.shared == nil {
		return nil
	}
	return s.shared.Refresh(ctx, load)
}

// Load reads all entries. Those that read reports false of are deleted.
func (s *Store) Load(ctx context.Context, read func(key string, value []byte) bool) error {
	err := s.client.(storage.Walker).Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		if read(key, value) {
			return nil, nil
		}
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	})
	if err != nil {
		return fmt.Errorf("'storage': reading what was stored: %w", err)
	}
	return nil
}

// Save stores entries, all or none. What this worker does not need any more may be another's: of shared entries none is
// forgotten but by Prune.
func (s *Store) Save(ctx context.Context, entries []Entry) error {
	if s.IsShared() {
		entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Value == nil })
	}
	return s.save(ctx, entries)
}

// Prune stores entries, and forgets those without a value. It is called when the entries were just loaded.
func (s *Store) Prune(ctx context.Context, entries []Entry) error { return s.save(ctx, entries) }

func (s *Store) save(ctx context.Context, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	operations := make([]*storage.Operation, 0, len(entries))
	for _, entry := range entries {
		if entry.Value == nil {
			operations = append(operations, storage.DeleteOperation(entry.Key))
			continue
		}
		value, err := json.Marshal(entry.Value)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", entry.Key, err)
		}
		operations = append(operations, storage.SetOperation(entry.Key, value))
	}
	return s.client.Batch(ctx, operations...)
}

// Close closes the storage.
func (s *Store) Close(ctx context.Context) error { return s.client.Close(ctx) }

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
}

// Open opens the storage of a processor.
func Open(ctx context.Context, host component.Host, storageID, processorID component.ID) (*Store, error) {
	client, err := storageclient.Open(ctx, host, storageID, component.KindProcessor, processorID)
	if err != nil {
		return nil, err
	}
	if _, ok := client.(storage.Walker); !ok {
		return nil, errors.Join(
			fmt.Errorf("'storage': the extension %q cannot list what it holds; use file_storage", storageID),
			client.Close(ctx))
	}
	return &Store{client: client}, nil
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
		return fmt.Errorf("'storage': reading what was stored: %w", errors.Join(err, s.client.Close(ctx)))
	}
	return nil
}

// Save stores entries, all or none.
func (s *Store) Save(ctx context.Context, entries []Entry) error {
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

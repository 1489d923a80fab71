package totalnormalizeprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// The keys of stored entries. A format that is not compatible gets another version.
const (
	identityKeyPrefix = "identity/v1/"
	deviceKeyPrefix   = "device/v1/"
)

// directoryEntry is one entry of a directory as it is stored: as JSON under its own key, so that a
// change writes no more than itself.
type directoryEntry struct {
	key   string
	value any
}

// directoryStore keeps the directories over restarts.
type directoryStore struct {
	client storage.Client
}

func openDirectoryStore(ctx context.Context, host component.Host, storageID, processorID component.ID) (*directoryStore, error) {
	extension, ok := host.GetExtensions()[storageID]
	if !ok {
		return nil, fmt.Errorf("'storage': the extension %q is not there; configure it and list it under 'service::extensions'", storageID)
	}
	keeper, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("'storage': the extension %q is no storage extension", storageID)
	}
	client, err := keeper.GetClient(ctx, component.KindProcessor, processorID, "")
	if err != nil {
		return nil, fmt.Errorf("'storage': opening %q: %w", storageID, err)
	}
	if _, ok := client.(storage.Walker); !ok {
		return nil, errors.Join(
			fmt.Errorf("'storage': the extension %q cannot list what it holds; use file_storage", storageID),
			client.Close(ctx))
	}
	return &directoryStore{client: client}, nil
}

// load fills the directories. An entry that cannot be read is deleted: the next snapshot brings it
// again.
func (s *directoryStore) load(ctx context.Context, d *directories) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := s.client.(storage.Walker).Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		if d.restore(key, value) {
			return nil, nil
		}
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	})
	if err != nil {
		return fmt.Errorf("'storage': reading the directories: %w", errors.Join(err, s.client.Close(ctx)))
	}
	return nil
}

func (d *directories) restore(key string, value []byte) bool {
	switch {
	case strings.HasPrefix(key, identityKeyPrefix):
		var id identity
		if json.Unmarshal(value, &id) != nil || id.key() == "" {
			return false
		}
		d.people.take(&id)
	case strings.HasPrefix(key, deviceKeyPrefix):
		var known device
		if json.Unmarshal(value, &known) != nil || known.ID == "" {
			return false
		}
		d.devices[known.ID] = &known
	default:
		return false
	}
	return true
}

func (s *directoryStore) save(ctx context.Context, changes []directoryEntry) error {
	operations := make([]*storage.Operation, 0, len(changes))
	for _, change := range changes {
		value, err := json.Marshal(change.value)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", change.key, err)
		}
		operations = append(operations, storage.SetOperation(change.key, value))
	}
	return s.client.Batch(ctx, operations...)
}

func (s *directoryStore) close(ctx context.Context) error { return s.client.Close(ctx) }

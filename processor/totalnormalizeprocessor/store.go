package totalnormalizeprocessor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// storedPrefixes begin the keys of each directory's entries. A format that is not compatible gets
// another version.
var storedPrefixes = map[string]string{
	directoryDevices:  "device/v1/",
	directoryIdentity: "identity/v1/",
	directoryUsers:    "user/v1/",
	directoryLearned:  "learned/v1/",
}

// orderPrefix begins the keys of the newest Timestamps that were handed on.
const orderPrefix = "order/v1/"

// storedEntry is stored as JSON under its own key, so that a change writes no more than itself. Without value the
// store forgets it.
type storedEntry struct {
	key   string
	value any
}

// entry is a copy for the store, which writes it while the entry may change.
func (id *identity) entry(directory string) storedEntry {
	id.stored = id.Seen
	return storedEntry{key: storedPrefixes[directory] + id.under, value: *id}
}

func (d *device) entry() storedEntry {
	d.stored = d.Seen
	return storedEntry{key: storedPrefixes[directoryDevices] + d.ID, value: *d}
}

func forget(directory, key string) storedEntry {
	return storedEntry{key: storedPrefixes[directory] + key}
}

// store keeps the directories, and the order of each person's events, over restarts.
type store struct {
	client storage.Client
}

func openStore(ctx context.Context, host component.Host, storageID, processorID component.ID) (*store, error) {
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
	return &store{client: client}, nil
}

// load fills the directories, as far as they have room. An entry that cannot be read is deleted: the
// next snapshot brings it again.
func (s *store) load(ctx context.Context, d *directories, o *order) error {
	found := restored{now: d.now(), order: map[uint64]pcommon.Timestamp{}}
	err := s.client.(storage.Walker).Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		if found.read(key, value) {
			return nil, nil
		}
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	})
	if err != nil {
		return fmt.Errorf("'storage': reading what was stored: %w", errors.Join(err, s.client.Close(ctx)))
	}
	found.fill(d)
	o.restore(found.order)
	if err := s.save(ctx, d.evict()); err != nil {
		return fmt.Errorf("'storage': deleting old entries of the directories: %w", errors.Join(err, s.client.Close(ctx)))
	}
	return nil
}

func (s *store) save(ctx context.Context, changes []storedEntry) error {
	if len(changes) == 0 {
		return nil
	}
	operations := make([]*storage.Operation, 0, len(changes))
	for _, change := range changes {
		if change.value == nil {
			operations = append(operations, storage.DeleteOperation(change.key))
			continue
		}
		value, err := json.Marshal(change.value)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", change.key, err)
		}
		operations = append(operations, storage.SetOperation(change.key, value))
	}
	return s.client.Batch(ctx, operations...)
}

func (s *store) close(ctx context.Context) error { return s.client.Close(ctx) }

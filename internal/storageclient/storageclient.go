// Package storageclient opens a component's part of a storage extension.
package storageclient

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Open opens the part of one component in the storage that its key 'storage' names.
func Open(ctx context.Context, host component.Host, storageID component.ID, kind component.Kind, id component.ID) (storage.Client, error) {
	opener, err := find(host, storageID)
	if err != nil {
		return nil, err
	}
	client, err := opener.GetClient(ctx, kind, id, "")
	if err != nil {
		return nil, fmt.Errorf("'storage': opening %s (does another collector use it?): %w", storageID, err)
	}
	return client, nil
}

// Share opens it together with other workers, where the storage allows that; the client then is a lease.Shared. With any
// other storage it is Open.
func Share(ctx context.Context, host component.Host, storageID component.ID, kind component.Kind, id component.ID) (storage.Client, error) {
	opener, err := find(host, storageID)
	if err != nil {
		return nil, err
	}
	sharer, ok := opener.(lease.Sharer)
	if !ok {
		return Open(ctx, host, storageID, kind, id)
	}
	client, err := sharer.Share(ctx, kind, id, "")
	if err != nil {
		return nil, fmt.Errorf("'storage': opening %s: %w", storageID, err)
	}
	return client, nil
}

func find(host component.Host, storageID component.ID) (storage.Extension, error) {
	extension, ok := host.GetExtensions()[storageID]
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is not there: configure it and list it under service::extensions", storageID)
	}
	opener, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is no storage extension: use e.g. file_storage/cursors", storageID)
	}
	return opener, nil
}

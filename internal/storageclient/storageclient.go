// Package storageclient opens a component's part of a storage extension.
package storageclient

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Open opens the part of one component in the storage that its key 'storage' names.
func Open(ctx context.Context, host component.Host, storageID component.ID, kind component.Kind, id component.ID) (storage.Client, error) {
	extension, ok := host.GetExtensions()[storageID]
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is not there: configure it and list it under service::extensions", storageID)
	}
	opener, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is no storage extension: use e.g. file_storage/cursors", storageID)
	}
	client, err := opener.GetClient(ctx, kind, id, "")
	if err != nil {
		return nil, fmt.Errorf("'storage': opening %s (does another collector use it?): %w", storageID, err)
	}
	return client, nil
}

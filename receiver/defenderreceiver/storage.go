package defenderreceiver

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// storageClient opens the receiver's part of the storage extension.
func storageClient(ctx context.Context, host component.Host, storageID *component.ID, id component.ID) (storage.Client, error) {
	if storageID == nil {
		// Validate demands a storage; without one there is nothing to open, as in a test's host.
		return storage.NewNopClient(), nil
	}
	extension, ok := host.GetExtensions()[*storageID]
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is not there: configure it and list it under service::extensions", storageID)
	}
	opener, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is no storage extension: use e.g. file_storage/cursors", storageID)
	}
	client, err := opener.GetClient(ctx, component.KindReceiver, id, "")
	if err != nil {
		return nil, fmt.Errorf("open the storage %s (does another collector use it?): %w", storageID, err)
	}
	return client, nil
}

// Package storageclient opens a component's part of a storage extension.
package storageclient

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Open opens the part of one component in the storage that its key 'storage' names. Where several workers share the
// storage, they share that part, too.
func Open(ctx context.Context, host component.Host, storageID component.ID, kind component.Kind, id component.ID) (storage.Client, error) {
	extension, ok := host.GetExtensions()[storageID]
	if !ok {
		return nil, fmt.Errorf("'storage' names the extension %s, which is not there: configure it and list it under service::extensions", storageID)
	}
	var open func() (storage.Client, error)
	switch extension := extension.(type) {
	case lease.Sharer:
		open = func() (storage.Client, error) { return extension.Share(ctx, kind, id, "") }
	case storage.Extension:
		open = func() (storage.Client, error) { return extension.GetClient(ctx, kind, id, "") }
	default:
		return nil, fmt.Errorf("'storage' names the extension %s, which is no storage extension: use e.g. file_storage/cursors", storageID)
	}
	client, err := open()
	if err != nil {
		return nil, fmt.Errorf("'storage': opening %s (does another collector use it?): %w", storageID, err)
	}
	return client, nil
}

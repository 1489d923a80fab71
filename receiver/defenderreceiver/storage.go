package defenderreceiver

import (
	"context"

	"github.com/otelcol-defender/otelcol-defender/internal/storageclient"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// storageClient opens the receiver's part of the storage extension.
func storageClient(ctx context.Context, host component.Host, storageID *component.ID, id component.ID) (storage.Client, error) {
	if storageID == nil {
		// Validate demands a storage; without one there is nothing to open, as in a test's host.
		return storage.NewNopClient(), nil
	}
	return storageclient.Open(ctx, host, *storageID, component.KindReceiver, id)
}

// sharedClient opens it to be read, also while a worker that shares the storage runs the receiver.
func sharedClient(ctx context.Context, host component.Host, storageID *component.ID, id component.ID) (storage.Client, error) {
	if storageID == nil {
		return storage.NewNopClient(), nil
	}
	return storageclient.Share(ctx, host, *storageID, component.KindReceiver, id)
}

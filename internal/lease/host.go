package lease

import (
	"context"
	"maps"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// termHost is the Collector as a component sees it in a term.
type termHost struct {
	component.Host
	extensions map[component.ID]component.Component
	over       atomic.Bool // nothing is reported any more
}

var (
	_ component.Host           = (*termHost)(nil)
	_ componentstatus.Reporter = (*termHost)(nil)
)

func newTermHost(host component.Host, storageID component.ID, term Term) *termHost {
	extensions := maps.Clone(host.GetExtensions())
	extensions[storageID] = termStorage{extensions[storageID], term}
	return &termHost{Host: host, extensions: extensions}
}

// GetExtensions returns the Collector's, with the term's storage in the place of the storage.
func (h *termHost) GetExtensions() map[component.ID]component.Component { return h.extensions }

// Report hands on what the component says of its health.
func (h *termHost) Report(event *componentstatus.Event) {
	if !h.over.Load() {
		componentstatus.ReportStatus(h.Host, event)
	}
}

// termStorage is the storage extension within a term. It is neither a Lessor nor a Sharer.
type termStorage struct {
	component.Component
	term Term
}

var _ storage.Extension = termStorage{}

// GetClient opens a part of what the term is about, whoever asks: the component that lives in the term.
func (s termStorage) GetClient(ctx context.Context, _ component.Kind, _ component.ID, name string) (storage.Client, error) {
	return s.term.Client(ctx, name)
}

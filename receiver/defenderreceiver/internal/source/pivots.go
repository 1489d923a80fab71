package source

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
)

// Pivots are what is to be asked for alerts, and its place in the storage. The list of alerts adds to them, and their context
// is read by them. A nil one has no alerts.
type Pivots struct {
	*pivot.Book
	key string // of the storage, without the number of the part

	// writing is held during a write, so that an older state is never written over a newer one.
	writing sync.Mutex
}

// NewPivots takes up what a storage has of a book.
func NewPivots(ctx context.Context, book *pivot.Book, store storage.Client, key string) (*Pivots, error) {
	p := &Pivots{Book: book, key: key}
	var reads []*storage.Operation
	for part := range pivot.Shards() {
		reads = append(reads, storage.GetOperation(p.keyOf(part)))
	}
	if err := store.Batch(ctx, reads...); err != nil {
		return nil, fmt.Errorf("read %q from the storage: %w", key, err)
	}
	for _, read := range reads {
		if read.Value == nil {
			continue
		}
		if err := book.Load(read.Value); err != nil {
			return nil, fmt.Errorf("the stored value of %q cannot be used: %w", read.Key, err)
		}
	}
	return p, nil
}

func (p *Pivots) keyOf(part int) string { return p.key + "/" + strconv.Itoa(part) }

// read takes out of an alert what its context depends on.
func (p *Pivots) read(body pcommon.Map) pivot.Alert {
	if p == nil {
		return pivot.Alert{}
	}
	return pivot.AlertOf(body)
}

// accept takes an alert that was delivered.
func (p *Pivots) accept(alert pivot.Alert, now time.Time) {
	if p != nil {
		p.Accept(alert, now)
	}
}

// write stores what has changed, together with other operations.
func (p *Pivots) write(ctx context.Context, store storage.Client, others ...*storage.Operation) error {
	if p == nil {
		return store.Batch(ctx, others...)
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	changed, err := p.Changed()
	if err != nil {
		return err
	}
	for part, data := range changed {
		if data == nil {
			others = append(others, storage.DeleteOperation(p.keyOf(part)))
		} else {
			others = append(others, storage.SetOperation(p.keyOf(part), data))
		}
	}
	if len(others) == 0 {
		return nil
	}
	if err := store.Batch(ctx, others...); err != nil {
		p.NotStored(changed)
		return err
	}
	return nil
}

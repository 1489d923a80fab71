// Package watermark decides up to when a table is complete for those who read its records, and says it: each time once,
// and never an earlier one after a later one, over restarts too.
package watermark

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Until is the time before which all rows of a ledger were accepted. A range that was passed over is not complete. Along
// the event's time a row may come as long after its event as a poll reads again.
func Until(l *ledger.Ledger, overlap time.Duration) time.Time {
	until := l.CompleteUntil().Add(-overlap)
	for _, r := range l.Unreadable().All() {
		if r.From.Before(until) {
			until = r.From
		}
	}
	return until
}

// Emitter gives a table's watermarks. It belongs to the loop of the table.
type Emitter struct {
	client storage.Client
	key    string
	send   func(until time.Time) error

	loaded bool
	last   time.Time
}

// New makes the emitter of a table. send gives one watermark to the pipeline.
func New(client storage.Client, tenantID, table string, send func(until time.Time) error) *Emitter {
	return &Emitter{client: client, key: "watermark/v1/" + strings.ToLower(tenantID) + "/" + table, send: send}
}

// Emit says that the table is complete until a time, unless it said so before. What was said is stored before, so that a
// process that ends in between does not go back after its restart. One that the pipeline refuses is not repeated: the next
// one says more.
func (e *Emitter) Emit(ctx context.Context, until time.Time) error {
	if err := e.load(ctx); err != nil {
		return err
	}
	if !until.After(e.last) {
		return nil
	}
	if err := e.client.Set(ctx, e.key, []byte(until.UTC().Format(time.RFC3339Nano))); err != nil {
		return fmt.Errorf("watermark: store %q: %w", e.key, err)
	}
	e.last = until
	if err := e.send(until); err != nil {
		return fmt.Errorf("watermark: the pipeline refused it: %w", err)
	}
	return nil
}

func (e *Emitter) load(ctx context.Context) error {
	if e.loaded {
		return nil
	}
	data, err := e.client.Get(ctx, e.key)
	if err != nil {
		return fmt.Errorf("watermark: read %q from the storage: %w", e.key, err)
	}
	if data != nil {
		if e.last, err = time.Parse(time.RFC3339Nano, string(data)); err != nil {
			return fmt.Errorf("watermark: the stored value of %q cannot be used: %w", e.key, err)
		}
	}
	e.loaded = true
	return nil
}

package defenderreceiver

import (
	"context"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// snapshot reads, of each device or person, the newest row that has arrived since the last snapshot.
// A result that fills a page is read again in parts.
func (t *table) snapshot(ctx context.Context, to time.Time) error {
	from := t.position.completeUntil
	if !from.Before(to) {
		return nil
	}
	for parts := 1; parts <= maxParts; parts *= 2 {
		whole, err := t.snapshotParts(ctx, query.Page{From: from, To: to, MaxRows: t.cfg.Page.MaxRows, Parts: parts})
		if err != nil && !isTooMuch(err) {
			return err
		}
		if whole {
			return t.advance(to)
		}
		t.telemetry.truncated(ctx, t.name)
	}
	return errNothingSmaller
}

// snapshotParts returns false when a part was cut short.
func (t *table) snapshotParts(ctx context.Context, page query.Page) (bool, error) {
	for page.Part = range page.Parts {
		read, err := t.readPage(ctx, page, false)
		if err != nil || read.full {
			return false, err
		}
	}
	return true, nil
}

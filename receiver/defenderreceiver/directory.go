package defenderreceiver

import (
	"context"
	"time"
)

// snapshot reads, of each device or person, the newest row that has arrived since the last snapshot.
func (t *table) snapshot(ctx context.Context, to time.Time) error {
	from := t.ledger.CompleteUntil().Add(-t.overlap())
	if !from.Before(to) {
		return nil
	}
	if _, _, err := t.readInParts(ctx, from, to, t.snapshotParts); err != nil {
		return err
	}
	// The next one tries fewer parts again.
	t.snapshotParts = max(t.snapshotParts/2, 1)
	t.ledger.Forget(t.overlap(), to)
	return t.advance(to)
}

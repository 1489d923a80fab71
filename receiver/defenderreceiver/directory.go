package defenderreceiver

import (
	"context"
	"time"
)

// snapshot reads, of each device or person, the newest row that has arrived since the last snapshot.
func (t *table) snapshot(ctx context.Context, to time.Time) error {
	from := t.position.cursor.CompleteUntil.Add(-t.overlap())
	if !from.Before(to) {
		return nil
	}
	if _, _, err := t.readAgain(ctx, from, to); err != nil {
		return err
	}
	t.position.forget(t.overlap(), to)
	return t.advance(to)
}

package defenderreceiver

import (
	"context"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// maxDoubtedParts bounds into how many parts a snapshot is cut on suspicion.
const maxDoubtedParts = 8

// directory reads, of each device or person, the newest row that has arrived since the last snapshot.
type directory struct {
	*table
	// parts is into how many parts a snapshot is cut, because whole ones fail.
	parts int
}

// Poll reads a snapshot.
func (d *directory) Poll(ctx context.Context) (bool, error) {
	d.beginPoll()
	if err := d.begin(ctx); err != nil {
		return false, err
	}
	from, to := d.ledger.CompleteUntil().Add(-d.overlap()), d.horizon()
	if !from.Before(to) {
		return false, nil
	}
	if _, _, err := d.readInParts(ctx, from, to, d.parts); err != nil {
		return false, err
	}
	// The next one tries fewer parts again.
	d.parts = max(d.parts/2, 1)
	d.ledger.Forget(d.overlap(), to)
	return false, d.advance(to)
}

// AskForLess cuts the next snapshot into more parts. They cannot be told apart from each other, so a guess stays small.
func (d *directory) AskForLess(_ context.Context, doubt failure.Doubt, _ error) bool {
	if doubt == failure.DoubtSize {
		d.parts = min(2*d.parts, maxDoubtedParts)
	}
	return false
}

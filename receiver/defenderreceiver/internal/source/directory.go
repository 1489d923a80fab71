package source

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// maxDoubtedParts bounds into how many parts a snapshot is cut on suspicion.
const maxDoubtedParts = 8

// Directory reads, of each device or person, the newest row that has arrived since the last snapshot. Nothing of it is
// stored: it is read anew at each start.
type Directory struct {
	reader *reader.Reader
	basis  *basis
	logger *zap.Logger
	// parts is into how many parts a snapshot is cut, because whole ones fail.
	parts int
}

// NewDirectory makes the source of a directory.
func NewDirectory(r *reader.Reader, mode Mode, logger *zap.Logger) *Directory {
	d := &Directory{reader: r, logger: logger, parts: 1}
	d.basis = &basis{mode: mode, reader: r, logger: logger, chosen: d.begin}
	return d
}

// begin begins anew along the time basis that was chosen, if it is another one.
func (d *Directory) begin(context.Context) error {
	if l := d.reader.Track.Ledger(); l != nil && l.Cursor().TimeBasis == d.reader.Question.TimeBasis().String() {
		return nil
	}
	return begin(d.reader, nil, query.SnapshotWindow)
}

// Poll reads a snapshot.
func (d *Directory) Poll(ctx context.Context) (bool, error) {
	d.reader.Track.Begin()
	if err := d.basis.begin(ctx); err != nil {
		return false, err
	}
	l, to := d.reader.Track.Ledger(), d.reader.Track.Horizon()
	overlap := d.reader.Track.Overlap()
	from := l.CompleteUntil().Add(-overlap)
	if !from.Before(to) {
		return false, nil
	}
	if err := d.reader.ReadAgain(ctx, from, to, d.parts); err != nil {
		return false, err
	}
	// The next one tries fewer parts again.
	d.parts = max(d.parts/2, 1)
	l.Forget(overlap, to)
	return false, d.reader.Track.Advance(to)
}

// Furthest is always the same: a snapshot comes whole, or not at all.
func (*Directory) Furthest() time.Time { return time.Time{} }

// Situation is what the table knows of what a verdict on a failure depends on.
func (d *Directory) Situation() failure.Situation { return d.reader.Track.Situation() }

// Adapt leaves a column out that the service does not have.
func (d *Directory) Adapt(err error) bool { return d.reader.Question.Adapt(err, d.logger) }

// Advise adds what an operator can do by the table's own settings.
func (d *Directory) Advise(err error) error { return d.reader.Question.Advise(err) }

// AskForLess cuts the next snapshot into more parts. They cannot be told apart from each other, so a guess stays small.
func (d *Directory) AskForLess(_ context.Context, doubt failure.Doubt, _ error) bool {
	if doubt == failure.DoubtSize {
		d.parts = min(2*d.parts, maxDoubtedParts)
	}
	return false
}

// Succeeded asks for all columns again once a day.
func (d *Directory) Succeeded() { d.reader.Question.AskAgain() }

package source

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// emptyProbe is how often a table without rows is asked for its time basis again.
const emptyProbe = 10 * time.Minute

// Mode is how the time basis of a table is chosen, by its name in the configuration.
type Mode string

// The modes. Auto asks the service which it can do.
const (
	Auto          Mode = "auto"
	IngestionTime Mode = "ingestion_time"
	EventTime     Mode = "event_time"
)

// basis is the choice of a time basis.
type basis struct {
	mode   Mode
	reader *reader.Reader
	logger *zap.Logger
	// chosen is called when the time basis was chosen. It begins the ledger, or carries it over.
	chosen func(ctx context.Context) error

	next time.Time // when the service is asked again for the time basis; zero: not asked yet
}

// isKnown reports whether the service was asked.
func (b *basis) isKnown() bool { return !b.next.IsZero() }

// doubt lets the service be asked with the next poll: it may have stopped saying when rows arrive.
func (b *basis) doubt() { b.next = time.Time{} }

// begin asks the service for its time, and along which time basis the table can be read, and fixes where to
// begin if no cursor did. A table without recent rows does not tell its time basis: it is read along the
// one that it was read along, or arrival, and asked again soon.
func (b *basis) begin(ctx context.Context) error {
	track := b.reader.Track
	if track.Ledger() != nil && track.Now().Before(b.next) {
		return nil
	}
	rows, unknown, err := b.reader.Probe(ctx)
	if err != nil {
		return err
	}
	before := b.next
	b.next = track.Now().Add(emptyProbe)
	if rows > 0 {
		b.next = track.Now().Add(tables.Retention)
	}
	if rows > 0 || track.Ledger() == nil {
		if err := b.choose(ctx, unknown == 0); err != nil {
			b.next = before
			return err
		}
	}
	b.reader.TakeUp()
	if l := track.Ledger(); before.IsZero() {
		b.logger.Info("Reading begins.", zap.String("mode", l.Cursor().TimeBasis), zap.Time("complete_until", l.CompleteUntil()))
	}
	return nil
}

// choose takes the configured time basis; in mode auto arrival, if the service knows it.
func (b *basis) choose(ctx context.Context, arrivalKnown bool) error {
	chosen := query.Arrival
	if b.mode == EventTime || b.mode == Auto && !arrivalKnown {
		chosen = query.EventTime
	}
	if chosen == query.Arrival && !arrivalKnown {
		return failure.ErrNoArrival
	}
	b.reader.Question.Along(chosen)
	return b.chosen(ctx)
}

// check asks again whether the service still says when rows arrive: rows without it would not be
// found, and nothing else would tell.
func (b *basis) check(ctx context.Context) error {
	if b.mode != Auto {
		return nil
	}
	rows, unknown, err := b.reader.Probe(ctx)
	if err != nil || rows == 0 || (unknown == 0) == (b.reader.Question.TimeBasis() == query.Arrival) {
		return err
	}
	return b.choose(ctx, unknown == 0)
}

package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// ErrNotGiven is the error of periods that the service cannot give.
var ErrNotGiven = errors.New("the period cannot be read again")

// Period reads a period of event time once, whenever its rows arrived. Its ledger is thrown away.
type Period struct {
	reader   *reader.Reader
	logger   *zap.Logger
	from, to time.Time
}

// NewPeriod makes the source of a half-open period.
func NewPeriod(r *reader.Reader, logger *zap.Logger, from, to time.Time) *Period {
	r.Question.Along(query.EventTime)
	return &Period{reader: r, logger: logger, from: from, to: to}
}

// Poll reads what is left of the period.
func (p *Period) Poll(ctx context.Context) (bool, error) {
	p.reader.Track.Begin()
	if p.reader.Track.Ledger() == nil {
		if err := p.begin(ctx); err != nil {
			return false, err
		}
	}
	if err := p.reader.ReadRanges(ctx); err != nil {
		return false, err
	}
	if aside := p.reader.Track.Ledger().Unreadable().All(); len(aside) > 0 {
		return false, fmt.Errorf("%w: the service does not give what happened from %s to %s", ErrNotGiven,
			aside[0].From.Format(time.RFC3339Nano), aside[0].To.Format(time.RFC3339Nano))
	}
	return false, nil
}

// begin asks the service for its time, and whether it says when rows arrived. If it does, all that has arrived by now is
// read, with that time.
func (p *Period) begin(ctx context.Context) error {
	_, unknown, err := p.reader.Probe(ctx)
	if err != nil {
		return err
	}
	track, question, now := p.reader.Track, p.reader.Question, p.reader.Track.Now()
	if p.from.Before(now.Add(-tables.Retention)) {
		return fmt.Errorf("%w: the service keeps rows for %d days, since %s", ErrNotGiven, int(tables.Retention.Hours()/24),
			now.Add(-tables.Retention).Format(time.RFC3339))
	}
	to := p.to
	switch {
	case unknown == 0:
		question.LeaveArrived(now.Add(tables.Retention))
	case question.IsAlerts():
		to = paging.Latest(now, to) // the later half of an alert tells its place
	}
	track.Take(ledger.Begin(nil, track.ID(), query.EventTime.String(), question.Table().Filter(), p.from))
	p.reader.Plan(p.from, to)
	return nil
}

// Furthest changes when a poll comes further than the ones before it.
func (p *Period) Furthest() time.Time { return p.reader.Furthest() }

// Situation is what is known of what a verdict on a failure depends on.
func (p *Period) Situation() failure.Situation { return p.reader.Track.Situation() }

// Adapt leaves a column out that the service does not have.
func (p *Period) Adapt(err error) bool { return p.reader.Question.Adapt(err, p.logger) }

// Advise adds to an error what an operator can do in the settings of the table.
func (p *Period) Advise(err error) error { return p.reader.Question.Advise(err) }

// AskForLess makes the next range smaller.
func (p *Period) AskForLess(ctx context.Context, doubt failure.Doubt, err error) bool {
	return p.reader.AskForLess(ctx, doubt, err)
}

// Succeeded is called after a poll that succeeded.
func (*Period) Succeeded() {}

// PeriodLane is what is particular to reading a period once.
type PeriodLane struct{}

// Overlap is nothing: the period is read once.
func (PeriodLane) Overlap(query.TimeBasis) time.Duration { return 0 }

// Needed is where reading goes on: nothing is looked at again.
func (PeriodLane) Needed(l *ledger.Ledger) time.Time { return l.CompleteUntil() }

// PassesOver is true: what cannot be read is named in the end.
func (PeriodLane) PassesOver() bool { return true }

// Replaces is true of no bin: the period is not audited.
func (PeriodLane) Replaces(_, _ ledger.Bin) func(ledger.Bin) bool {
	return func(ledger.Bin) bool { return false }
}

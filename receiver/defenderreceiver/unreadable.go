package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// passOver passes over a range that cannot be read at all, so that it does not block what comes after
// it. It is kept with the cursor and tried again, ever more rarely, as long as the service has it.
func (t *reader) passOver(from, to time.Time, cause error) error {
	t.addUnreadable(from, to, cause)
	t.pages = paging.NewWindow()
	return t.advance(to)
}

// addUnreadable notes a range that cannot be read.
func (t *reader) addUnreadable(from, to time.Time, cause error) {
	t.logger.Error("A range cannot be read and is set aside; it is tried again, and what comes after it is read.",
		zap.Time("from", from), zap.Time("to", to), zap.Error(cause))
	t.ledger.Unreadable().Add(from, to, t.serviceNow())
	t.health.SetUnreadable(t.ledger.Unreadable().Len())
}

// isUnreadable reports whether a range that was read again is to be passed over. The live lane reads Alerts by long
// ranges, which hold new alerts too: those are not passed over.
func (t *reader) isUnreadable(err error) bool {
	return errors.Is(err, errNothingSmaller) && (t.lane == logrecord.LaneBackfill || t.query.Kind != tables.Alerts)
}

// retryUnreadable tries the ranges again that are due. A failure that is not the range's own ends it, and does not make
// the range wait ever longer.
func (t *reader) retryUnreadable(ctx context.Context) error {
	now, unreadable := t.serviceNow(), t.ledger.Unreadable()
	defer func() { t.health.SetUnreadable(unreadable.Len()) }()
	for _, r := range unreadable.All() {
		if now.Before(r.Next) {
			continue
		}
		before := t.entries(r)
		err := t.recall(ctx, r)
		t.tellRecalled(ctx, r, before, err != nil && isGone(ctx, err, now, r))
		switch {
		case err == nil:
			t.logger.Info("A range that was set aside is read.", zap.Time("from", r.From), zap.Time("to", r.To))
			unreadable.Remove(r)
		case isSuspended(ctx, err):
			return err
		case isGone(ctx, err, now, r):
			t.logger.Error("A range that was set aside is lost: the service no longer keeps it.",
				zap.Time("from", r.From), zap.Time("to", r.To), zap.Error(err))
			unreadable.Remove(r)
		case errors.Is(err, errNothingSmaller), failure.Is(err, hunting.Interrupted):
			unreadable.Failed(r, now)
		default:
			unreadable.Postpone(r, now)
			return errors.Join(fmt.Errorf("read again what was set aside from %s: %w", r.From.Format(time.RFC3339), err), t.keep())
		}
		if err := t.keep(); err != nil {
			return err
		}
	}
	return nil
}

// isGone reports whether the service does not keep a range any more that could not be read.
func isGone(ctx context.Context, err error, now time.Time, r ledger.Range) bool {
	return !isSuspended(ctx, err) && now.Sub(r.To) > retention
}

// entries are what the ledger holds of the bins of a range.
func (t *reader) entries(r ledger.Range) map[ledger.Bin]ledger.Entry {
	entries := map[ledger.Bin]ledger.Entry{}
	for bin := ledger.BinOf(r.From); bin.Start().Before(r.To); bin++ {
		entries[bin] = t.ledger.Entry(bin)
	}
	return entries
}

// tellRecalled says what came of a range that was read again.
func (t *reader) tellRecalled(ctx context.Context, r ledger.Range, before map[ledger.Bin]ledger.Entry, gone bool) {
	if t.recalled == nil {
		return
	}
	found := map[ledger.Bin]audit.Findings{}
	for bin, was := range before {
		is := t.ledger.Entry(bin)
		refused := is.Refused - was.Refused
		if f := (audit.Findings{Recovered: is.Rows - was.Rows - refused, Refused: refused}); f != (audit.Findings{}) {
			found[bin] = f
		}
	}
	if gone || len(found) > 0 {
		t.recalled(ctx, r, found, gone)
	}
}

// recall reads a range again, recognising what was delivered of it. It is a range of the time basis
// along which it could not be read.
func (t *reader) recall(ctx context.Context, r ledger.Range) error {
	defer t.readAlong(t.query.TimeBasis)
	t.readAlong(basisOf(r.TimeBasis))
	if err := t.ledger.Load(ctx, r.From, r.To); err != nil {
		return err
	}
	_, _, err := t.readAgain(ctx, r.From, r.To)
	return err
}

package reader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// Unreadable are the ranges of a lane that cannot be read. They are passed over, so that they do not block what comes
// after them, and tried again, ever more rarely, as long as the service has them.
type Unreadable struct {
	track    *Track
	question *Question
	again    *rereader
	// Recalled is told which rows of a range were delivered or refused when it was read again, and that it is gone: the
	// service does not keep it any more. nil: nobody is.
	Recalled func(ctx context.Context, r ledger.Range, found map[ledger.Bin]audit.Findings, gone bool)
}

// add passes over a range from now on.
func (u *Unreadable) add(from, to time.Time, cause error) {
	u.track.logger.Error("A range cannot be read and is set aside; it is tried again, and what comes after it is read.",
		zap.Time("from", from), zap.Time("to", to), zap.Error(cause))
	u.track.ledger.Unreadable().Add(from, to, u.track.Now())
	u.track.tellUnreadable()
}

// is reports whether a range that was read again is to be passed over.
func (u *Unreadable) is(err error) bool {
	return errors.Is(err, errNothingSmaller) && u.track.lane.PassesOver()
}

// Retry tries the ranges again that are due. A failure that is not the range's own ends it, and does not make
// the range wait ever longer.
func (u *Unreadable) Retry(ctx context.Context) error {
	now, ranges := u.track.Now(), u.track.ledger.Unreadable()
	defer u.track.tellUnreadable()
	for _, r := range ranges.All() {
		if now.Before(r.Next) {
			continue
		}
		before := u.entries(r)
		err := u.recall(ctx, r)
		u.tell(ctx, r, before, err != nil && isGone(ctx, err, now, r))
		switch {
		case err == nil:
			u.track.logger.Info("A range that was set aside is read.", zap.Time("from", r.From), zap.Time("to", r.To))
			ranges.Remove(r)
		case isSuspended(ctx, err):
			return err
		case isGone(ctx, err, now, r):
			u.track.logger.Error("A range that was set aside is lost: the service no longer keeps it.",
				zap.Time("from", r.From), zap.Time("to", r.To), zap.Error(err))
			ranges.Remove(r)
		case errors.Is(err, errNothingSmaller), failure.Is(err, hunting.Interrupted):
			ranges.Failed(r, now)
		default:
			ranges.Postpone(r, now)
			return errors.Join(fmt.Errorf("read again what was set aside from %s: %w", r.From.Format(time.RFC3339), err), u.track.Keep())
		}
		if err := u.track.Keep(); err != nil {
			return err
		}
	}
	return nil
}

// isGone reports whether the service does not keep a range any more that could not be read.
func isGone(ctx context.Context, err error, now time.Time, r ledger.Range) bool {
	return !isSuspended(ctx, err) && now.Sub(r.To) > tables.Retention
}

// entries are what the ledger holds of the bins of a range.
func (u *Unreadable) entries(r ledger.Range) map[ledger.Bin]ledger.Entry {
	entries := map[ledger.Bin]ledger.Entry{}
	for bin := ledger.BinOf(r.From); bin.Start().Before(r.To); bin++ {
		entries[bin] = u.track.ledger.Entry(bin)
	}
	return entries
}

// tell says what came of a range that was read again.
func (u *Unreadable) tell(ctx context.Context, r ledger.Range, before map[ledger.Bin]ledger.Entry, gone bool) {
	if u.Recalled == nil {
		return
	}
	found := map[ledger.Bin]audit.Findings{}
	for bin, was := range before {
		is := u.track.ledger.Entry(bin)
		refused := is.Refused - was.Refused
		if f := (audit.Findings{Recovered: is.Rows - was.Rows - refused, Refused: refused}); f != (audit.Findings{}) {
			found[bin] = f
		}
	}
	if gone || len(found) > 0 {
		u.Recalled(ctx, r, found, gone)
	}
}

// recall reads a range again, recognising what was delivered of it. It is a range of the time basis
// along which it could not be read.
func (u *Unreadable) recall(ctx context.Context, r ledger.Range) error {
	defer u.question.Along(u.question.TimeBasis())
	u.question.Along(query.TimeBasisOf(r.TimeBasis))
	if err := u.track.ledger.Load(ctx, r.From, r.To); err != nil {
		return err
	}
	_, _, err := u.again.read(ctx, r.From, r.To)
	return err
}

// isSuspended reports whether work has to wait for what is no failure: the quota, or the receiver's end.
func isSuspended(ctx context.Context, err error) bool {
	return ctx.Err() != nil || failure.IsThrottled(err)
}

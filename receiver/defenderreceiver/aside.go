package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

const (
	asideFirst = 15 * time.Minute
	asideLast  = 24 * time.Hour
)

// setAside passes over a range that cannot be read at all, so that it does not block what comes after
// it. It is kept with the cursor and tried again, ever more rarely, as long as the service has it.
func (t *table) setAside(from, to time.Time, cause error) error {
	t.keepAside(from, to, cause)
	t.span = newSpan()
	return t.advance(to)
}

// keepAside notes a range that cannot be read.
func (t *table) keepAside(from, to time.Time, cause error) {
	t.logger.Error("A range cannot be read and is set aside; it is tried again, and what comes after it is read.",
		zap.Time("from", from), zap.Time("to", to), zap.Error(cause))
	t.position.cursor.Aside = append(slices.Clone(t.position.cursor.Aside),
		checkpoint.Range{Axis: t.position.cursor.Axis, From: from, To: to, Next: t.serviceNow().Add(asideFirst)})
	t.state.setAside(len(t.position.cursor.Aside))
}

// isUnreadable reports whether a range that was read again is to be set aside. The live lane reads Alerts by long
// ranges, which hold new alerts too: those are not passed over.
func (t *table) isUnreadable(err error) bool {
	return errors.Is(err, errNothingSmaller) && (t.lane == laneBackfill || t.query.Kind != tables.Alerts)
}

// around returns the next range towards to that is not set aside.
func (t *table) around(next, to time.Time) (from, until time.Time) {
	for _, r := range t.position.cursor.Aside {
		if r.Axis != t.position.cursor.Axis {
			continue
		}
		if !next.Before(r.From) && next.Before(r.To) {
			next = r.To
		}
		if next.Before(r.From) && r.From.Before(to) {
			to = r.From
		}
	}
	return next, to
}

// isAside reports whether some of a bin is set aside.
func (t *table) isAside(bin checkpoint.Bin) bool { return t.touchesAside(bin.Start(), bin.End()) }

// touchesAside reports whether some of a range is set aside.
func (t *table) touchesAside(from, to time.Time) bool {
	return slices.ContainsFunc(t.position.cursor.Aside, func(r checkpoint.Range) bool {
		return r.Axis == t.position.cursor.Axis && r.From.Before(to) && from.Before(r.To)
	})
}

// retryAside tries the ranges again that are due. A failure that is not the range's own ends it, and does not make
// the range wait ever longer.
func (t *table) retryAside(ctx context.Context) error {
	now := t.serviceNow()
	for _, r := range slices.Clone(t.position.cursor.Aside) {
		if now.Before(r.Next) {
			continue
		}
		err := t.recall(ctx, r)
		switch {
		case err == nil:
			t.logger.Info("A range that was set aside is read.", zap.Time("from", r.From), zap.Time("to", r.To))
			t.replaceAside(r, nil)
		case isSuspended(ctx, err):
			return err
		case now.Sub(r.To) > retention:
			t.logger.Error("A range that was set aside is lost: the service no longer keeps it.",
				zap.Time("from", r.From), zap.Time("to", r.To), zap.Error(err))
			t.replaceAside(r, nil)
		case errors.Is(err, errNothingSmaller), failure.Is(err, hunting.Interrupted):
			later := r
			later.Tries++
			later.Next = now.Add(min(asideFirst<<min(later.Tries, 10), asideLast))
			t.replaceAside(r, &later)
		default:
			later := r
			later.Next = now.Add(asideFirst)
			t.replaceAside(r, &later)
			return errors.Join(fmt.Errorf("read again what was set aside from %s: %w", r.From.Format(time.RFC3339), err), t.keep())
		}
		if err := t.keep(); err != nil {
			return err
		}
	}
	return nil
}

// replaceAside puts another range in the place of one, or none.
func (t *table) replaceAside(r checkpoint.Range, by *checkpoint.Range) {
	var left []checkpoint.Range
	for _, other := range t.position.cursor.Aside {
		switch {
		case other != r:
			left = append(left, other)
		case by != nil:
			left = append(left, *by)
		}
	}
	t.position.cursor.Aside = left
	t.state.setAside(len(left))
}

// recall reads a range again, recognising what was delivered of it. It is a range of the axis along
// which it was set aside.
func (t *table) recall(ctx context.Context, r checkpoint.Range) error {
	defer t.readAlong(t.query.Axis)
	t.readAlong(axisOf(r.Axis))
	if err := t.loadBins(ctx, r.From, r.To); err != nil {
		return err
	}
	_, _, err := t.readAgain(ctx, r.From, r.To)
	return err
}

// loadBins takes what the ledger holds of a range into memory.
func (t *table) loadBins(ctx context.Context, from, to time.Time) error {
	for bin := checkpoint.BinOf(from); bin.Start().Before(to); bin++ {
		ids, err := t.keeper.Bin(ctx, t.id(), bin)
		if err != nil {
			return err
		}
		t.position.remember(bin, ids...)
	}
	return nil
}

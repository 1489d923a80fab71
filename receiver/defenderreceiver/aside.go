package defenderreceiver

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
)

const (
	asideFirst = 15 * time.Minute
	asideLast  = 24 * time.Hour
)

// setAside passes over a range that cannot be read at all, so that it does not block what comes after
// it. It is kept with the cursor and tried again, ever more rarely, as long as the service has it.
func (t *table) setAside(from, to time.Time, cause error) error {
	t.logger.Error("A range cannot be read and is set aside; it is tried again, and what comes after it is read.",
		zap.Time("from", from), zap.Time("to", to), zap.Error(cause))
	t.position.cursor.Aside = append(slices.Clone(t.position.cursor.Aside),
		checkpoint.Range{Axis: t.position.cursor.Axis, From: from, To: to, Next: t.serviceNow().Add(asideFirst)})
	t.span = newSpan()
	t.state.setAside(len(t.position.cursor.Aside))
	return t.advance(to)
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
func (t *table) isAside(bin checkpoint.Bin) bool {
	return slices.ContainsFunc(t.position.cursor.Aside, func(r checkpoint.Range) bool {
		return r.Axis == t.position.cursor.Axis && r.From.Before(bin.End()) && bin.Start().Before(r.To)
	})
}

// retryAside tries the ranges again that are due.
func (t *table) retryAside(ctx context.Context) error {
	now := t.serviceNow()
	var left []checkpoint.Range
	var errs []error
	tried := false
	for _, r := range t.position.cursor.Aside {
		if ctx.Err() != nil || now.Before(r.Next) {
			left = append(left, r)
			continue
		}
		tried = true
		err := t.recall(ctx, r)
		switch {
		case err == nil:
			t.logger.Info("A range that was set aside is read.", zap.Time("from", r.From), zap.Time("to", r.To))
			continue
		case now.Sub(r.From) > retention:
			t.logger.Error("A range that was set aside is lost: the service no longer keeps it.",
				zap.Time("from", r.From), zap.Time("to", r.To), zap.Error(err))
			continue
		case !errors.Is(err, errNothingSmaller):
			errs = append(errs, err)
		}
		r.Tries++
		r.Next = now.Add(min(asideFirst<<min(r.Tries, 10), asideLast))
		left = append(left, r)
	}
	if !tried {
		return nil
	}
	t.position.cursor.Aside = left
	t.state.setAside(len(left))
	return errors.Join(append(errs, t.keep())...)
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

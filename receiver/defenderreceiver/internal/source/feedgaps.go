package source

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
)

// feedTrial counts the failures at one place of a list.
type feedTrial struct {
	place  time.Time
	failed int
}

// feedGaps are the ranges of a list that cannot be read.
type feedGaps struct {
	*feedReader
	trial  feedTrial
	logger *zap.Logger
}

const (
	// Ranges that cannot be read grow from the least to the largest until a page behind them comes.
	leastAside   = time.Second
	largestAside = time.Hour
	// firstRetry and nextRetry are when a range is tried again.
	firstRetry = 5 * time.Minute
	nextRetry  = time.Hour
	// retriesAPoll bounds the requests of one poll for ranges that cannot be read.
	retriesAPoll = 8
)

// passOver sets a range aside that the service cannot give, after several tries at one place and only if it answers
// other requests: then the range is the trouble, and no outage. It reports whether reading can go on behind the range.
func (f *feedGaps) passOver(ctx context.Context, place time.Time, err error, p *feedPass) (bool, error) {
	if !isSuspect(err) || !f.ordered {
		f.trial = feedTrial{}
		return false, nil
	}
	if f.trial.place.Equal(place) {
		f.trial.failed++
	} else {
		f.trial = feedTrial{place: place, failed: 1}
	}
	if f.trial.failed < failure.SameTries {
		return false, nil
	}
	if err := f.answers(ctx); err != nil {
		return false, err
	}
	from, broken, err := f.closeTo(ctx, place, p)
	if err != nil || !broken {
		f.trial = feedTrial{}
		return err == nil, err
	}
	now := f.service.Time()
	for size := leastAside; ; size = min(2*size, largestAside) {
		// What is yet to come is no part of it.
		r := feed.Range{From: from, To: earlier(from.Add(size), later(from, now).Truncate(leastAside).Add(leastAside)), Due: now.Add(firstRetry)}
		f.state.SetAside(r)
		f.dirty = true
		from = r.To
		err := f.first(ctx, from, &feedPass{from: from})
		if err != nil && !isSuspect(err) {
			return false, err
		}
		if err == nil || !from.Before(now) {
			break
		}
	}
	f.logger.Warn("A part of the list cannot be read. It is passed over and tried again; all that is updated outside of it is read.",
		zap.Time("to", from), zap.Int("ranges", len(f.state.Unreadable)))
	f.health.SetUnreadable(len(f.state.Unreadable))
	f.trial = feedTrial{}
	return true, f.keep(ctx)
}

// answers gives an error unless the service answers a request for what nobody can have updated yet.
func (f *feedGaps) answers(ctx context.Context) error {
	return f.first(ctx, f.service.Time().Add(24*time.Hour), &feedPass{})
}

// first reads the first object from a time on.
func (f *feedGaps) first(ctx context.Context, from time.Time, p *feedPass) error {
	_, err := f.page(ctx, feed.Request{From: from.Truncate(time.Second), Top: 1, Ordered: true}, p)
	return err
}

// closeTo reads on from a place by smaller and smaller pages, up to what cannot be read. It tells the second in which that
// begins; broken is false if all came now.
func (f *feedGaps) closeTo(ctx context.Context, place time.Time, p *feedPass) (from time.Time, broken bool, err error) {
	const smaller = 8
	for top := f.Top; ; {
		top = max(top/smaller, 1)
		place, err = f.walk(ctx, feed.Range{From: place}, top, &feedPass{from: place, lack: p.lack})
		switch {
		case err == nil:
			return place, false, nil
		case !isSuspect(err):
			return place, true, err
		case top == 1:
			return place.Truncate(time.Second), true, nil
		}
	}
}

// retry reads ranges again that could not be read. One that still cannot is divided.
func (f *feedGaps) retry(ctx context.Context, now time.Time) error {
	tried := 0
	for _, r := range append([]feed.Range(nil), f.state.Unreadable...) {
		if r.Due.After(now) || tried == retriesAPoll {
			continue
		}
		tried++
		p := &feedPass{from: r.From}
		_, err := f.walk(ctx, r, f.Top, p)
		switch err = cmp.Or(err, p.lack); {
		case err == nil:
			f.state.Readable(r)
			f.logger.Info("A part of the list that could not be read is read.", zap.Time("from", r.From), zap.Time("to", r.To))
		case failure.IsFailure(err):
			// The list around it was read just now.
			f.state.Postpone(r, now.Add(nextRetry))
		default:
			return err
		}
		f.dirty = true
	}
	return f.keep(ctx)
}

// isSuspect reports whether an error may come from an object that the service cannot give.
func isSuspect(err error) bool {
	refusal := failure.Refusal(err)
	return refusal != nil && !errors.Is(err, context.Canceled) && (refusal.Kind == hunting.Interrupted ||
		refusal.Kind == hunting.Transient && refusal.Status >= http.StatusInternalServerError)
}

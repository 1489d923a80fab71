package reader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// pollRange is what a poll has to read. A poll that fails leaves it to the next one, so that the overlap
// need not be read without a fault from its beginning. Its end stays where it was, because what
// arrives behind it is found only by a poll that begins an overlap before that end.
type pollRange struct{ next, to time.Time }

// Plan makes a range the one that is read next.
func (r *Reader) Plan(from, to time.Time) { r.pollRange = pollRange{next: from, to: to} }

// Planned reports whether something is left of the range, and where the range ends.
func (r *Reader) Planned() (to time.Time, left bool) {
	return r.pollRange.to, r.pollRange.next.Before(r.pollRange.to)
}

// Furthest is up to where the range was read. It changes when a poll comes further than the ones before it.
func (r *Reader) Furthest() time.Time { return r.pollRange.next }

// ReadRanges reads what is left of the range.
func (r *Reader) ReadRanges(ctx context.Context) error {
	l := r.Track.ledger
	for r.pollRange.next.Before(r.pollRange.to) {
		if err := l.Failure(); err != nil {
			return fmt.Errorf("%w: %w", failure.ErrStorage, err)
		}
		from, until := l.Unreadable().Around(r.pollRange.next, r.pollRange.to)
		r.pollRange.next = from
		if !from.Before(until) {
			continue
		}
		var err error
		if r.pollRange.next, err = r.readRange(ctx, from, until); errors.Is(err, errNothingSmaller) {
			r.pollRange.next = r.pages.Until(from, until)
			err = r.passOver(from, r.pollRange.next, err)
		}
		if err != nil {
			return err
		}
		r.Track.forget()
	}
	return nil
}

// readRange reads the next range from `from` towards to, as wide as the service can give it, and
// returns where the one after it begins. It returns from itself when it must be asked for again,
// narrower.
func (r *Reader) readRange(ctx context.Context, from, to time.Time) (time.Time, error) {
	until := r.pages.Until(from, to)
	page := query.Page{From: from, To: until, MaxRows: r.pager.size.Rows()}
	if r.pages.Parts() > 1 {
		return r.readParts(ctx, page)
	}
	read, err := r.pager.read(ctx, page, true)
	switch {
	case failure.IsTooMuch(err):
		// Where the size was told only within the answer, rows came before that.
		r.pager.metrics.Truncated(ctx)
		from = paging.Latest(from, read.settled)
		return from, r.narrow(from, until, err)
	case errors.Is(err, errUnordered):
		return from, err
	case failure.MaybeSize(err) && r.pages.Blame(from, until):
		r.pager.metrics.Truncated(ctx)
		r.logger.Info("Ranges of this length fail and shorter ones do not: shorter ones are asked for.",
			zap.Stringer("length", until.Sub(from)), zap.Stringer("next", r.pages.Width()))
		return paging.Latest(from, read.settled), err
	case err != nil:
		// What was delivered before the error was whole and in order.
		return paging.Latest(from, read.settled), err
	case !read.full:
		r.pages.Fits(read.rows, page.MaxRows, until.Sub(from))
		return until, r.Track.Advance(until)
	}
	r.pager.metrics.Truncated(ctx)
	if read.last.After(from) {
		// The page was cut within its last instant, which is read again.
		if !r.Question.IsAlerts() {
			// A range of alerts is not cheaper for being short: their halves are looked for from the beginning.
			r.pages.Filled(read.last.Sub(from))
		}
		return read.last, nil
	}
	if until.Sub(from) > paging.Tick {
		r.pages.Instant()
		return from, nil
	}
	return from, r.narrow(from, until, nil)
}

// readParts reads one instant part by part; it is complete when all parts are.
func (r *Reader) readParts(ctx context.Context, page query.Page) (time.Time, error) {
	page.Parts = r.pages.Parts()
	for page.Part = range page.Parts {
		if r.pages.PartRead(page.Part) {
			continue
		}
		read, err := r.pager.read(ctx, page, false)
		switch {
		case (failure.IsTooHeavy(err) || failure.MaybeSize(err)) && !r.pages.GaveUp():
			return page.From, err
		case failure.MaybeSize(err):
			// A smaller query tells whether the service answers at all.
			if _, _, down := r.Probe(ctx); down != nil {
				return page.From, err
			}
			return page.From, r.narrow(page.From, page.To, nil)
		case failure.IsTooMuch(err) || err == nil && read.full:
			r.pager.metrics.Truncated(ctx)
			return page.From, r.narrow(page.From, page.To, err)
		case err != nil:
			return page.From, err
		}
		r.pages.ReadPart(page.Part)
		// What was delivered of the instant is kept, should the process end before its last part.
		if err := r.Track.Keep(); err != nil {
			return page.From, err
		}
	}
	r.pages.Fits(page.MaxRows, page.MaxRows, paging.Tick)
	return page.To, r.Track.Advance(page.To)
}

// narrow makes the next range smaller. A service that gives up on heavy queries may be down: it is
// given time, while a result that is too large is sure to be so again.
func (r *Reader) narrow(from, until time.Time, cause error) error {
	if !r.pages.Narrow(from, until) {
		return errors.Join(errNothingSmaller, cause)
	}
	r.logger.Debug("Asking for less at once.", zap.Duration("width", r.pages.Width()), zap.Int("parts", r.pages.Parts()), zap.Error(cause))
	if failure.IsTooHeavy(cause) {
		return cause
	}
	return nil
}

// AskForLess makes the next range smaller, where failures at one place make its size or its data suspect. It reports
// whether it did so for what is in the data.
func (r *Reader) AskForLess(ctx context.Context, doubt failure.Doubt, err error) bool {
	switch doubt {
	case failure.DoubtSize:
		if to, left := r.Planned(); left {
			r.pages.Doubt(r.pollRange.next, r.pages.Until(r.pollRange.next, to))
		}
	case failure.DoubtData:
		return r.narrowBroken(ctx, err)
	case failure.NoDoubt:
	}
	return false
}

// narrowBroken is called when answers break again and again at the same place: then what breaks them is
// in the data, and it is narrowed down until it can be passed over. It reports whether there was a range
// to narrow.
func (r *Reader) narrowBroken(ctx context.Context, cause error) bool {
	if !r.pollRange.next.Before(r.pollRange.to) {
		return false
	}
	if _, _, err := r.Probe(ctx); err != nil {
		// Every answer breaks: it is not the data.
		return false
	}
	until := r.pages.Until(r.pollRange.next, r.pollRange.to)
	if r.pages.Narrow(r.pollRange.next, until) {
		return true
	}
	if err := r.passOver(r.pollRange.next, until, cause); err != nil {
		return false
	}
	r.pollRange.next = until
	return true
}

// passOver passes over a range that cannot be read at all, so that it does not block what comes after
// it. It is kept with the cursor and tried again.
func (r *Reader) passOver(from, to time.Time, cause error) error {
	r.Unreadable.add(from, to, cause)
	r.pages = paging.NewWindow()
	return r.Track.Advance(to)
}

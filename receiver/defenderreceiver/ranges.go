package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

var errNothingSmaller = errors.New("an instant cannot be read even in its smallest parts")

// readRange reads the next range from `from` towards to, as wide as the service can give it, and
// returns where the one after it begins. It returns from itself when it must be asked for again,
// narrower.
func (t *reader) readRange(ctx context.Context, from, to time.Time) (time.Time, error) {
	until := t.pages.Until(from, to)
	page := query.Page{From: from, To: until, MaxRows: t.set.maxRows}
	if t.pages.Parts() > 1 {
		return t.readParts(ctx, page)
	}
	read, err := t.readPage(ctx, page, true)
	switch {
	case isTooMuch(err):
		// Where the size was told only within the answer, rows came before that.
		t.telemetry.truncated(ctx, t.name)
		from = latest(from, read.settled)
		return from, t.narrow(from, until, err)
	case errors.Is(err, errUnordered):
		return from, err
	case maybeSize(err) && t.pages.Blame(from, until):
		t.telemetry.truncated(ctx, t.name)
		t.logger.Info("Ranges of this length fail and shorter ones do not: shorter ones are asked for.",
			zap.Stringer("length", until.Sub(from)), zap.Stringer("next", t.pages.Width()))
		return latest(from, read.settled), err
	case err != nil:
		// What was delivered before the error was whole and in order.
		return latest(from, read.settled), err
	case !read.full:
		t.pages.Fits(read.rows, page.MaxRows, until.Sub(from))
		return until, t.advance(until)
	}
	t.telemetry.truncated(ctx, t.name)
	if read.last.After(from) {
		// The page was cut within its last instant, which is read again.
		if t.query.Kind != tables.Alerts {
			// A range of alerts is not cheaper for being short: their halves are looked for from the beginning.
			t.pages.Filled(read.last.Sub(from))
		}
		return read.last, nil
	}
	if until.Sub(from) > paging.Tick {
		t.pages.Instant()
		return from, nil
	}
	return from, t.narrow(from, until, nil)
}

// readParts reads one instant part by part; it is complete when all parts are.
func (t *reader) readParts(ctx context.Context, page query.Page) (time.Time, error) {
	page.Parts = t.pages.Parts()
	for page.Part = range page.Parts {
		if t.pages.PartRead(page.Part) {
			continue
		}
		read, err := t.readPage(ctx, page, false)
		switch {
		case (isTooHeavy(err) || maybeSize(err)) && !t.pages.GaveUp():
			return page.From, err
		case maybeSize(err):
			// A smaller query tells whether the service answers at all.
			if _, _, down := t.probe(ctx); down != nil {
				return page.From, err
			}
			return page.From, t.narrow(page.From, page.To, nil)
		case isTooMuch(err) || err == nil && read.full:
			t.telemetry.truncated(ctx, t.name)
			return page.From, t.narrow(page.From, page.To, err)
		case err != nil:
			return page.From, err
		}
		t.pages.ReadPart(page.Part)
		// What was delivered of the instant is kept, should the process end before its last part.
		if err := t.keep(); err != nil {
			return page.From, err
		}
	}
	t.pages.Fits(page.MaxRows, page.MaxRows, paging.Tick)
	return page.To, t.advance(page.To)
}

// narrow makes the next range smaller. A service that gives up on heavy queries may be down: it is
// given time, while a result that is too large is sure to be so again.
func (t *reader) narrow(from, until time.Time, cause error) error {
	if !t.pages.Narrow(from, until) {
		return errors.Join(errNothingSmaller, cause)
	}
	t.logger.Debug("Asking for less at once.", zap.Duration("width", t.pages.Width()), zap.Int("parts", t.pages.Parts()), zap.Error(cause))
	if isTooHeavy(cause) {
		return cause
	}
	return nil
}

// narrowBroken is called when answers break again and again at the same place: then what breaks them is
// in the data, and it is narrowed down until it can be passed over. It reports whether there was a range
// to narrow.
func (t *reader) narrowBroken(ctx context.Context, cause error) bool {
	if !t.pollRange.next.Before(t.pollRange.to) {
		return false
	}
	if _, _, err := t.probe(ctx); err != nil {
		// Every answer breaks: it is not the data.
		return false
	}
	until := t.pages.Until(t.pollRange.next, t.pollRange.to)
	if t.pages.Narrow(t.pollRange.next, until) {
		return true
	}
	if err := t.passOver(t.pollRange.next, until, cause); err != nil {
		return false
	}
	t.pollRange.next = until
	return true
}

// readAgain reads a range whole without moving the cursor, and returns the rows that the service
// has in it, by bin, and how many of them were new.
func (t *reader) readAgain(ctx context.Context, from, to time.Time) (rows map[ledger.Bin]int, found int, err error) {
	return t.readInParts(ctx, from, to, 1)
}

// readInParts is readAgain in at least so many parts.
func (t *reader) readInParts(ctx context.Context, from, to time.Time, least int) (rows map[ledger.Bin]int, found int, err error) {
	for parts := least; parts <= paging.MaxParts; parts *= 2 {
		var whole bool
		rows, found, whole, err = t.readAllParts(ctx, query.Page{From: from, To: to, MaxRows: t.set.maxRows, Parts: parts}, found)
		if whole || err != nil && !isTooMuch(err) {
			return rows, found, err
		}
		t.telemetry.truncated(ctx, t.name)
	}
	return rows, found, errors.Join(errNothingSmaller, err)
}

// readAllParts reads all parts of a page; whole is false when one was cut short.
func (t *reader) readAllParts(ctx context.Context, page query.Page, before int) (
	rows map[ledger.Bin]int, found int, whole bool, err error,
) {
	rows, found = map[ledger.Bin]int{}, before
	for page.Part = range page.Parts {
		read, err := t.readPage(ctx, page, false)
		addRows(rows, read.bins)
		found += read.new
		if err != nil || read.full {
			return rows, found, false, err
		}
	}
	return rows, found, true, nil
}

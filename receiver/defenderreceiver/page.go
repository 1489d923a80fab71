package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

var (
	errUnordered = errors.New("the answer is not in the order that was asked for, so it cannot be told what is complete: " +
		"nothing that it brought moves the cursor")
	errNoPlace = errors.New("the answer holds a row without a readable time to order it by")
)

// pageRead is what came of one page.
type pageRead struct {
	rows int       // in the answer, delivered or not
	new  int       // delivered, and not refused for good
	last time.Time // place of the last row; zero if there was none
	// settled is the place of the last row that was delivered or recognised. It differs from last when
	// the pipeline refuses.
	settled time.Time
	full    bool // the row limit was reached, so there may be more
}

// readPage sends one query and delivers its rows while they stream in. moves says that the page is
// read in order and whole, so that the position follows the rows; parts of an instant, and what is
// read again, do not move it.
//
// With an error, what was read before it is delivered all the same, and the position has moved
// accordingly.
func (t *table) readPage(ctx context.Context, p query.Page, moves bool) (pageRead, error) {
	began := t.position.cursor.CompleteUntil
	rows, err := t.send(ctx, read, t.query.Read(p), t.columns)
	if err != nil {
		return pageRead{}, err
	}
	defer rows.Close()

	var page pageRead
	axis, body := t.query.AxisColumn(), pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			if told, is := serviceNow(body); is {
				rows.ObserveNow(told)
				continue
			}
			page.rows++
			r := inspect(body, t.ids, axis)
			switch {
			case r.at.IsZero():
				err = errNoPlace
			case moves && r.at.Before(page.last):
				t.position.retract(began)
				_, flushed := t.flush(ctx, time.Time{})
				// What was stored of this page's advance is taken back there too.
				return page, errors.Join(errUnordered, flushed, t.keep())
			default:
				page.last = r.at
				t.take(ctx, body, r)
			}
		}
		ended := err != nil || !more
		if !ended && t.chunk.records.Len() < t.cfg.Batch.MaxRecords {
			continue
		}
		var to time.Time
		if moves {
			to = page.last
		}
		flushed, failure := t.flush(ctx, to)
		page.new += flushed
		if failure != nil {
			return page, errors.Join(err, failure)
		}
		page.settled = page.last
		if ended {
			page.full = page.rows >= p.MaxRows
			t.telemetry.repaired(ctx, t.name, rows.Stats().Repaired)
			return page, err
		}
	}
}

// take puts a row into the chunk, unless it was delivered before.
func (t *table) take(ctx context.Context, body pcommon.Map, r row) {
	t.state.read()
	if t.position.delivered(r.uid, r.at) || t.chunk.holds(r.uid) {
		t.duplicates++
		return
	}
	if !r.readable {
		t.telemetry.repaired(ctx, t.name, 1)
	}
	if t.lane == "" {
		t.telemetry.late(ctx, t.name, r, t.cfg.LateArrival.Overlap)
	}
	t.chunk.add(body, r, t.now())
}

// flush delivers the chunk and returns how many rows the pipeline took. Afterwards all rows before
// `to` were delivered, and the cursor may say so; a zero `to` leaves the position where it is.
func (t *table) flush(ctx context.Context, to time.Time) (int, error) {
	t.telemetry.rows(ctx, t.name, duplicate, t.duplicates)
	t.duplicates = 0
	taken := 0
	if logs, rows := t.chunk.take(); len(rows) > 0 {
		result, err := t.deliverer.deliver(ctx, t.name, t.id(), logs)
		t.tally(ctx, result, len(rows))
		if err != nil {
			return 0, fmt.Errorf("deliver rows: %w", err)
		}
		for _, r := range rows {
			t.position.add(r.uid, r.at)
		}
		if result == delivered {
			taken = len(rows)
		}
	}
	if to.IsZero() {
		return taken, nil
	}
	return taken, t.advance(to)
}

// tally counts rows that were read, by what became of them. Those that were not offered are read again by
// the next start.
func (t *table) tally(ctx context.Context, result outcome, rows int) {
	if result == notOffered {
		t.state.unread(rows)
		return
	}
	t.telemetry.rows(ctx, t.name, result, rows)
}

// advance moves the position towards to, as far as the service's clock allows. The clock was read when
// to was chosen; it is read again because an answer has come since, and the local clock may have been
// set.
func (t *table) advance(to time.Time) error {
	if horizon := t.horizon(); horizon.Before(to) {
		to = horizon
	}
	t.position.advance(to)
	return t.keep()
}

// keep gives the position to the keeper, which stores it once it is due.
func (t *table) keep() error {
	t.state.progress(t.position.cursor.CompleteUntil)
	change := t.position.take(time.Now())
	if t.keeper == nil {
		return nil
	}
	if err := t.keeper.Keep(t.id(), change); err != nil {
		return fmt.Errorf("%w: %w", failure.ErrStorage, err)
	}
	return nil
}

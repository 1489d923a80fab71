package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

var (
	errUnordered = errors.New("the answer is not in the order that was asked for, so it cannot be told what is complete: " +
		"nothing that it brought moves the cursor")
	errNoPlace = errors.New("the answer holds a row without a readable time to order it by")
)

// pageRead is what came of one page.
type pageRead struct {
	rows int       // in the answer, delivered or not
	new  int       // delivered now
	last time.Time // place of the last row; zero if there was none
	// settled is the place of the last row that was delivered or recognised. It differs from last when
	// the pipeline refuses.
	settled time.Time
	full    bool // the row limit was reached, so there may be more
	// bins are the rows by their bins; nil of a page that is read in order.
	bins map[ledger.Bin]int
}

func newPageRead(moves bool) pageRead {
	if moves {
		return pageRead{}
	}
	return pageRead{bins: map[ledger.Bin]int{}}
}

// place takes down where a row stands.
func (p *pageRead) place(at time.Time) {
	p.last = at
	if p.bins != nil {
		p.bins[ledger.BinOf(at)]++
	}
}

// readPage sends one query and delivers its rows while they stream in. moves says that the page is
// read in order and whole, so that the ledger follows the rows; parts of an instant, and what is
// read again, do not move it.
//
// With an error, what was read before it is delivered all the same, and the ledger has moved
// accordingly.
func (t *reader) readPage(ctx context.Context, p query.Page, moves bool) (pageRead, error) {
	began := t.ledger.CompleteUntil()
	rows, err := t.service.Query(ctx, service.Read, p, t.query.Read(p), t.columns)
	if err != nil {
		return pageRead{}, err
	}
	defer rows.Close()

	page := newPageRead(moves)
	column, body, duplicates := t.query.TimeColumn(), pcommon.NewMap(), 0
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			if told, is := serviceNow(body); is {
				rows.ObserveNow(told)
				continue
			}
			page.rows++
			r := delivery.Inspect(body, t.ids, column)
			switch {
			case r.At.IsZero():
				err = errNoPlace
			case moves && r.At.Before(page.last):
				t.ledger.Retract(began)
				t.telemetry.rows(ctx, t.name, duplicate, duplicates)
				_, flushed := t.flush(ctx, time.Time{})
				// What was stored of this page's advance is taken back there too.
				return page, errors.Join(errUnordered, flushed, t.keep())
			default:
				page.place(r.At)
				duplicates += t.take(ctx, body, r)
			}
		}
		ended := err != nil || !more
		if !ended && !t.outlet.Full() {
			continue
		}
		var to time.Time
		if moves {
			to = page.last
		}
		t.telemetry.rows(ctx, t.name, duplicate, duplicates)
		duplicates = 0
		flushed, refusal := t.flush(ctx, to)
		page.new += flushed
		if refusal != nil {
			return page, errors.Join(err, refusal)
		}
		page.settled = page.last
		if ended {
			page.full = page.rows >= p.MaxRows
			t.telemetry.repaired(ctx, t.name, rows.Stats().Repaired)
			return page, err
		}
	}
}

// take puts a row into the batch, and returns 0. A row that was delivered before, or is in the batch, is a duplicate: it
// returns 1.
func (t *reader) take(ctx context.Context, body pcommon.Map, r delivery.Row) int {
	t.health.Read(1)
	if t.ledger.Recognise(r.UID, r.At) || t.outlet.Holds(r.UID) {
		return 1
	}
	if !r.Readable {
		t.telemetry.repaired(ctx, t.name, 1)
	}
	if t.lane == "" {
		t.telemetry.late(ctx, t.name, r, t.set.overlap)
	}
	t.outlet.Add(body, r, t.now())
	return 0
}

// flush delivers the batch and returns how many rows the pipeline took. Afterwards all rows before
// `to` were delivered or refused for good, and the cursor may say so; a zero `to` leaves the cursor where it is.
func (t *reader) flush(ctx context.Context, to time.Time) (int, error) {
	result, err := t.outlet.Deliver(ctx)
	taken := result.Count(delivery.Delivered)
	for i, r := range result.Rows {
		switch result.Outcomes[i] {
		case delivery.Delivered:
			t.ledger.Deliver(r.UID, r.At)
		case delivery.Refused:
			t.ledger.Refuse(r.UID, r.At)
		case delivery.Held:
		}
	}
	if err != nil {
		// What was taken before is not sent again, should the process end now.
		return taken, errors.Join(err, t.keep())
	}
	if to.IsZero() {
		return taken, nil
	}
	return taken, t.advance(to)
}

// advance moves the cursor towards to, as far as the service's clock allows. The clock was read when
// to was chosen; it is read again because an answer has come since, and the local clock may have been
// set.
func (t *reader) advance(to time.Time) error {
	if horizon := t.horizon(); horizon.Before(to) {
		to = horizon
	}
	t.ledger.Advance(to)
	return t.keep()
}

// keep lets the ledger be stored once it is due.
func (t *reader) keep() error {
	t.health.Progress(t.ledger.CompleteUntil())
	if err := t.ledger.Keep(time.Now()); err != nil {
		return fmt.Errorf("%w: %w", failure.ErrStorage, err)
	}
	return nil
}

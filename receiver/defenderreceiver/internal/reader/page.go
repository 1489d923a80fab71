package reader

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

var (
	errUnordered = errors.New("the answer is not in the order that was asked for, so it cannot be told what is complete: " +
		"nothing that it brought moves the cursor")
	errNoPlace = errors.New("the answer holds a row without a readable time to order it by")
)

// Metrics counts what a table's reader does.
type Metrics interface {
	// New is told of each row that was not delivered before.
	New(ctx context.Context, r delivery.Row)
	// Duplicates are rows that were delivered before.
	Duplicates(ctx context.Context, rows int)
	// Repaired are values of an answer that were not as they should be.
	Repaired(ctx context.Context, values int64)
	// Truncated is told of each answer that was not whole.
	Truncated(ctx context.Context)
}

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

// pager reads pages and delivers their rows while they stream in.
type pager struct {
	track    *Track
	question *Question
	client   *service.Client
	outlet   *delivery.Outlet
	ids      *rowid.Hasher
	metrics  Metrics
	size     *paging.Size
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

// read sends one query and delivers its rows while they stream in. moves says that the page is
// read in order and whole, so that the ledger follows the rows; parts of an instant, and what is
// read again, do not move it.
//
// With an error, what was read before it is delivered all the same, and the ledger has moved
// accordingly.
func (g *pager) read(ctx context.Context, p query.Page, moves bool) (pageRead, error) {
	began := g.track.ledger.CompleteUntil()
	rows, err := g.client.Query(ctx, service.Read, p, g.question.table.Read(p), g.question.columns)
	if err != nil {
		return pageRead{}, err
	}
	defer rows.Close()

	page := newPageRead(moves)
	column, body, duplicates := g.question.table.TimeColumn(), pcommon.NewMap(), 0
	for {
		more, err := rows.Next(body)
		if err == nil && more {
			if told, is := serviceNow(body); is {
				rows.ObserveNow(told)
				continue
			}
			page.rows++
			r := inspect(body, g.ids, column)
			switch {
			case r.At.IsZero():
				err = errNoPlace
			case moves && r.At.Before(page.last):
				g.track.ledger.Retract(began)
				g.metrics.Duplicates(ctx, duplicates)
				_, flushed := g.flush(ctx, time.Time{})
				// What was stored of this page's advance is taken back there too.
				return page, errors.Join(errUnordered, flushed, g.track.Keep())
			default:
				page.place(r.At)
				duplicates += g.take(ctx, body, r)
			}
		}
		ended := err != nil || !more
		if !ended && !g.outlet.Full() {
			continue
		}
		var to time.Time
		if moves {
			to = page.last
		}
		g.metrics.Duplicates(ctx, duplicates)
		duplicates = 0
		flushed, refusal := g.flush(ctx, to)
		page.new += flushed
		if refusal != nil {
			return page, errors.Join(err, refusal)
		}
		page.settled = page.last
		if ended {
			if p.Parts <= 1 {
				g.question.learn(rows.Columns())
			}
			page.full = page.rows >= p.MaxRows
			g.size.Answered(page.rows, rows.Stats().Bytes)
			g.metrics.Repaired(ctx, rows.Stats().Repaired)
			return page, err
		}
	}
}

// take puts a row into the batch, and returns 0. A row that was delivered before, or is in the batch, is a duplicate: it
// returns 1.
func (g *pager) take(ctx context.Context, body pcommon.Map, r delivery.Row) int {
	g.track.seen.Read(1)
	if g.track.ledger.Recognise(r.UID, r.At) || g.outlet.Holds(r.UID) {
		return 1
	}
	if !r.Readable {
		g.metrics.Repaired(ctx, 1)
	}
	g.metrics.New(ctx, r)
	g.outlet.Add(body, r, g.client.Now())
	return 0
}

// flush delivers the batch and returns how many rows the pipeline took. Afterwards all rows before
// `to` were delivered or refused for good, and the cursor may say so; a zero `to` leaves the cursor where it is.
func (g *pager) flush(ctx context.Context, to time.Time) (int, error) {
	result, err := g.outlet.Deliver(ctx)
	taken := result.Count(delivery.Delivered)
	for i, r := range result.Rows {
		switch result.Outcomes[i] {
		case delivery.Delivered:
			g.track.ledger.Deliver(r.UID, r.At)
		case delivery.Refused:
			g.track.ledger.Refuse(r.UID, r.At)
		case delivery.Held:
		}
	}
	if err != nil {
		// What was taken before is not sent again, should the process end now.
		return taken, errors.Join(err, g.track.Keep())
	}
	if to.IsZero() {
		return taken, nil
	}
	return taken, g.track.Advance(to)
}

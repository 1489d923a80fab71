package reader

import (
	"context"
	"errors"
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

var errNothingSmaller = errors.New("an instant cannot be read even in its smallest parts")

// rereader reads ranges whole without moving the cursor.
type rereader struct{ pager *pager }

// read reads a range whole without moving the cursor, and returns the rows that the service
// has in it, by bin, and how many of them were new.
func (a *rereader) read(ctx context.Context, from, to time.Time) (rows map[ledger.Bin]int, found int, err error) {
	return a.inParts(ctx, from, to, 1)
}

// inParts is read in at least so many parts.
func (a *rereader) inParts(ctx context.Context, from, to time.Time, least int) (rows map[ledger.Bin]int, found int, err error) {
	for parts := least; parts <= paging.MaxParts; parts *= 2 {
		var whole bool
		rows, found, whole, err = a.allParts(ctx, query.Page{From: from, To: to, MaxRows: a.pager.size.Rows(), Parts: parts}, found)
		if whole || err != nil && !failure.IsTooMuch(err) {
			return rows, found, err
		}
		a.pager.metrics.Truncated(ctx)
	}
	return rows, found, errors.Join(errNothingSmaller, err)
}

// allParts reads all parts of a page; whole is false when one was cut short.
func (a *rereader) allParts(ctx context.Context, page query.Page, before int) (
	rows map[ledger.Bin]int, found int, whole bool, err error,
) {
	rows, found = map[ledger.Bin]int{}, before
	for page.Part = range page.Parts {
		read, err := a.pager.read(ctx, page, false)
		addRows(rows, read.bins)
		found += read.new
		if err != nil || read.full {
			return rows, found, false, err
		}
	}
	return rows, found, true, nil
}

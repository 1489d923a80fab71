package reader

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// counter counts rows on the service.
type counter struct {
	client   *service.Client
	question *Question
	budget   time.Duration // of CPU that one count should cost at most
	window   paging.CountWindow
}

// counted is what came of counting a range.
type counted struct {
	rows  map[ledger.Bin]int
	until time.Time // up to where it was counted
	// narrower: nothing was counted, and less is asked for next.
	narrower bool
}

func extentOf(page query.Page) time.Duration { return page.To.Sub(page.From) }

// half is the bin in the middle of a range, and whether there is one.
func half(page query.Page) (middle time.Time, divisible bool) {
	middle = ledger.BinOf(page.From.Add(extentOf(page) / 2)).Start()
	return middle, page.From.Before(middle)
}

// fits reports whether a range is to be counted at once.
func (c *counter) fits(page query.Page) bool { return c.window.Fits(extentOf(page)) }

// part counts a range, or its beginning. After an error the next call asks for less if
// the service said that it was too much.
func (c *counter) part(ctx context.Context, page query.Page) (counted, error) {
	rows, err := c.count(ctx, page)
	extent := extentOf(page)
	if _, divisible := half(page); !divisible || err == nil {
		return counted{rows: rows, until: page.To}, err
	}
	switch {
	case failure.IsTooMuch(err):
		c.window.Refused(c.client.Now(), extent)
		return counted{narrower: true}, err
	case failure.MaybeSize(err):
		smaller := c.window.Failed(extent)
		if smaller == 0 {
			break
		}
		page.To = ledger.BinOf(page.From.Add(smaller + ledger.BinWidth - paging.Tick)).Start()
		if rows, err = c.count(ctx, page); err == nil {
			c.window.Blame(c.client.Now(), extent, extentOf(page))
			return counted{rows: rows, until: page.To}, nil
		}
	}
	return counted{}, err
}

// count asks the service for the number of rows in each bin.
func (c *counter) count(ctx context.Context, page query.Page) (map[ledger.Bin]int, error) {
	extent := extentOf(page)
	rows, err := c.client.Query(ctx, service.Count, page, c.question.table.Count(page), query.CountColumns())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[ledger.Bin]int{}
	body := pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err != nil {
			return nil, err
		}
		if !more {
			c.window.Answered(c.client.Now(), extent, service.CPU(rows.Stats()), c.budget)
			return counts, nil
		}
		if now, told := serviceNow(body); told {
			rows.ObserveNow(now)
		}
		at, ok := query.Time(query.Text(body, query.CountBin))
		n, err := number(body, query.CountRows)
		if !ok || err != nil {
			return nil, errors.Join(errors.New("the answer's counts cannot be read"), err)
		}
		counts[ledger.BinOf(at)] = n
	}
}

package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// countPart of the CPU of a quarter hour is what a count should cost at most. A dearer one waits for a quarter hour in
// which little else is sent, and what stands in line behind it waits as well.
const countPart = 4

func extentOf(page query.Page) time.Duration { return page.To.Sub(page.From) }

// half is the bin in the middle of a range, and whether there is one.
func half(page query.Page) (middle time.Time, divisible bool) {
	middle = ledger.BinOf(page.From.Add(extentOf(page) / 2)).Start()
	return middle, page.From.Before(middle)
}

// countPart counts a range, or its beginning, and returns up to where. After an error the next call asks for less if
// the service said that it was too much.
func (t *auditor) countPart(ctx context.Context, page query.Page) (map[ledger.Bin]int, time.Time, error) {
	counts, err := t.count(ctx, page)
	extent := extentOf(page)
	if _, divisible := half(page); !divisible || err == nil {
		return counts, page.To, err
	}
	switch {
	case isTooMuch(err):
		t.counts.Refused(t.now(), extent)
		t.audits.steps++ // less is asked for next
	case maybeSize(err):
		smaller := t.counts.Failed(extent)
		if smaller == 0 {
			break
		}
		page.To = ledger.BinOf(page.From.Add(smaller + ledger.BinWidth - paging.Tick)).Start()
		if counts, err = t.count(ctx, page); err == nil {
			t.counts.Blame(t.now(), extent, extentOf(page))
			return counts, page.To, nil
		}
	}
	return nil, time.Time{}, err
}

// count asks the service for the number of rows in each bin.
func (t *auditor) count(ctx context.Context, page query.Page) (map[ledger.Bin]int, error) {
	extent := extentOf(page)
	rows, err := t.service.Query(ctx, service.Count, page, t.query.Count(page), query.CountColumns())
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
			t.counts.Answered(t.now(), extent, service.CPU(rows.Stats()), t.set.countBudget)
			return counts, nil
		}
		if now, told := serviceNow(body); told {
			rows.ObserveNow(now)
		}
		at, ok := parseTime(text(body, query.CountBin))
		n, err := number(body, query.CountRows)
		if !ok || err != nil {
			return nil, errors.Join(errors.New("the answer's counts cannot be read"), err)
		}
		counts[ledger.BinOf(at)] = n
	}
}

// countLeft counts what filters leave on the server of a range.
func (t *auditor) countLeft(ctx context.Context, from, to time.Time) (proof.Left, error) {
	page := query.Page{From: from, To: to}
	rows, err := t.service.Query(ctx, service.Count, page, t.query.CountLeft(page), query.LeftColumns())
	if err != nil {
		return proof.Left{}, err
	}
	defer rows.Close()
	body := pcommon.NewMap()
	if more, err := rows.Next(body); err != nil || !more {
		return proof.Left{}, errors.Join(errors.New("the answer has no count"), err)
	}
	if now, told := serviceNow(body); told {
		rows.ObserveNow(now)
	}
	all, err := number(body, query.LeftAll)
	human, err2 := number(body, query.LeftHuman)
	read, err3 := number(body, query.LeftRead)
	return proof.Left{System: all - human, Filter: human - read}, errors.Join(err, err2, err3)
}

func text(body pcommon.Map, column string) string { return query.Text(body, column) }

func parseTime(s string) (time.Time, bool) { return query.Time(s) }

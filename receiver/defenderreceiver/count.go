package defenderreceiver

import (
	"context"
	"errors"
	"maps"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// countPart of the CPU of a quarter hour is what a count should cost at most. A dearer one waits for a quarter hour in
// which little else is sent, and what stands in line behind it waits as well.
const countPart = 4

// refusalHolds is for how long a count that the service gave up on is not tried again.
const refusalHolds = 24 * time.Hour

// counting decides how much of time one count looks at. The zero value sets no limit.
type counting struct {
	width   time.Duration
	refused time.Duration // what the service gave up on
	until   time.Time     // so long it counts
}

// fits reports whether so much can be counted at once.
func (c *counting) fits(extent time.Duration) bool { return c.width == 0 || extent <= c.width }

// cost is called when a count was answered.
func (c *counting) cost(now time.Time, extent, cost, most time.Duration) {
	switch {
	case cost > most:
		c.narrow(extent)
	case c.width == 0 || cost > most/4 || extent <= c.width/2:
	case 2*c.width >= c.refused && now.Before(c.until):
	case c.width < unlimited:
		c.width *= 2
	default:
		c.width = 0
	}
}

// refuse is called when the service gave up on so much.
func (c *counting) refuse(now time.Time, extent time.Duration) {
	c.refused, c.until = extent, now.Add(refusalHolds)
	c.narrow(extent)
}

func (c *counting) narrow(extent time.Duration) { c.width = max(extent/2, checkpoint.BinWidth) }

// countBudget is what a count should cost at most.
func (t *table) countBudget() time.Duration { return t.cfg.Quota.limits().LeastCPU() / countPart }

// countParts counts a range, in halves where the service cannot count it at once, or not cheaply.
func (t *table) countParts(ctx context.Context, page query.Page) (map[checkpoint.Bin]int, error) {
	extent := page.To.Sub(page.From)
	middle := checkpoint.BinOf(page.From.Add(extent / 2)).Start()
	divisible := page.From.Before(middle)
	if !divisible || t.counting.fits(extent) {
		counts, err := t.count(ctx, page)
		if !isTooMuch(err) || !divisible {
			return counts, err
		}
		t.counting.refuse(t.now(), extent)
	}
	first, second := page, page
	first.To, second.From = middle, middle
	counts, err := t.countParts(ctx, first)
	if err != nil {
		return nil, err
	}
	rest, err := t.countParts(ctx, second)
	maps.Copy(counts, rest)
	return counts, err
}

// count asks the service for the number of rows in each bin.
func (t *table) count(ctx context.Context, page query.Page) (map[checkpoint.Bin]int, error) {
	extent := page.To.Sub(page.From)
	rows, err := t.send(ctx, scheduler.Turn{Kind: kindCount, Extent: extent}, t.query.Count(page), query.CountColumns())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[checkpoint.Bin]int{}
	body := pcommon.NewMap()
	for {
		more, err := rows.Next(body)
		if err != nil {
			return nil, err
		}
		if !more {
			t.counting.cost(t.now(), extent, cpuOf(rows.Stats()), t.countBudget())
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
		counts[checkpoint.BinOf(at)] = n
	}
}

func text(body pcommon.Map, column string) string { return query.Text(body, column) }

func parseTime(s string) (time.Time, bool) { return query.Time(s) }

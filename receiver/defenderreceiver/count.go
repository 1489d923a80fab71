package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
)

// countPart of the CPU of a quarter hour is what a count should cost at most. A dearer one waits for a quarter hour in
// which little else is sent, and what stands in line behind it waits as well.
const countPart = 4

const (
	// refusalHolds is for how long a count is not tried again that the service itself called too much, at most.
	refusalHolds = 24 * time.Hour
	// suspicionHolds is for how long, if only a smaller count's success says that it was too much.
	suspicionHolds = 15 * time.Minute
	// mostTries are the counts of the width after whose answers it is tried again all the same; suspicionTries are
	// those after a suspicion at first, and twice as many each time that it is confirmed.
	mostTries      = 1024
	suspicionTries = 4
	// suspectAfter is how often a count has to fail before a smaller one is tried when it fails once more.
	suspectAfter = 3
)

// counting decides how much of time one count looks at. The zero value sets no limit.
type counting struct {
	width   time.Duration
	tooMuch lesson
	suspect suspicion
}

// lesson is what was too much for one count. It holds until a time, or until so many counts of the width were answered.
type lesson struct {
	extent time.Duration
	until  time.Time
	tries  int // how many answers it takes
	left   int // how many are still to come
	inRow  int // refusals of ever smaller counts, without an answer in between
}

// suspicion is of counts that fail again and again, perhaps for their size.
type suspicion struct {
	extent   time.Duration // of the smallest of them
	failures int
	halvings int // in the next smaller count that is tried
}

// fits reports whether so much can be counted at once.
func (c *counting) fits(extent time.Duration) bool { return c.width == 0 || extent <= c.width }

// cost is called when a count was answered.
func (c *counting) cost(now time.Time, extent, cost, most time.Duration) {
	c.tooMuch.inRow = 0
	if extent >= c.suspect.extent {
		c.suspect = suspicion{}
	}
	if extent >= c.tooMuch.extent {
		c.tooMuch = lesson{}
	}
	switch {
	case cost > most:
		c.narrow(extent)
	case c.width == 0 || cost > most/4 || extent <= c.width/2:
	case c.tooMuch.extent > 0 && 2*c.width >= c.tooMuch.extent && c.tooMuch.holds(now):
	case c.width < unlimited:
		c.width *= 2
	default:
		c.width = 0
	}
}

// holds takes an answer and reports whether the lesson is still believed.
func (l *lesson) holds(now time.Time) bool {
	l.left--
	return l.left >= 0 && now.Before(l.until)
}

// refuse is called when the service itself called so much too much. Several refusals in a row may be a service in
// trouble: the first answer after them lets the last one be tried again.
func (c *counting) refuse(now time.Time, extent time.Duration) {
	inRow, tries := c.tooMuch.inRow+1, mostTries
	if inRow > 1 {
		tries = 0
	}
	c.tooMuch = lesson{extent: extent, until: now.Add(refusalHolds), tries: tries, left: tries, inRow: inRow}
	c.narrow(extent)
}

func (c *counting) narrow(extent time.Duration) { c.width = max(extent/2, checkpoint.BinWidth) }

// failed is called when a count failed in a way that may be due to its size, or to a service that is down. It returns
// how much is to be tried instead, or 0: the first failures teach nothing.
func (c *counting) failed(extent time.Duration) time.Duration {
	if c.suspect.extent == 0 || extent < c.suspect.extent {
		c.suspect = suspicion{extent: extent}
	}
	c.suspect.failures++
	if c.suspect.failures <= suspectAfter {
		return 0
	}
	c.suspect.failures = 0
	c.suspect.halvings++
	smaller := extent >> c.suspect.halvings
	if smaller <= checkpoint.BinWidth {
		c.suspect.halvings = 0
	}
	return max(smaller, checkpoint.BinWidth)
}

// blame is called when the smaller count was answered just after the larger one had failed again.
func (c *counting) blame(now time.Time, extent, smaller time.Duration) {
	tries := suspicionTries
	if c.tooMuch.extent > 0 {
		tries = min(max(2*c.tooMuch.tries, tries), mostTries)
	}
	c.tooMuch = lesson{extent: extent, until: now.Add(suspicionHolds), tries: tries, left: tries}
	c.width, c.suspect = smaller, suspicion{}
}

// countBudget is what a count should cost at most.
func (t *table) countBudget() time.Duration { return t.cfg.Quota.limits().LeastCPU() / countPart }

func extentOf(page query.Page) time.Duration { return page.To.Sub(page.From) }

// half is the bin in the middle of a range, and whether there is one.
func half(page query.Page) (middle time.Time, divisible bool) {
	middle = checkpoint.BinOf(page.From.Add(extentOf(page) / 2)).Start()
	return middle, page.From.Before(middle)
}

// countPart counts a range, or its beginning, and returns up to where. After an error the next call asks for less if
// the service said that it was too much.
func (t *table) countPart(ctx context.Context, page query.Page) (map[checkpoint.Bin]int, time.Time, error) {
	counts, err := t.count(ctx, page)
	extent := extentOf(page)
	if _, divisible := half(page); !divisible || err == nil {
		return counts, page.To, err
	}
	switch {
	case isTooMuch(err):
		t.counting.refuse(t.now(), extent)
		t.audits.steps++ // less is asked for next
	case maybeSize(err):
		smaller := t.counting.failed(extent)
		if smaller == 0 {
			break
		}
		page.To = checkpoint.BinOf(page.From.Add(smaller + checkpoint.BinWidth - tick)).Start()
		if counts, err = t.count(ctx, page); err == nil {
			t.counting.blame(t.now(), extent, extentOf(page))
			return counts, page.To, nil
		}
	}
	return nil, time.Time{}, err
}

// count asks the service for the number of rows in each bin.
func (t *table) count(ctx context.Context, page query.Page) (map[checkpoint.Bin]int, error) {
	extent := extentOf(page)
	rows, err := t.send(ctx, scheduler.Turn{Kind: kindCount, Extent: extent}, page, t.query.Count(page), query.CountColumns())
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

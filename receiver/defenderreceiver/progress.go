package defenderreceiver

import (
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// backfillView is how far history was read, for gauges and status.
type backfillView struct {
	oldest, live   time.Time // what is read lies between them
	reached, since time.Time // see ledger.Backfill and Cursor
	reading, done  bool
	// At began, on the service's clock, this share had been read.
	began time.Time
	share float64
}

// ratio is the share of history that was read, with a span read until completeUntil.
func (b backfillView) ratio(completeUntil time.Time) float64 {
	read := b.live.Sub(b.reached)
	if b.reading && completeUntil.After(b.since) {
		read += completeUntil.Sub(b.since)
	}
	return min(read.Seconds()/max(b.live.Sub(b.oldest), paging.Tick).Seconds(), 1)
}

// ends forecasts when history will have been read, from the pace since this process began; zero if there
// was none yet.
func (b backfillView) ends(ratio float64, now time.Time) time.Time {
	const longest = 10 * 365 * 24 * time.Hour
	passed := now.Sub(b.began).Seconds()
	if ratio <= b.share || ratio >= 1 || passed <= 0 {
		return time.Time{}
	}
	left := min(passed*(1-ratio)/(ratio-b.share), longest.Seconds())
	return now.Add(time.Duration(left * float64(time.Second)))
}

// tell lets others see how far history was read, and says it in the log when a span was.
func (l *backfill) tell() {
	b := l.at()
	last := l.state.view().backfill
	next := backfillView{
		oldest: l.oldest(), live: b.LiveStart.At, reached: b.Reached, since: b.Span.From,
		reading: b.Reading() && !b.Span.To.After(b.LiveStart.At), began: last.began, share: last.share,
	}
	next.done = !b.Reading() && l.done(b)
	complete := l.ledger.CompleteUntil()
	if next.began.IsZero() {
		next.began, next.share = l.serviceNow(), next.ratio(complete)
	}
	l.state.setBackfill(next)
	if last.reached.Equal(next.reached) && last.done == next.done {
		return
	}
	ratio := next.ratio(complete)
	l.logger.Info("History is read beside the live rows.", zap.Time("from", next.oldest), zap.Time("to", next.live),
		zap.Time("read_from", next.reached), zap.Float64("ratio", ratio), zap.Time("expected_end", next.ends(ratio, l.serviceNow())))
}

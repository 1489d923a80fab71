package defenderreceiver

import (
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
)

// tell lets others see how far history was read, and says it in the log when a span was.
func (l *backfill) tell() {
	b := l.at()
	last := l.health.View().History
	next := health.History{
		Oldest: l.oldest(), Live: b.LiveStart.At, Reached: b.Reached, Since: b.Span.From,
		Reading: b.Reading() && !b.Span.To.After(b.LiveStart.At), Began: last.Began, Share: last.Share,
	}
	next.Done = !b.Reading() && l.done(b)
	complete := l.ledger.CompleteUntil()
	if next.Began.IsZero() {
		next.Began, next.Share = l.serviceNow(), next.Ratio(complete)
	}
	l.health.SetHistory(next)
	if last.Reached.Equal(next.Reached) && last.Done == next.Done {
		return
	}
	ratio := next.Ratio(complete)
	l.logger.Info("History is read beside the live rows.", zap.Time("from", next.Oldest), zap.Time("to", next.Live),
		zap.Time("read_from", next.Reached), zap.Float64("ratio", ratio), zap.Time("expected_end", next.Ends(ratio, l.serviceNow())))
}

package source

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
)

// historySpan is how much of history is read and counted as one.
const historySpan = 24 * time.Hour

// History reads what had come before a table's live lane began. It reads a day of event
// time at a time, the newest day first, each in order of time, counts it on the service, and goes on to
// the day before. What lies shortly before the live lane's start is counted once more later on. Rows that came
// later are the live lane's, however old they are.
type History struct {
	reader *reader.Reader
	audits *reader.Auditor
	keeper *ledger.Keeper
	seen   *health.Source
	logger *zap.Logger
	live   *Start
	settle time.Duration
	window time.Duration
	// mixed: the service no longer says when rows arrived, so the lanes cannot be told apart by it.
	mixed bool
}

// HistorySettings are how history is read.
type HistorySettings struct {
	// Live is where the live lane began.
	Live *Start
	// Window is how much of the past is read.
	Window time.Duration
	Settle time.Duration
}

// NewHistory makes the source of history.
func NewHistory(r *reader.Reader, audits *reader.Auditor, keeper *ledger.Keeper, seen *health.Source, logger *zap.Logger,
	set HistorySettings,
) *History {
	r.Question.Along(query.EventTime)
	return &History{
		reader: r, audits: audits, keeper: keeper, seen: seen, logger: logger, live: set.Live, settle: set.Settle, window: set.Window,
	}
}

// Resume takes up the stored ledger. If there is none, history begins where the live lane does.
func (l *History) Resume(ctx context.Context) error {
	_, err := l.reader.Track.Open(ctx, l.keeper)
	return err
}

// Poll reads a span of history, and what could not be read of it.
func (l *History) Poll(ctx context.Context) (bool, error) {
	l.reader.Track.Begin()
	if l.reader.Track.Ledger() == nil {
		l.start()
	}
	l.tell()
	live := l.at().LiveStart
	if l.reader.Track.Now().Before(live.At.Add(l.settle)) {
		// Not all that came before the live lane's start can be seen yet.
		return false, nil
	}
	l.leaveToLive(live)
	more, err := l.step(ctx)
	if err == nil {
		err = l.reader.Unreadable.Retry(ctx)
	}
	if failure.IsRefused(err) {
		return false, errors.Join(err, l.checkArrival(ctx))
	}
	return more && err == nil, err
}

// checkArrival is called when a query was refused. A service that has stopped saying when rows arrived is
// asked without it: better that some late rows come in both lanes than that history ends.
func (l *History) checkArrival(ctx context.Context) error {
	if l.reader.Question.Table().ArrivedBefore.IsZero() {
		return nil
	}
	_, unknown, err := l.reader.Probe(ctx)
	if err == nil && unknown > 0 {
		l.mixed = true
		l.logger.Warn("The service no longer says when rows arrived: late rows of the time before the live lane's start may come in both lanes.")
	}
	return err
}

// at is how far history was read.
func (l *History) at() ledger.HistoryState { return l.reader.Track.Ledger().History().State() }

func (l *History) start() {
	track := l.reader.Track
	track.Take(ledger.BeginHistory(l.keeper, track.ID(), query.EventTime.String(), l.reader.Question.Table().Filter(), l.live.at))
}

// leaveToLive keeps the lanes disjoint. Where the live lane reads by arrival, its rows are those that came
// after its start; else they are those that happened after it, and no span reaches there.
func (l *History) leaveToLive(live ledger.LiveStart) {
	before := time.Time{}
	if query.TimeBasisOf(live.TimeBasis) == query.Arrival && !l.mixed {
		before = live.At
	}
	l.reader.Question.LeaveArrived(before)
}

// oldest is where history begins: at the window's end, or what the service still has.
func (l *History) oldest() time.Time {
	return paging.Latest(l.at().LiveStart.At.Add(-l.window), l.reader.Track.Now().Add(-tables.Retention)).Truncate(paging.Tick)
}

// step reads a span, or counts once more, and reports whether there was anything to do.
func (l *History) step(ctx context.Context) (bool, error) {
	b := l.coverage()
	switch {
	case b.Reading():
		// A span is being read.
	case b.oldest.Before(b.Reached):
		day := b.Reached.Add(-paging.Tick).Truncate(historySpan)
		l.move(paging.Latest(day, b.oldest), b.Reached)
	case b.done(), l.reader.Track.Now().Before(b.LiveStart.At.Add(l.audits.Window)):
		return false, nil
	case b.toRecount():
		return true, l.recount(ctx, b)
	default:
		// What came before the live lane's start may say that it happens after it.
		l.move(b.LiveStart.At, b.LiveStart.At.Add(tables.Retention))
	}
	return true, l.readSpan(ctx)
}

// coverage is what of history is read, and what is wanted.
func (l *History) coverage() coverage {
	return coverage{HistoryState: l.at(), oldest: l.oldest(), audited: l.audits.Window}
}

// move begins a span. Of the ledger, what is needed again is kept.
func (l *History) move(from, to time.Time) {
	l.reader.Track.Ledger().History().BeginSpan(from, to, l.coverage().countAgain())
	l.reader.Plan(from, to)
	l.tell()
}

// readSpan reads what is left of a span, counts it on the service, and ends it.
func (l *History) readSpan(ctx context.Context) error {
	h := l.at()
	if to, _ := l.reader.Planned(); !to.Equal(h.Span.To) {
		l.reader.Plan(h.Span.Until, h.Span.To)
	}
	ahead := h.LiveStart.At.Before(h.Span.To)
	if !ahead || !l.mixed {
		// Where arrival is no longer known, the rows ahead cannot be told from live ones.
		if err := l.reader.ReadRanges(ctx); err != nil {
			return err
		}
		if err := l.audits.Compare(ctx, h.Span.From, h.Span.To); err != nil {
			return err
		}
	}
	if ahead {
		l.reader.Track.Ledger().History().EndAhead(l.coverage().countAgain())
	} else {
		l.reader.Track.Ledger().History().EndSpan(l.coverage().countAgain())
	}
	l.tell()
	return l.reader.Track.Keep()
}

// recount counts the time before the live lane's start again.
func (l *History) recount(ctx context.Context, b coverage) error {
	if err := l.audits.Compare(ctx, paging.Latest(b.recountFrom(), b.oldest), b.LiveStart.At); err != nil {
		return err
	}
	l.reader.Track.Ledger().History().EndRecount()
	l.tell()
	return l.reader.Track.Keep()
}

// tell lets others see how far history was read, and says it in the log when a span was.
func (l *History) tell() {
	b := l.coverage()
	last := l.seen.View().History
	next := health.History{
		Oldest: b.oldest, Live: b.LiveStart.At, Reached: b.Reached, Since: b.Span.From,
		Reading: b.Reading() && !b.Span.To.After(b.LiveStart.At), Began: last.Began, Share: last.Share,
	}
	next.Done = !b.Reading() && b.done()
	complete := l.reader.Track.Ledger().CompleteUntil()
	if next.Began.IsZero() {
		next.Began, next.Share = l.reader.Track.Now(), next.Ratio(complete)
	}
	l.seen.SetHistory(next)
	if last.Reached.Equal(next.Reached) && last.Done == next.Done {
		return
	}
	ratio := next.Ratio(complete)
	l.logger.Info("History is read beside the live rows.", zap.Time("from", next.Oldest), zap.Time("to", next.Live),
		zap.Time("read_from", next.Reached), zap.Float64("ratio", ratio), zap.Time("expected_end", next.Ends(ratio, l.reader.Track.Now())))
}

// Furthest changes when a poll comes further than the ones before it. An audit that has counted or read something more
// counts as well.
func (l *History) Furthest() time.Time { return furthest(l.reader, l.audits) }

// Situation is what the lane knows of what a verdict on a failure depends on.
func (l *History) Situation() failure.Situation { return l.reader.Track.Situation() }

// Adapt leaves a column out that the service does not have.
func (l *History) Adapt(err error) bool { return l.reader.Question.Adapt(err, l.logger) }

// Advise adds what an operator can do by the table's own settings.
func (l *History) Advise(err error) error { return l.reader.Question.Advise(err) }

// AskForLess makes the next range smaller.
func (l *History) AskForLess(ctx context.Context, doubt failure.Doubt, err error) bool {
	return l.reader.AskForLess(ctx, doubt, err)
}

// Succeeded asks for all columns again once a day.
func (l *History) Succeeded() { l.reader.Question.AskAgain() }

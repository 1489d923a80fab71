package defenderreceiver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// historySpan is how much of history is read and counted as one.
const historySpan = 24 * time.Hour

// liveStart is where a live lane began, once that is known.
type liveStart struct {
	known chan struct{}
	once  sync.Once
	at    ledger.LiveStart // set before known is closed
}

func newLiveStart() *liveStart { return &liveStart{known: make(chan struct{})} }

func (l *liveStart) tell(at ledger.LiveStart) {
	l.once.Do(func() {
		l.at = at
		close(l.known)
	})
}

// backfill is the lane that reads what had come before a table's live lane began. It reads a day of event
// time at a time, the newest day first, each in order of time, counts it on the service, and goes on to
// the day before. What lies shortly before the live lane's start is counted once more later on. Rows that came
// later are the live lane's, however old they are.
type backfill struct {
	*auditor
	keeper *ledger.Keeper
	live   *liveStart
	window time.Duration
	// mixed: the service no longer says when rows arrived, so the lanes cannot be told apart by it.
	mixed bool
}

func newBackfill(cfg *Config, declared *tables.Table, live *liveStart) (*backfill, error) {
	r, err := newReader(cfg, declared, logrecord.LaneBackfill)
	if err != nil {
		return nil, err
	}
	r.readAlong(query.EventTime)
	return &backfill{auditor: newAuditor(r), live: live, window: cfg.Backfill.Window}, nil
}

// resume takes up the stored ledger. If there is none, history begins where the live lane does.
func (l *backfill) resume(ctx context.Context, keeper *ledger.Keeper) error {
	l.keeper = keeper
	_, err := l.takeUp(ctx, keeper)
	return err
}

// Poll reads a span of history, and what could not be read of it.
func (l *backfill) Poll(ctx context.Context) (bool, error) {
	l.beginPoll()
	if l.ledger == nil {
		l.start()
	}
	l.tell()
	live := l.at().LiveStart
	if l.serviceNow().Before(live.At.Add(l.set.settle)) {
		// Not all that came before the live lane's start can be seen yet.
		return false, nil
	}
	l.leaveToLive(live)
	more, err := l.step(ctx)
	if err == nil {
		err = l.retryUnreadable(ctx)
	}
	if isRefused(err) {
		return false, errors.Join(err, l.checkArrival(ctx))
	}
	return more && err == nil, err
}

// checkArrival is called when a query was refused. A service that has stopped saying when rows arrived is
// asked without it: better that some late rows come in both lanes than that history ends.
func (l *backfill) checkArrival(ctx context.Context) error {
	if l.query.ArrivedBefore.IsZero() {
		return nil
	}
	_, unknown, err := l.probe(ctx)
	if err == nil && unknown > 0 {
		l.mixed = true
		l.logger.Warn("The service no longer says when rows arrived: late rows of the time before the live lane's start may come in both lanes.")
	}
	return err
}

// at is how far history was read.
func (l *backfill) at() ledger.HistoryState { return l.ledger.History().State() }

func (l *backfill) start() {
	l.ledger = ledger.BeginHistory(l.keeper, l.id(), string(ModeEventTime), l.query.Filter(), l.live.at)
}

// leaveToLive keeps the lanes disjoint. Where the live lane reads by arrival, its rows are those that came
// after its start; else they are those that happened after it, and no span reaches there.
func (l *backfill) leaveToLive(live ledger.LiveStart) {
	before := time.Time{}
	if basisOf(live.TimeBasis) == query.Arrival && !l.mixed {
		before = live.At
	}
	if !l.query.ArrivedBefore.Equal(before) {
		l.query.ArrivedBefore = before
		l.readAlong(query.EventTime)
	}
}

// oldest is where history begins: at the window's end, or what the service still has.
func (l *backfill) oldest() time.Time {
	return latest(l.at().LiveStart.At.Add(-l.window), l.serviceNow().Add(-retention)).Truncate(paging.Tick)
}

// step reads a span, or counts once more, and reports whether there was anything to do.
func (l *backfill) step(ctx context.Context) (bool, error) {
	b, oldest := l.at(), l.oldest()
	switch {
	case b.Reading():
		// A span is being read.
	case oldest.Before(b.Reached):
		day := b.Reached.Add(-paging.Tick).Truncate(historySpan)
		l.move(latest(day, oldest), b.Reached)
	case l.done(b), l.serviceNow().Before(b.LiveStart.At.Add(l.set.auditWindow)):
		return false, nil
	case l.toRecount(b):
		return true, l.recount(ctx, oldest)
	default:
		// What came before the live lane's start may say that it happens after it.
		l.move(b.LiveStart.At, b.LiveStart.At.Add(retention))
	}
	return true, l.readSpan(ctx)
}

// done reports whether nothing is left, if no span is being read.
func (l *backfill) done(b ledger.HistoryState) bool {
	ahead := !b.Ahead && basisOf(b.LiveStart.TimeBasis) == query.Arrival
	return !l.oldest().Before(b.Reached) && !l.toRecount(b) && !ahead
}

// toRecount reports whether the time before the live lane's start is still to be counted again. What
// comes late or is seen late is nobody else's there; once an audit's window has passed it has come.
func (l *backfill) toRecount(b ledger.HistoryState) bool {
	return !b.Recounted && l.set.auditWindow > 0
}

// recountFrom is where that time begins.
func (l *backfill) recountFrom() time.Time {
	return ledger.BinOf(l.at().LiveStart.At.Add(-l.set.auditWindow)).Start()
}

// countAgain is from when on the ledger is needed for another count; zero if nothing is counted again.
func (l *backfill) countAgain() time.Time {
	if !l.toRecount(l.at()) {
		return time.Time{}
	}
	return l.recountFrom()
}

// move begins a span. Of the ledger, what is needed again is kept.
func (l *backfill) move(from, to time.Time) {
	l.ledger.History().BeginSpan(from, to, l.countAgain())
	l.pollRange = pollRange{next: from, to: to}
	l.tell()
}

// readSpan reads what is left of a span, counts it on the service, and ends it.
func (l *backfill) readSpan(ctx context.Context) error {
	h := l.at()
	if !l.pollRange.to.Equal(h.Span.To) {
		l.pollRange = pollRange{next: h.Span.Until, to: h.Span.To}
	}
	ahead := h.LiveStart.At.Before(h.Span.To)
	if !ahead || !l.mixed {
		// Where arrival is no longer known, the rows ahead cannot be told from live ones.
		if err := l.readRanges(ctx); err != nil {
			return err
		}
		if err := l.verify(ctx, h.Span.From, h.Span.To); err != nil {
			return err
		}
	}
	if ahead {
		l.ledger.History().EndAhead(l.countAgain())
	} else {
		l.ledger.History().EndSpan(l.countAgain())
	}
	l.tell()
	return l.keep()
}

// recount counts the time before the live lane's start again.
func (l *backfill) recount(ctx context.Context, oldest time.Time) error {
	if err := l.verify(ctx, latest(l.recountFrom(), oldest), l.at().LiveStart.At); err != nil {
		return err
	}
	l.ledger.History().EndRecount()
	l.tell()
	return l.keep()
}

// verify counts a range on the service and reads what is missing of it. What cannot be read is passed over.
func (l *backfill) verify(ctx context.Context, from, to time.Time) error {
	if l.set.auditWindow == 0 || !from.Before(to) {
		return nil
	}
	return l.compare(ctx, query.Page{From: from, To: to, MaxRows: l.set.maxRows})
}

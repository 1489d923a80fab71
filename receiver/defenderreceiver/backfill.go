package defenderreceiver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

const (
	// laneBackfill is tables.AttributeLane on rows of history.
	laneBackfill = "backfill"
	// historySpan is how much of history is read and counted as one.
	historySpan = 24 * time.Hour
)

// beginning is where a live lane began, once that is known.
type beginning struct {
	known chan struct{}
	once  sync.Once
	at    checkpoint.Start // set before known is closed
}

func newBeginning() *beginning { return &beginning{known: make(chan struct{})} }

func (b *beginning) tell(at checkpoint.Start) {
	b.once.Do(func() {
		b.at = at
		close(b.known)
	})
}

// backfill is the lane that reads what had come before a table's live lane began. It reads a day of event
// time at a time, the newest day first, each in order of time, counts it on the service, and goes on to
// the day before. What lies shortly before the live lane's start is counted once more later on. Rows that came
// later are the live lane's, however old they are.
type backfill struct {
	*table
	live   *beginning
	window time.Duration
	// mixed: the service no longer says when rows arrived, so the lanes cannot be told apart by it.
	mixed bool
}

func newBackfill(cfg *Config, declared *tables.Table, live *beginning) (*backfill, error) {
	t, err := newTable(cfg, declared)
	if err != nil {
		return nil, err
	}
	t.lane = laneBackfill
	t.batch = cfg.newBatch(declared, laneBackfill)
	t.readAlong(query.EventTime)
	return &backfill{table: t, live: live, window: cfg.Backfill.Window}, nil
}

// runBackfill polls once the live lane has begun.
func (l *backfill) runBackfill(ctx context.Context) {
	select {
	case <-l.live.known:
		l.run(ctx, l.poll)
	case <-ctx.Done():
	}
}

// poll reads a span of history, and what was set aside of it.
func (l *backfill) poll(ctx context.Context) error {
	if l.position == nil {
		l.start()
	}
	l.tell()
	live := l.at().Live
	if l.serviceNow().Before(live.At.Add(l.cfg.Settle)) {
		// Not all that came before the live lane's start can be seen yet.
		return nil
	}
	l.leaveToLive(live)
	more, err := l.step(ctx)
	if err == nil {
		err = l.retryAside(ctx)
	}
	if isRefused(err) {
		return errors.Join(err, l.checkArrival(ctx))
	}
	l.more = more && err == nil
	return err
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
func (l *backfill) at() checkpoint.Backfill { return *l.position.cursor.Backfill }

func (l *backfill) start() {
	start := l.live.at
	l.position = newPosition(checkpoint.Cursor{
		Axis: string(ModeEventTime), Filter: l.query.Filter(), Since: start.At, CompleteUntil: start.At,
		Backfill: &checkpoint.Backfill{Live: start, Reached: start.At},
	}, nil)
}

// leaveToLive keeps the lanes disjoint. Where the live lane reads by arrival, its rows are those that came
// after its start; else they are those that happened after it, and no span reaches there.
func (l *backfill) leaveToLive(live checkpoint.Start) {
	before := time.Time{}
	if axisOf(live.Axis) == query.Arrival && !l.mixed {
		before = live.At
	}
	if !l.query.ArrivedBefore.Equal(before) {
		l.query.ArrivedBefore = before
		l.readAlong(query.EventTime)
	}
}

// oldest is where history begins: at the window's end, or what the service still has.
func (l *backfill) oldest() time.Time {
	return latest(l.at().Live.At.Add(-l.window), l.serviceNow().Add(-retention)).Truncate(tick)
}

// step reads a span, or counts once more, and reports whether there was anything to do.
func (l *backfill) step(ctx context.Context) (bool, error) {
	b, oldest := l.at(), l.oldest()
	switch {
	case !b.To.IsZero():
		// A span is being read.
	case oldest.Before(b.Reached):
		day := b.Reached.Add(-tick).Truncate(historySpan)
		l.move(latest(day, oldest), b.Reached)
	case l.done(b), l.serviceNow().Before(b.Live.At.Add(l.auditWindow())):
		return false, nil
	case l.toRecount(b):
		return true, l.recount(ctx, oldest)
	default:
		// What came before the live lane's start may say that it happens after it.
		l.move(b.Live.At, b.Live.At.Add(retention))
	}
	return true, l.readSpan(ctx)
}

// done reports whether nothing is left, if no span is being read.
func (l *backfill) done(b checkpoint.Backfill) bool {
	ahead := !b.Ahead && axisOf(b.Live.Axis) == query.Arrival
	return !l.oldest().Before(b.Reached) && !l.toRecount(b) && !ahead
}

// toRecount reports whether the time before the live lane's start is still to be counted again. What
// comes late or is seen late is nobody else's there; once an audit's window has passed it has come.
func (l *backfill) toRecount(b checkpoint.Backfill) bool {
	return !b.Recounted && l.auditWindow() > 0
}

// recountFrom is where that time begins.
func (l *backfill) recountFrom() time.Time {
	return checkpoint.BinOf(l.at().Live.At.Add(-l.auditWindow())).Start()
}

// move begins a span. Of the ledger that is kept which is needed again.
func (l *backfill) move(from, to time.Time) {
	b := l.at()
	b.To = to
	l.set(b, from)
	l.pass = pass{next: from, to: to}
}

// set changes how far history was read; a span that is to be read begins at from.
func (l *backfill) set(b checkpoint.Backfill, from time.Time) {
	cursor := &l.position.cursor
	cursor.Since, cursor.CompleteUntil, cursor.Backfill = from, from, &b
	again := checkpoint.BinOf(l.recountFrom())
	l.position.drop(func(bin checkpoint.Bin) bool { return l.isAside(bin) || l.toRecount(b) && bin >= again })
	l.tell()
}

// readSpan reads what is left of a span, counts it on the service, and ends it.
func (l *backfill) readSpan(ctx context.Context) error {
	b, from := l.at(), l.position.cursor.Since
	if !l.pass.to.Equal(b.To) {
		l.pass = pass{next: l.position.cursor.CompleteUntil, to: b.To}
	}
	ahead := b.Live.At.Before(b.To)
	if !ahead || !l.mixed {
		// Where arrival is no longer known, the rows ahead cannot be told from live ones.
		if err := l.readRanges(ctx); err != nil {
			return err
		}
		if err := l.verify(ctx, from, b.To); err != nil {
			return err
		}
	}
	if ahead {
		b.Ahead = true
	} else {
		b.Reached = from
	}
	b.To = time.Time{}
	l.set(b, from)
	return l.keep()
}

// recount counts the time before the live lane's start again.
func (l *backfill) recount(ctx context.Context, oldest time.Time) error {
	b := l.at()
	if err := l.verify(ctx, latest(l.recountFrom(), oldest), b.Live.At); err != nil {
		return err
	}
	b.Recounted = true
	l.set(b, l.position.cursor.Since)
	return l.keep()
}

// verify counts a range on the service and reads what is missing of it. What cannot be read is set aside.
func (l *backfill) verify(ctx context.Context, from, to time.Time) error {
	if l.auditWindow() == 0 || !from.Before(to) {
		return nil
	}
	return l.compare(ctx, query.Page{From: from, To: to, MaxRows: l.cfg.Page.MaxRows})
}

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
// the day before. Rows that came later are the live lane's, however old they are.
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
	t.chunk = newChunk(declared, cfg.Credentials.TenantID, laneBackfill)
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

// poll reads history to its end, and later on what was set aside of it.
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
	for {
		more, err := l.nextSpan(ctx)
		if err == nil && more {
			err = l.readSpan(ctx)
		}
		if err == nil {
			err = l.retryAside(ctx)
		}
		if isRefused(err) {
			return errors.Join(err, l.checkArrival(ctx))
		}
		if err != nil || !more {
			return err
		}
	}
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

// nextSpan begins what is read next, unless a span is being read, and reports whether there is any.
func (l *backfill) nextSpan(ctx context.Context) (bool, error) {
	b := l.at()
	if !b.To.IsZero() {
		return true, nil
	}
	if !l.left(b) {
		return false, nil
	}
	if oldest := l.oldest(); oldest.Before(b.Reached) {
		day := b.Reached.Add(-tick).Truncate(historySpan)
		return true, l.move(ctx, latest(day, oldest), b.Reached)
	}
	return true, l.move(ctx, b.Live.At, b.Live.At.Add(retention))
}

// left reports whether a span is left when none is being read. The last one is what came before the live
// lane's start and says that it happened after it: along event time that is the live lane's.
func (l *backfill) left(b checkpoint.Backfill) bool {
	return l.oldest().Before(b.Reached) || !b.Ahead && axisOf(b.Live.Axis) == query.Arrival
}

// move begins a span. The ledger begins anew with it, but for what is set aside.
func (l *backfill) move(ctx context.Context, from, to time.Time) error {
	cursor, b := l.position.cursor, l.at()
	b.To = to
	cursor.Since, cursor.CompleteUntil, cursor.Backfill = from, from, &b
	next := newPosition(cursor, nil)
	next.change.Reset = true
	for _, r := range cursor.Aside {
		for bin := checkpoint.BinOf(r.From); bin.Start().Before(r.To); bin++ {
			ids, err := l.keeper.Bin(ctx, l.id(), bin)
			if err != nil {
				return err
			}
			for _, uid := range ids {
				next.add(uid, bin.Start())
			}
		}
	}
	l.position, l.pass, l.span = next, pass{next: from, to: to}, newSpan()
	l.tell()
	return l.keep()
}

// readSpan reads what is left of a span, counts it on the service, and ends it.
func (l *backfill) readSpan(ctx context.Context) error {
	b, from := l.at(), l.position.cursor.Since
	if !l.pass.to.Equal(b.To) {
		l.pass = pass{next: l.position.cursor.CompleteUntil, to: b.To}
	}
	if err := l.readRanges(ctx); err != nil {
		return err
	}
	if l.auditWindow() > 0 {
		if err := l.compare(ctx, query.Page{From: from, To: b.To, MaxRows: l.cfg.Page.MaxRows}); err != nil {
			return err
		}
	}
	if b.Live.At.Before(b.To) {
		b.Ahead = true
	} else {
		b.Reached = from
	}
	b.To = time.Time{}
	l.position.cursor.Backfill = &b
	l.tell()
	return l.keep()
}

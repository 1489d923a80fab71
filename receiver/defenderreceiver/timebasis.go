package defenderreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// alertOverlap is the least overlap of Alerts along event time: an alert's Timestamp is that of the
// activity, and its rows come when it is raised.
const alertOverlap = 24 * time.Hour

const (
	// minReach is the least reach, whatever the overlap.
	minReach = time.Hour
	// emptyProbe is how often a table without rows is asked for its time basis again.
	emptyProbe = 10 * time.Minute
)

// basisNames are the time bases by their names in the configuration.
var basisNames = map[query.TimeBasis]Mode{query.Arrival: ModeIngestionTime, query.EventTime: ModeEventTime}

// overlap is how much of the past each poll reads again.
func (t *reader) overlap() time.Duration {
	switch {
	case t.query.TimeBasis == query.Arrival, t.lane == logrecord.LaneBackfill:
		return 0
	case t.query.Kind == tables.Alerts:
		return max(t.set.overlap, alertOverlap)
	default:
		return t.set.overlap
	}
}

// reach is how far behind its cursor a table goes on along another time basis: a row that lies before the
// cursor on one basis may lie behind it on the other.
func (t *reader) reach() time.Duration {
	if t.query.Kind == tables.Alerts {
		return max(t.set.overlap, alertOverlap)
	}
	return max(t.set.overlap, minReach) + emptyProbe
}

// basisOf is the time basis of a name in a cursor.
func basisOf(name string) query.TimeBasis {
	if name == string(ModeEventTime) {
		return query.EventTime
	}
	return query.Arrival
}

// begin asks the service for its time, and along which time basis the table can be read, and fixes where to
// begin if no cursor did. A table without recent rows does not tell its time basis: it is read along the
// one that it was read along, or arrival, and asked again soon.
func (t *table) begin(ctx context.Context) error {
	if t.ledger != nil && t.serviceNow().Before(t.nextProbe) {
		return nil
	}
	rows, unknown, err := t.probe(ctx)
	if err != nil {
		return err
	}
	before := t.nextProbe
	t.nextProbe = t.serviceNow().Add(emptyProbe)
	if rows > 0 {
		t.nextProbe = t.serviceNow().Add(retention)
	}
	if rows > 0 || t.ledger == nil {
		if err := t.chooseTimeBasis(ctx, unknown == 0); err != nil {
			t.nextProbe = before
			return err
		}
	}
	t.ledger.SetFilter(t.query.Filter())
	t.health.Progress(t.ledger.CompleteUntil())
	if before.IsZero() {
		t.logger.Info("Reading begins.", zap.String("mode", t.ledger.TimeBasis()),
			zap.Time("complete_until", t.ledger.CompleteUntil()))
	}
	return nil
}

// chooseTimeBasis takes the configured time basis; in mode auto arrival, if the service knows it. A
// ledger along the other one is carried over.
func (t *table) chooseTimeBasis(ctx context.Context, arrivalKnown bool) error {
	basis := query.Arrival
	if mode := t.set.mode; mode == ModeEventTime || mode == ModeAuto && !arrivalKnown {
		basis = query.EventTime
	}
	if basis == query.Arrival && !arrivalKnown {
		return failure.ErrNoArrival
	}
	t.readAlong(basis)
	if t.audits.next.IsZero() {
		t.audits.next = t.serviceNow().Add(t.set.auditInterval)
	}
	switch {
	case t.ledger == nil, t.query.Kind == tables.Directory && t.ledger.TimeBasis() != string(basisNames[basis]):
		return t.start()
	case t.ledger.TimeBasis() != string(basisNames[basis]):
		return t.carryOver(ctx)
	}
	return nil
}

// resume takes up the stored ledger, if there is one, or fixes when the table was first started.
func (t *table) resume(ctx context.Context, keeper *ledger.Keeper) error {
	t.keeper = keeper
	found, err := t.takeUp(ctx, keeper)
	if err != nil {
		return err
	}
	if !found {
		return t.startFirst(ctx)
	}
	t.liveStart.tell(t.ledger.Cursor().LiveStart)
	return nil
}

// startFirst fixes the first start of a table that has no cursor, so that tries which fail do not move where it begins.
func (t *table) startFirst(ctx context.Context) error {
	first, isNow, err := t.keeper.FirstStart(ctx, t.id(), t.now())
	if err != nil {
		return err
	}
	t.first, t.started = first, firstStart
	if !isNow {
		t.started = earlierStart
	}
	t.health.Progress(first.Add(-t.set.lookback))
	return nil
}

// sinceFirst is how long ago the first start was, as long as there is no cursor.
func (t *table) sinceFirst() time.Duration {
	if t.first.IsZero() {
		return 0
	}
	return max(t.now().Sub(t.first), 0)
}

// started is what a table found in the storage when the receiver started.
type started uint8

const (
	resumed      started = iota // a cursor
	firstStart                  // nothing
	earlierStart                // an earlier start that has not read anything
)

// tellStarts says which tables have no cursor, and from when on they are read: what existed and is gone is seen here.
func (r *defenderReceiver) tellStarts() {
	found := map[started][]string{}
	for _, l := range r.lanes {
		if t, live := l.source.(*table); live {
			found[t.started] = append(found[t.started], t.name)
		}
	}
	from := zap.Time("from", r.now().Add(-r.cfg.InitialLookback))
	switch {
	case len(found[firstStart]) == 0:
	case len(found[resumed])+len(found[earlierStart]) == 0:
		r.set.Logger.Warn("The storage holds no cursor, so this counts as the first start: rows are read that arrive after the time below. "+
			"If this receiver has run before, its cursors are gone: restore the storage, or set initial_lookback to reach back to "+
			"its last run, which gives rows again that were delivered.", from)
	default:
		r.set.Logger.Warn("The storage holds cursors of other tables and none of these, so they are started now: rows are read that arrive "+
			"after the time below. If they were read before, their cursors are gone: restore the storage.",
			zap.Strings("tables", found[firstStart]), from)
	}
	if tables := found[earlierStart]; len(tables) > 0 {
		r.set.Logger.Info("An earlier start has read nothing of these tables yet. They are read from where it wanted to begin.",
			zap.Strings("tables", tables))
	}
}

// start begins a table that has no cursor. Where it begins is kept at once: history ends there.
func (t *table) start() error {
	lookback := t.set.lookback
	if t.query.Kind == tables.Directory {
		lookback = query.SnapshotWindow
	}
	// What arrived while the first tries failed is wanted, too.
	from := latest(t.serviceNow().Add(-lookback-t.sinceFirst()), t.serviceNow().Add(-retention)).Truncate(paging.Tick)
	t.ledger = ledger.Begin(t.keeper, t.id(), string(basisNames[t.query.TimeBasis]), t.query.Filter(), from)
	// The keeper has it even if its last write failed, and stores it before what history gives it.
	err := t.keep()
	t.liveStart.tell(t.ledger.Cursor().LiveStart)
	return err
}

// carryOver goes on along another time basis. The rows that were delivered or refused along the old one are kept by
// id. The new one begins early enough to meet rows that lie before the cursor on one basis and behind it on the other.
func (t *table) carryOver(ctx context.Context) error {
	before := t.ledger.TimeBasis()
	next, err := t.ledger.CarryOver(ctx, string(basisNames[t.query.TimeBasis]), t.query.Filter(),
		t.ledger.CompleteUntil().Add(-t.reach()), t.serviceNow())
	if err != nil {
		return err
	}
	t.pollRange, t.ledger = pollRange{}, next
	t.logger.Warn("The table is read along another time than before; rows that were delivered are recognised.",
		zap.String("before", before), zap.String("now", t.ledger.TimeBasis()))
	return t.keep()
}

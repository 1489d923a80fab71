package defenderreceiver

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// alertOverlap is the least overlap of Alerts along event time: an alert's Timestamp is that of the
// activity, and its rows come when it is raised.
const alertOverlap = 24 * time.Hour

const (
	// minReach is the least reach, whatever the overlap.
	minReach = time.Hour
	// emptyProbe is how often a table without rows is asked for its axis again.
	emptyProbe = 10 * time.Minute
)

// axisNames are the axes by their names in the configuration.
var axisNames = map[query.Axis]Mode{query.Arrival: ModeIngestionTime, query.EventTime: ModeEventTime}

// overlap is how much of the past each poll reads again.
func (t *table) overlap() time.Duration {
	switch {
	case t.query.Axis == query.Arrival, t.lane == laneBackfill:
		return 0
	case t.query.Kind == tables.Alerts:
		return max(t.cfg.LateArrival.Overlap, alertOverlap)
	default:
		return t.cfg.LateArrival.Overlap
	}
}

// reach is how far behind its position a table goes on along another axis: a row that lies before the
// position on one axis may lie behind it on the other.
func (t *table) reach() time.Duration {
	if t.query.Kind == tables.Alerts {
		return max(t.cfg.LateArrival.Overlap, alertOverlap)
	}
	return max(t.cfg.LateArrival.Overlap, minReach) + emptyProbe
}

// axisOf is the axis of a name in a cursor.
func axisOf(name string) query.Axis {
	if name == string(ModeEventTime) {
		return query.EventTime
	}
	return query.Arrival
}

// begin asks the service for its time, and along which axis the table can be read, and fixes where to
// begin if no cursor did. A table without recent rows does not tell its axis: it is read along the
// one that it was read along, or arrival, and asked again soon.
func (t *table) begin(ctx context.Context) error {
	if t.position != nil && t.serviceNow().Before(t.nextProbe) {
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
	if rows > 0 || t.position == nil {
		if err := t.chooseAxis(ctx, unknown == 0); err != nil {
			t.nextProbe = before
			return err
		}
	}
	t.compareFilter()
	t.state.progress(t.position.cursor.CompleteUntil)
	if before.IsZero() {
		t.logger.Info("Reading begins.", zap.String("mode", t.position.cursor.Axis),
			zap.Time("complete_until", t.position.cursor.CompleteUntil))
	}
	return nil
}

// chooseAxis takes the configured axis; in mode auto arrival, if the service knows it. A position
// along the other axis is carried over.
func (t *table) chooseAxis(ctx context.Context, arrivalKnown bool) error {
	axis := query.Arrival
	if mode := t.cfg.LateArrival.Mode; mode == ModeEventTime || mode == ModeAuto && !arrivalKnown {
		axis = query.EventTime
	}
	if axis == query.Arrival && !arrivalKnown {
		return failure.ErrNoArrival
	}
	t.readAlong(axis)
	if t.audits.next.IsZero() {
		t.audits.next = t.serviceNow().Add(t.cfg.LateArrival.Audit.Interval)
	}
	switch {
	case t.position == nil, t.query.Kind == tables.Directory && t.position.cursor.Axis != string(axisNames[axis]):
		return t.start()
	case t.position.cursor.Axis != string(axisNames[axis]):
		return t.carryOver(ctx)
	}
	return nil
}

// compareFilter begins the audits anew where the rows are filtered in another way than before: the
// service counts other rows then. The position stays.
func (t *table) compareFilter() {
	if t.position.cursor.Filter != t.query.Filter() {
		t.position.cursor.Filter, t.position.cursor.Since = t.query.Filter(), t.position.cursor.CompleteUntil
	}
}

// resume takes up the stored cursor, if there is one, and the rows that may be read again.
func (t *table) resume(ctx context.Context) error {
	cursor, ledger, found, err := t.keeper.Load(ctx, t.id())
	if err != nil {
		return err
	}
	if !found {
		return t.startFirst(ctx)
	}
	t.readAlong(axisOf(cursor.Axis))
	if cursor.Began.At.IsZero() {
		cursor.Began = checkpoint.Start{Axis: cursor.Axis, At: cursor.Since}
	}
	t.position = newPosition(cursor, ledger)
	t.began.tell(cursor.Began)
	t.state.progress(cursor.CompleteUntil)
	t.state.setAside(len(cursor.Aside))
	oldest := checkpoint.BinOf(cursor.CompleteUntil.Add(-t.overlap()))
	for bin := range ledger {
		if bin < oldest && bin != checkpoint.Carried || cursor.Backfill != nil && !bin.Start().Before(cursor.Backfill.To) {
			continue
		}
		ids, err := t.keeper.Bin(ctx, t.id(), bin)
		if err != nil {
			return err
		}
		t.position.remember(bin, ids...)
	}
	if ids, ok := t.position.recent[checkpoint.Carried]; ok {
		t.position.carried = ids
		delete(t.position.recent, checkpoint.Carried)
	}
	return nil
}

// startFirst fixes the first start of a table that has no cursor, so that tries which fail do not move where it begins.
func (t *table) startFirst(ctx context.Context) error {
	if t.lane != "" {
		// History begins where the live lane does.
		return nil
	}
	first, isNow, err := t.keeper.FirstStart(ctx, t.id(), t.now())
	if err != nil {
		return err
	}
	t.first, t.started = first, firstStart
	if !isNow {
		t.started = earlierStart
	}
	t.state.progress(first.Add(-t.cfg.InitialLookback))
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
	for _, t := range r.readers {
		if t.keeper != nil {
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
	lookback := t.cfg.InitialLookback
	if t.query.Kind == tables.Directory {
		lookback = query.SnapshotWindow
	}
	// What arrived while the first tries failed is wanted, too.
	from := latest(t.serviceNow().Add(-lookback-t.sinceFirst()), t.serviceNow().Add(-retention)).Truncate(tick)
	axis := string(axisNames[t.query.Axis])
	began := checkpoint.Start{Axis: axis, At: from}
	t.position = newPosition(checkpoint.Cursor{Axis: axis, Filter: t.query.Filter(), Since: from, CompleteUntil: from, Began: began}, nil)
	// The keeper has it even if its last write failed, and stores it before what history gives it.
	err := t.keep()
	t.began.tell(began)
	return err
}

// carryOver goes on along another axis. What was delivered along the old one is kept by id, and the
// new one begins early enough to meet rows that lie before the position on one axis and behind it
// on the other.
func (t *table) carryOver(ctx context.Context) error {
	old := t.position
	carried := map[uuid.UUID]struct{}{}
	for bin := range old.ledger {
		ids, err := t.keeper.Bin(ctx, t.id(), bin)
		if err != nil {
			return err
		}
		for _, id := range ids {
			carried[id] = struct{}{}
		}
	}
	t.pass = pass{}
	maps.Copy(carried, old.carried)
	from := old.cursor.CompleteUntil.Add(-t.reach())
	t.position = newPosition(checkpoint.Cursor{
		Axis: string(axisNames[t.query.Axis]), Filter: t.query.Filter(), Since: from, CompleteUntil: from,
		CarriedUntil: t.serviceNow(), Aside: old.cursor.Aside, Began: old.cursor.Began,
	}, nil)
	t.position.carried = carried
	for id := range carried {
		t.position.change.Delivered[checkpoint.Carried] = append(t.position.change.Delivered[checkpoint.Carried], id)
	}
	t.position.change.Reset, t.position.change.DropCarried = true, true
	t.logger.Warn("The table is read along another time than before; rows that were delivered are recognised.",
		zap.String("before", old.cursor.Axis), zap.String("now", t.position.cursor.Axis))
	return t.keep()
}

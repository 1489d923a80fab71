package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/checkpoint"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// alertOverlap is the least overlap of Alerts along event time: an alert's Timestamp is that of the
// activity, and its rows come when it is raised.
const alertOverlap = 24 * time.Hour

var errNoIngestion = errors.New("the service does not say when rows of this table arrived (ingestion_time() is null): " +
	"set late_arrival::mode to auto or event_time")

// axisNames are the axes by their names in the configuration.
var axisNames = map[query.Axis]Mode{query.Arrival: ModeIngestionTime, query.EventTime: ModeEventTime}

// overlap is how much of the past each poll reads again.
func (t *table) overlap() time.Duration {
	switch {
	case t.query.Axis == query.Arrival:
		return 0
	case t.query.Kind == tables.Alerts:
		return max(t.cfg.LateArrival.Overlap, alertOverlap)
	default:
		return t.cfg.LateArrival.Overlap
	}
}

// begin asks the service for its time, and along which axis the table can be read, and fixes where to
// begin if no cursor did. It reports whether the table can be read: an empty table does not tell its
// axis, so it is asked again instead, and is complete up to now.
func (t *table) begin(ctx context.Context) (bool, error) {
	if t.begun {
		return true, nil
	}
	rows, unknown, err := t.probe(ctx)
	if err != nil {
		return false, err
	}
	if err := t.chooseAxis(ctx, unknown == 0); err != nil {
		return false, err
	}
	t.state.progress(t.position.cursor.CompleteUntil)
	if rows == 0 {
		return false, t.advance(t.horizon())
	}
	t.begun = true
	t.logger.Info("The table is read.", zap.String("mode", t.position.cursor.Axis),
		zap.Time("complete_until", t.position.cursor.CompleteUntil))
	return true, nil
}

// chooseAxis takes the configured axis; in mode auto arrival, if the service knows it. A position
// along the other axis is carried over.
func (t *table) chooseAxis(ctx context.Context, arrivalKnown bool) error {
	axis := query.Arrival
	switch mode := t.cfg.LateArrival.Mode; {
	case t.query.Kind == tables.Directory:
	case mode == ModeEventTime, mode == ModeAuto && !arrivalKnown:
		axis = query.EventTime
	}
	if axis == query.Arrival && !arrivalKnown {
		return errNoIngestion
	}
	t.readAlong(axis)
	if t.nextAudit.IsZero() {
		t.nextAudit = t.serviceNow().Add(t.cfg.LateArrival.Audit.Interval)
	}
	switch {
	case t.position == nil:
		t.start()
	case t.position.cursor.Axis != string(axisNames[axis]):
		return t.carryOver(ctx)
	case t.position.cursor.Filter != t.query.Filter():
		// Under another filter the service counts other rows: audits begin anew, the position stays.
		t.position.cursor.Filter, t.position.cursor.Since = t.query.Filter(), t.position.cursor.CompleteUntil
	}
	return nil
}

// resume takes up the stored cursor, if there is one, and the rows that may be read again.
func (t *table) resume(ctx context.Context) error {
	cursor, ledger, found, err := t.keeper.Load(ctx, t.name)
	if err != nil || !found {
		return err
	}
	for axis, name := range axisNames {
		if cursor.Axis == string(name) {
			t.readAlong(axis)
		}
	}
	t.position = newPosition(cursor, ledger)
	t.state.progress(cursor.CompleteUntil)
	t.state.setAside(len(cursor.Aside))
	oldest := checkpoint.BinOf(cursor.CompleteUntil.Add(-t.overlap()))
	for bin := range ledger {
		if bin < oldest && bin != checkpoint.Carried {
			continue
		}
		ids, err := t.keeper.Bin(ctx, t.name, bin)
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

// start begins a table that has no cursor.
func (t *table) start() {
	lookback := t.cfg.InitialLookback
	if t.query.Kind == tables.Directory {
		lookback = query.SnapshotWindow
	}
	from := t.serviceNow().Add(-lookback).Truncate(tick)
	t.position = newPosition(checkpoint.Cursor{
		Axis: string(axisNames[t.query.Axis]), Filter: t.query.Filter(), Since: from, CompleteUntil: from,
	}, nil)
}

// carryOver goes on along another axis. What was delivered along the old one is kept by id, and the
// new one begins early enough to meet rows that lie before the position on one axis and behind it
// on the other.
func (t *table) carryOver(ctx context.Context) error {
	old := t.position
	carried := map[uuid.UUID]struct{}{}
	for bin := range old.ledger {
		ids, err := t.keeper.Bin(ctx, t.name, bin)
		if err != nil {
			return err
		}
		for _, id := range ids {
			carried[id] = struct{}{}
		}
	}
	t.pass = pass{}
	reach := max(t.cfg.LateArrival.Overlap, t.overlap())
	from := old.cursor.CompleteUntil.Add(-reach)
	t.position = newPosition(checkpoint.Cursor{
		Axis: string(axisNames[t.query.Axis]), Filter: t.query.Filter(), Since: from, CompleteUntil: from,
		Aside: old.cursor.Aside,
	}, nil)
	t.position.carried = carried
	for id := range carried {
		t.position.change.Delivered[checkpoint.Carried] = append(t.position.change.Delivered[checkpoint.Carried], id)
	}
	t.position.change.Forget = checkpoint.BinOf(t.serviceNow().Add(retention))
	t.logger.Warn("The table is read along another time than before; rows that were delivered are recognised.",
		zap.String("before", old.cursor.Axis), zap.String("now", t.position.cursor.Axis))
	return t.keep()
}

// checkAxis asks again whether the service still says when rows arrive: rows without it would not be
// found, and nothing else would tell.
func (t *table) checkAxis(ctx context.Context) error {
	if t.cfg.LateArrival.Mode != ModeAuto {
		return nil
	}
	rows, unknown, err := t.probe(ctx)
	if err != nil || rows == 0 || (unknown == 0) == (t.query.Axis == query.Arrival) {
		return err
	}
	return t.chooseAxis(ctx, unknown == 0)
}

// probe looks at some rows of the table, and at how many of them the service does not say when they
// arrived.
func (t *table) probe(ctx context.Context) (rows, unknown int, err error) {
	answer, err := t.send(ctx, t.query.Probe(), query.ProbeColumns())
	if err != nil {
		return 0, 0, err
	}
	defer answer.Close()
	body := pcommon.NewMap()
	if ok, err := answer.Next(body); err != nil || !ok {
		return 0, 0, errors.Join(errors.New("the probe gave no row"), err)
	}
	return number(body, query.ProbeRows), number(body, query.ProbeUnknown), nil
}

func number(body pcommon.Map, column string) int {
	v, _ := body.Get(column)
	return int(v.Int())
}

package defenderreceiver

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// table is the live lane of a table. Everything in it belongs to the loop of the lane, except health.
type table struct {
	*auditor
	keeper    *ledger.Keeper // nil for directories, which are read anew at each start
	nextProbe time.Time      // when the service is asked again for the time basis; zero: not asked yet
	liveStart *liveStart
	// first is when the receiver was started first with this table, on this machine's clock.
	first   time.Time
	started started
	// watermarks is nil if there are none.
	watermarks *announcer
}

func newTable(cfg *Config, declared *tables.Table) (*table, error) {
	r, err := newReader(cfg, declared, "")
	if err != nil {
		return nil, err
	}
	return &table{auditor: newAuditor(r), liveStart: newLiveStart()}, nil
}

// Poll reads all that has come and settled.
func (t *table) Poll(ctx context.Context) (bool, error) {
	t.beginPoll()
	return false, t.poll(ctx)
}

func (t *table) poll(ctx context.Context) error {
	if t.nextProbe.IsZero() {
		if err := t.begin(ctx); err != nil {
			return err
		}
	}
	if err := t.readPollRange(ctx); err != nil {
		if failure.CauseOf(err) == failure.Query {
			// The service may have stopped saying when rows arrive.
			t.nextProbe = time.Time{}
		}
		return err
	}
	// What is not about new rows comes after them, so that they do not wait for it.
	if err := t.retryUnreadable(ctx); err != nil {
		return err
	}
	if t.watermarks != nil {
		t.watermarks.announce(ctx, t.reader)
	}
	if err := t.begin(ctx); err != nil {
		return err
	}
	if t.auditDue() {
		return errors.Join(t.checkTimeBasis(ctx), t.audit(ctx))
	}
	return nil
}

// readPollRange reads all that has come and settled, and what is read again of the overlap.
func (t *table) readPollRange(ctx context.Context) error {
	if err := t.leaveFuture(ctx); err != nil {
		return err
	}
	if t.overlap() == 0 || !t.pollRange.next.Before(t.pollRange.to) {
		cursor := t.ledger.Cursor()
		if !cursor.CompleteUntil.Before(t.horizon()) && cursor.CompleteUntil.After(cursor.Since) {
			// A clock stands, or was set back behind what was read. There is nothing to ask for, but without a
			// question the service's time would not be learned again.
			if _, _, err := t.probe(ctx); err != nil {
				return err
			}
		}
		next := latest(cursor.CompleteUntil.Add(-t.overlap()), cursor.Since)
		if next.Before(t.horizon()) {
			// Where the quota is short a turn may take an hour: what came meanwhile is read with it.
			if err := t.service.TakeTurn(ctx, service.Read); err != nil {
				return err
			}
			defer t.service.LeaveTurn()
		}
		t.pollRange = pollRange{next: next, to: t.horizon()}
	}
	return t.readRanges(ctx)
}

// futureTolerance is by how much a cursor may be ahead of what is known of the service's time.
const futureTolerance = time.Minute

// leaveFuture takes a cursor back that is ahead of the service's time: rows that come meanwhile would be passed over.
// What the ledger reaches back to is read again, and rows that were delivered are recognised.
func (t *table) leaveFuture(ctx context.Context) error {
	now, known := t.service.ServiceNow()
	cursor := t.ledger.Cursor()
	if !known || !cursor.CompleteUntil.After(now.Add(futureTolerance)) {
		return nil
	}
	// The ledger reaches back no further.
	from := latest(cursor.CompleteUntil.Add(-max(t.set.auditWindow, t.reach())), cursor.Since)
	if from.After(now) {
		// The table was started ahead of the service's time.
		from = now.Add(-t.set.lookback - t.sinceFirst()).Truncate(paging.Tick)
	}
	t.logger.Error("The cursor is ahead of the service's time, so rows may have been passed over: it is set back, and what was delivered since is "+
		"recognised. If this comes again, look at the clock of what stands between the collector and the service.",
		zap.Time("complete_until", cursor.CompleteUntil), zap.Time("service_now", now), zap.Time("from", from))
	if err := t.ledger.Load(ctx, from, cursor.CompleteUntil); err != nil {
		return err
	}
	t.pollRange = pollRange{}
	t.ledger.SetBack(from)
	return t.keep()
}

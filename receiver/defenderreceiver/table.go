package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

type column = tables.Column

// table reads one table. Everything in it belongs to the table's own loop, except health.
type table struct {
	name     string
	lane     string // logrecord.LaneBackfill; empty: live
	cfg      *Config
	interval time.Duration // between polls, as configured
	query    query.Table
	columns  []column

	service   *service.Client
	scheduler *scheduler.Scheduler
	keeper    *ledger.Keeper // nil for directories, which are read anew at each start
	telemetry *telemetry
	logger    *zap.Logger
	now       func() time.Time
	health    *health.Source

	ids        *rowid.Hasher
	outlet     *delivery.Outlet
	pages      *paging.Window
	counts     paging.CountWindow
	ledger     *ledger.Ledger // nil until it is known where to begin
	nextProbe  time.Time      // when the service is asked again for the time basis; zero: not asked yet
	pass       pass
	duplicates int
	since      time.Time // when the poll began
	audits     auditing
	began      *beginning
	lacking    lacking
	// first is when the receiver was started first with this table, on this machine's clock.
	first   time.Time
	started started
}

// pass is what a poll has to read. A poll that fails leaves it to the next one, so that the overlap
// need not be read without a fault from its beginning. Its end stays where it was, because what
// arrives behind it is found only by a pass that begins an overlap before that end.
type pass struct{ next, to time.Time }

// newTable makes a reader that lacks only its surroundings.
func newTable(cfg *Config, declared *tables.Table) (*table, error) {
	own := cfg.Tables[declared.Name]
	q := query.Table{Table: declared, UserColumns: own.Columns}
	if own.Filter != "" {
		filter, err := kusto.Predicate(own.Filter)
		if err != nil {
			return nil, fmt.Errorf("'tables::%s::filter': %w", declared.Name, err)
		}
		q.UserFilter = filter
	}
	if cfg.HumanAccountsOnly {
		system := accounts.ServerRules()
		q.System = &system
	}
	t := &table{
		name: declared.Name, cfg: cfg, query: q,
		interval: cfg.interval(declared.Name),
		pages:    paging.NewWindow(), counts: paging.NewCountWindow(ledger.BinWidth), began: newBeginning(), lacking: lacking{declared: declared},
		ids:    rowid.New(cfg.Credentials.TenantID, declared, query.InfoTimestamp),
		audits: auditing{record: audit.NewRecord(time.Now())},
	}
	t.readAlong(query.Arrival)
	return t, nil
}

// readAlong sets the time basis, and what follows from it.
func (t *table) readAlong(basis query.TimeBasis) {
	t.query.TimeBasis = basis
	t.columns = t.query.AnswerColumns()
}

// beginPoll notes that a poll begins.
func (t *table) beginPoll() {
	t.since = time.Now()
	t.service.Begin(t.since)
}

// keepLast keeps what was delivered since the last change was kept: a poll may have ended in between.
func (t *table) keepLast() {
	if t.ledger != nil {
		if err := t.keep(); err != nil {
			t.logger.Error("The last position is not kept; rows may come again after a restart.", zap.Error(err))
		}
	}
}

// id names the table and its lane: in the storage, and where troubles are told.
func (t *table) id() string {
	if t.lane == "" {
		return t.name
	}
	return t.name + "/" + t.lane
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
	if err := t.readPass(ctx); err != nil {
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
	if err := t.begin(ctx); err != nil {
		return err
	}
	if t.auditDue() {
		return errors.Join(t.checkTimeBasis(ctx), t.audit(ctx))
	}
	return nil
}

// readPass reads all that has come and settled, and what is read again of the overlap.
func (t *table) readPass(ctx context.Context) error {
	if err := t.leaveFuture(ctx); err != nil {
		return err
	}
	if t.overlap() == 0 || !t.pass.next.Before(t.pass.to) {
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
		t.pass = pass{next: next, to: t.horizon()}
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
	from := latest(cursor.CompleteUntil.Add(-max(t.auditWindow(), t.reach())), cursor.Since)
	if from.After(now) {
		// The table was started ahead of the service's time.
		from = now.Add(-t.cfg.InitialLookback - t.sinceFirst()).Truncate(paging.Tick)
	}
	t.logger.Error("The cursor is ahead of the service's time, so rows may have been passed over: it is set back, and what was delivered since is "+
		"recognised. If this comes again, look at the clock of what stands between the collector and the service.",
		zap.Time("complete_until", cursor.CompleteUntil), zap.Time("service_now", now), zap.Time("from", from))
	if err := t.ledger.Load(ctx, from, cursor.CompleteUntil); err != nil {
		return err
	}
	t.pass = pass{}
	t.ledger.SetBack(from)
	return t.keep()
}

// readRanges reads what is left of the pass.
func (t *table) readRanges(ctx context.Context) error {
	for t.pass.next.Before(t.pass.to) {
		if err := t.keeper.Failure(); err != nil {
			return fmt.Errorf("%w: %w", failure.ErrStorage, err)
		}
		from, until := t.ledger.Unreadable().Around(t.pass.next, t.pass.to)
		t.pass.next = from
		if !from.Before(until) {
			continue
		}
		var err error
		if t.pass.next, err = t.readRange(ctx, from, until); errors.Is(err, errNothingSmaller) {
			t.pass.next = t.pages.Until(from, until)
			err = t.passOver(from, t.pass.next, err)
		}
		if err != nil {
			return err
		}
		t.ledger.Forget(t.overlap(), t.ledgerFrom())
	}
	return nil
}

// serviceNow is the service's time; the machine's own clock may be wrong.
func (t *table) serviceNow() time.Time {
	if now, known := t.service.ServiceNow(); known {
		return now
	}
	return t.now()
}

// horizon is how far the table can be read now. Along arrival it is the time before which rows have
// come and can be seen, as far as settle tells; along event time it is now, which keeps timestamps
// of the future from moving a cursor.
func (t *table) horizon() time.Time {
	now := t.serviceNow()
	if t.query.TimeBasis == query.Arrival {
		now = now.Add(-t.cfg.Settle)
	}
	return now.Truncate(paging.Tick)
}

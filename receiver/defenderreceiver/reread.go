package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// Rereading reads rows again that the receiver has read, or was to read: the same queries are sent, and what they cost
// counts in the receiver's quota. It moves no cursor. Of the receiver's storage it reads the cursors, and it reads and
// writes what was spent.
type Rereading struct {
	receiver *defenderReceiver
	client   service.API
	due      map[string]arrivals // by table
}

// arrivals are a half-open range of arrival.
type arrivals struct{ from, until time.Time }

// OpenRereading opens the storage and the quota's account. It sends nothing.
func OpenRereading(ctx context.Context, set receiver.Settings, cfg component.Config, host component.Host) (*Rereading, error) {
	r, err := newReceiver(set, *cfg.(*Config), outputs{})
	if err != nil {
		return nil, err
	}
	return r.openRereading(ctx, host)
}

// OpenRereadingBeside reads again beside a running collector, which holds the storage. It lends each query's turn out of the
// receiver's quota. completeUntil is up to when it has delivered each table.
func OpenRereadingBeside(ctx context.Context, set receiver.Settings, cfg component.Config, host component.Host, turns control.Lender,
	completeUntil map[string]time.Time,
) (*Rereading, error) {
	r, err := newReceiver(set, *cfg.(*Config), outputs{})
	if err != nil {
		return nil, err
	}
	return r.openRereadingBeside(ctx, host, turns, completeUntil)
}

func (r *defenderReceiver) openRereadingBeside(ctx context.Context, host component.Host, turns control.Lender,
	completeUntil map[string]time.Time,
) (*Rereading, error) {
	r.cfg.StorageID = nil
	again, err := r.openRereading(ctx, host)
	if err != nil {
		return nil, err
	}
	again.client = &lentAPI{API: again.client, turns: turns}
	for _, name := range again.Tables() {
		again.due[name] = arrivals{until: completeUntil[name]}
	}
	return again, nil
}

// lentAPI sends each query with a turn that is lent.
type lentAPI struct {
	service.API

	turns control.Lender
}

// Query implements service.API.
func (l *lentAPI) Query(ctx context.Context, kql string, columns []tables.Column) (*hunting.Rows, error) {
	return l.send(ctx, func() (*hunting.Rows, error) { return l.API.Query(ctx, kql, columns) })
}

// Users implements service.API.
func (l *lentAPI) Users(ctx context.Context, link string) (*hunting.Rows, error) {
	return l.send(ctx, func() (*hunting.Rows, error) { return l.API.Users(ctx, link) })
}

func (l *lentAPI) send(ctx context.Context, request func() (*hunting.Rows, error)) (*hunting.Rows, error) {
	turn, err := l.turns.Lend(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoTurn, err)
	}
	sent := time.Now()
	rows, err := request()
	if err != nil {
		turn.Return(time.Since(sent))
		return nil, err
	}
	rows.OnClose(func(s hunting.Stats) { turn.Return(service.CPU(s)) })
	return rows, nil
}

// errNoTurn is the error of queries whose turn is not lent. It is no failure of the service: nothing was sent.
var errNoTurn = errors.New("the collector that has the quota's account lends no turn")

func (r *defenderReceiver) openRereading(ctx context.Context, host component.Host) (*Rereading, error) {
	if r.cfg.PauseAfterFailures == 0 {
		r.cfg.PauseAfterFailures = createDefaultConfig().(*Config).PauseAfterFailures // a command does not try for ever
	}
	conn, err := r.connect(ctx, host)
	if err != nil {
		return nil, err
	}
	r.service = conn
	if r.store, err = storageClient(ctx, host, r.cfg.StorageID, r.set.ID); err != nil {
		return nil, errors.Join(err, r.closeRereading(ctx))
	}
	if r.scheduler, err = r.cfg.joinQuota(ctx, r.set, r.store, health.NewRegistry()); err != nil {
		return nil, errors.Join(err, r.closeRereading(ctx))
	}
	again := &Rereading{receiver: r, client: conn.api, due: map[string]arrivals{}}
	if err := again.readCursors(ctx, r.store); err != nil {
		return nil, errors.Join(err, again.Close(ctx))
	}
	return again, nil
}

// Close stores what was spent and closes the storage.
func (a *Rereading) Close(ctx context.Context) error { return a.receiver.closeRereading(ctx) }

func (r *defenderReceiver) closeRereading(ctx context.Context) error {
	r.calls.end()
	r.telemetry.shutdown()
	r.service.close()
	var errs []error
	if r.scheduler != nil {
		errs = append(errs, r.scheduler.Stop(ctx))
	}
	if r.store != nil {
		errs = append(errs, r.store.Close(ctx))
	}
	return errors.Join(errs...)
}

// readCursors learns what was delivered when the receiver ran last.
func (a *Rereading) readCursors(ctx context.Context, store storage.Client) error {
	cfg := &a.receiver.cfg
	keeper := ledger.NewKeeper(store, cfg.Credentials.TenantID, 0, func(int, error) {})
	for _, name := range a.Tables() {
		live, err := ledger.Open(ctx, keeper, name)
		switch {
		case err != nil:
			return fmt.Errorf("read the cursor of %s: %w", name, err)
		case live == nil:
			a.due[name] = arrivals{}
		case cfg.Backfill.Window > 0:
			a.due[name] = arrivals{from: time.Time{}, until: live.CompleteUntil()}
		default:
			a.due[name] = arrivals{from: live.Cursor().LiveStart.At, until: live.CompleteUntil()}
		}
	}
	return nil
}

// HasCursors reports whether the storage is one of a receiver that has run.
func (a *Rereading) HasCursors() bool {
	for _, known := range a.due {
		if !known.until.IsZero() {
			return true
		}
	}
	return false
}

// Tables are the tables whose rows become events, in the order of their priority.
func (a *Rereading) Tables() []string {
	var names []string
	for _, declared := range a.receiver.cfg.Tables.declared() {
		if declared.Event != nil && a.receiver.cfg.Tables[declared.Name].Enabled {
			names = append(names, declared.Name)
		}
	}
	return names
}

// Due is when rows of a table must have arrived to be delivered by a time: at from or later, and before until.
func (a *Rereading) Due(table string, by time.Time) (from, until time.Time) {
	known := a.due[table]
	patience := a.receiver.cfg.Settle + 2*a.receiver.cfg.interval(table)
	return known.from, paging.Earliest(known.until, by.Add(-patience))
}

// ReadDirectories gives what the service knows of devices and people.
func (a *Rereading) ReadDirectories(ctx context.Context, next consumer.Logs) error {
	for _, declared := range declaredTables() {
		if declared.Kind != tables.Directory || !a.receiver.cfg.Tables[declared.Name].Enabled {
			continue
		}
		err := a.once(ctx, next, func(b *builder) ([]*lane, error) { return b.table(ctx, declared) })
		if err != nil {
			return fmt.Errorf("%s: %w", declared.Name, err)
		}
	}
	return nil
}

// ReadRows gives the rows of a table that happened in a half-open period, whenever they arrived.
func (a *Rereading) ReadRows(ctx context.Context, table string, from, to time.Time, next consumer.Logs) error {
	declared, ok := tables.ByName(table)
	if !ok {
		return fmt.Errorf("there is no table %q", table)
	}
	within := &withinPeriod{Logs: next, from: from, to: to}
	return a.once(ctx, within, func(b *builder) ([]*lane, error) {
		l, err := b.period(declared, from, to)
		return []*lane{l}, err
	})
}

// once makes a lane and polls it until a poll has read everything.
func (a *Rereading) once(ctx context.Context, next consumer.Logs, build func(*builder) ([]*lane, error)) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	r, gate := a.receiver, failure.NewGate()
	lanes, err := build(&builder{
		cfg: &r.cfg, set: r.set, telemetry: r.telemetry, now: r.now, scheduler: r.scheduler, api: a.client,
		registry: health.NewRegistry(), gates: gates{shared: gate, apart: gate},
		deliverer: delivery.New(delivery.Settings{
			Next: &stopping{Logs: next, end: end}, Calls: ctx, ObsReport: r.telemetry.obsrep, Retry: r.cfg.RetryOnFailure, Logger: r.set.Logger,
			Waiting: func(string, error) {}, Letters: func(string, bool) {},
		}),
	})
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if err := pollOnce(ctx, l, gate); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// pollOnce polls a lane until a poll has read everything, or its table would be paused. A table that the tenant does not
// have has no rows.
func pollOnce(ctx context.Context, l *lane, gate *failure.Gate) error {
	for {
		again, err := l.source.Poll(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && !again:
			return nil
		case err == nil:
			continue
		case errors.Is(err, source.ErrNotGiven), errors.Is(err, errNoTurn):
			return err
		}
		verdict, backoff := l.loop.Judge(ctx, err)
		switch {
		case verdict.Pause == failure.ReasonNotInPlan:
			return nil
		case verdict.Pause != failure.None, l.loop.IsDenied(), isOfWhoAsks(err):
			return err
		case !gate.Rest(ctx, verdict, backoff, nil):
			return context.Cause(ctx)
		}
	}
}

// isOfWhoAsks reports whether the service refuses the credentials, or lacks a permission for them.
func isOfWhoAsks(err error) bool {
	cause := failure.CauseOf(err)
	return cause == failure.Credentials || cause == failure.Permission
}

// stopping ends the reading when its consumer fails: unlike a pipeline, it does not recover.
type stopping struct {
	consumer.Logs

	end context.CancelCauseFunc
}

// ConsumeLogs implements consumer.Logs.
func (s *stopping) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	err := s.Logs.ConsumeLogs(ctx, logs)
	if err != nil {
		s.end(err)
	}
	return err
}

// withinPeriod leaves out the rows that did not happen in a period. The place of an alert can be another time than that
// of its evidence.
type withinPeriod struct {
	consumer.Logs

	from, to time.Time
}

// ConsumeLogs implements consumer.Logs.
func (w *withinPeriod) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				at := record.Timestamp().AsTime()
				return at.Before(w.from) || !at.Before(w.to)
			})
		}
	}
	if logs.LogRecordCount() == 0 {
		return nil
	}
	return w.Logs.ConsumeLogs(ctx, logs)
}

// period makes the lane of a period that is read again. It is read as history is.
func (b *builder) period(declared *tables.Table, from, to time.Time) (*lane, error) {
	p, err := b.parts(declared, logrecord.LaneBackfill, source.PeriodLane{}, b.telemetry.history(declared.Name),
		service.Settings{Spare: true, CostsCPU: true})
	if err != nil {
		return nil, err
	}
	return b.lane(p, source.NewPeriod(p.reader, p.logger, from, to)), nil
}

package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// directoriesFirst bounds how long events wait for the directories at start.
const directoriesFirst = 30 * time.Second

// span is a time within which something goes on.
type span struct {
	ctx context.Context //nolint:containedctx // it is no caller's: it lasts from Start to Shutdown
	end context.CancelFunc
}

// running is while the loops run. Its end also hides the receiver from the control extension.
type running struct {
	span
	loops sync.WaitGroup
}

// outputs are what the receiver gives to.
type outputs struct {
	next    consumer.Logs // nil: no logs pipeline
	figures *figures      // nil: no metrics pipeline
}

// defenderReceiver runs one loop for each table.
type defenderReceiver struct {
	set receiver.Settings
	cfg Config
	outputs
	telemetry *telemetry
	now       func() time.Time

	gates gates
	calls span // of calls of the pipeline, which may last longer than the loops

	// Set by Start.
	store     storage.Client
	keeper    *ledger.Keeper
	journal   *journal.Journal
	scheduler *scheduler.Scheduler
	service   connection
	running   running
	lanes     []*lane

	shutdown sync.Once
}

func newReceiver(set receiver.Settings, cfg Config, out outputs) (*defenderReceiver, error) {
	telemetry, err := newTelemetry(set)
	if err != nil {
		return nil, err
	}
	// Errors here are expected ones, whose place in the code helps nobody.
	set.Logger = set.Logger.WithOptions(zap.AddStacktrace(zapcore.DPanicLevel))
	cfg.Page.MaxRows = min(cfg.Page.MaxRows, query.MaxRows)
	r := &defenderReceiver{set: set, cfg: cfg, outputs: out, telemetry: telemetry, now: time.Now, gates: newGates()}
	calls, cutOff := context.WithCancel(context.Background())
	r.calls = span{calls, cutOff}
	return r, nil
}

// Start opens the storage, loads every cursor and starts the tables' loops. It sends nothing itself,
// so a service that is down does not keep the Collector from starting.
func (r *defenderReceiver) Start(ctx context.Context, host component.Host) (err error) {
	if r.cfg.API == APILegacy {
		r.set.Logger.Warn("The legacy hunting API stops answering on 2027-02-01: grant ThreatHunting.Read.All and set api: graph.")
	}
	r.cfg.warnOfUndocumented(r.set.Logger)
	r.cfg.warnOfUnknownTables(r.set.Logger)
	conn, err := r.connect(ctx, host)
	if err != nil {
		return err
	}
	store, err := storageClient(ctx, host, r.cfg.StorageID, r.set.ID)
	if err != nil {
		conn.close()
		return err
	}
	defer func() {
		if err != nil {
			conn.close()
			err = errors.Join(err, store.Close(ctx))
			r.store, r.journal = nil, nil
		}
	}()
	r.keeper = ledger.NewKeeper(store, r.cfg.Credentials.TenantID, r.cfg.CheckpointDelay, r.telemetry.cursorWrites)
	r.store, r.service, r.journal = store, conn, journal.New(store, r.cfg.Credentials.TenantID)
	registry := health.NewRegistry()
	if r.scheduler, err = r.cfg.joinQuota(ctx, r.set, store, registry); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.scheduler.Stop(ctx))
		}
	}()
	if err := r.newTables(ctx, conn.api, registry); err != nil {
		return err
	}
	if err := r.telemetry.observe(r.lanes, r.scheduler, registry); err != nil {
		return err
	}
	if err := r.telemetry.observeExpiry(conn.expiry, r.now); err != nil {
		return err
	}
	shown, err := r.newControlled(ctx, registry, pauses{store, r.cfg.Credentials.TenantID})
	if err != nil {
		return err
	}
	// Start's own context ends when all components have started.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.running.span = span{running, cancel}
	r.running.loops.Go(func() { r.keeper.Run(running) })
	r.running.loops.Go(func() { registry.Run(running, host) })
	r.running.loops.Go(func() { conn.watch(running, r.gates.credentialsChanged) })
	r.running.loops.Go(func() {
		conn.expiry.Follow(running, r.now, func(end string) { registry.Note(credentials.ExpiryNote, end) }, r.set.Logger)
	})
	r.running.loops.Go(func() { summary{r.lanes, r.scheduler, r.set.Logger}.run(running) })
	r.run(running)
	hide := control.Register(host, shown)
	r.running.end = func() {
		hide()
		cancel()
	}
	return nil
}

// connect makes the client of the service.
func (r *defenderReceiver) connect(ctx context.Context, host component.Host) (connection, error) {
	again := func(ctx context.Context) error { return r.scheduler.AcquireAgain(ctx) }
	return r.cfg.connect(ctx, connectorSettings{set: r.set, host: host, now: r.now, again: again})
}

// run starts the loops: directories at once, events when the directories were read, so that the
// processor knows who is who when the first events come.
func (r *defenderReceiver) run(ctx context.Context) {
	var directories, events []*lane
	for _, l := range r.lanes {
		if l.kind == directoryKind {
			directories = append(directories, l)
		} else {
			events = append(events, l)
		}
	}
	var firstReads sync.WaitGroup
	for _, l := range directories {
		firstReads.Add(1)
		l.loop.Polled = sync.OnceFunc(firstReads.Done)
		r.running.loops.Go(func() {
			defer l.loop.Polled()
			l.run(ctx)
		})
	}
	ready := make(chan struct{})
	r.running.loops.Go(func() {
		firstReads.Wait()
		close(ready)
	})
	r.running.loops.Go(func() {
		timer := time.NewTimer(directoriesFirst)
		defer timer.Stop()
		select {
		case <-ready:
		case <-timer.C:
			// Of refused credentials nothing is read, which was told.
			if !slices.ContainsFunc(directories, func(l *lane) bool { return l.loop.IsDenied() }) {
				r.set.Logger.Warn("The directories are not read yet; events are read all the same, and users may lack their UPN at first.")
			}
		case <-ctx.Done():
		}
		for _, l := range events {
			r.running.loops.Go(func() { l.run(ctx) })
		}
	})
}

// newTables makes the lanes of all enabled tables, with their stored cursors.
func (r *defenderReceiver) newTables(ctx context.Context, client service.API, registry *health.Registry) error {
	dead, err := delivery.OpenDeadLetters(r.cfg.DeadLetter.Directory)
	if err != nil {
		return err
	}
	deliverer := delivery.New(delivery.Settings{
		Next: r.next, Calls: r.calls.ctx, ObsReport: r.telemetry.obsrep, Retry: r.cfg.RetryOnFailure, DeadLetters: dead, Logger: r.set.Logger,
		Waiting: registry.Hold,
		Letters: letterCounters{r.telemetry, registry}.count,
	})
	r.lanes, err = (&builder{
		cfg: &r.cfg, set: r.set, telemetry: r.telemetry, now: r.now, keeper: r.keeper, scheduler: r.scheduler,
		api: client, registry: registry, deliverer: deliverer, gates: r.gates,
		journal: r.journal, store: r.store, outputs: r.outputs,
	}).build(ctx)
	return err
}

// letterCounters count refused rows for the metrics and for the status.
type letterCounters struct {
	telemetry *telemetry
	registry  *health.Registry
}

func (c letterCounters) count(table string, written bool) {
	c.telemetry.letter(table, written)
	c.registry.DeadLetters.Count(table, written)
}

// Shutdown ends the loops, stores the last cursors and closes the storage. Calls of the pipeline that
// are under way are waited for, because a call that is cut off may have delivered its rows all the same.
// Just before shutdown_timeout they are cut off. An exporter that hangs even then is only freed by its
// own shutdown, which comes later; what it still accepts is read again after the restart.
func (r *defenderReceiver) Shutdown(ctx context.Context) error {
	var err error
	r.shutdown.Do(func() { err = r.stop(ctx) })
	return err
}

func (r *defenderReceiver) stop(ctx context.Context) error {
	defer r.telemetry.shutdown()
	defer r.calls.end()
	if r.running.end != nil {
		r.running.end()
		if !delivery.End(ctx, &r.running.loops, r.cfg.ShutdownTimeout, r.calls.end) {
			r.set.Logger.Warn("The pipeline still holds rows at shutdown; they are read again after a restart.",
				zap.Duration("shutdown_timeout", r.cfg.ShutdownTimeout))
		}
	}
	if r.store == nil {
		return nil
	}
	r.service.close()
	for _, l := range r.lanes {
		if l.release != nil {
			l.release()
		}
	}
	// Cursors of rows that were delivered are worth more than the end in time.
	ctx, cancel := r.grace(ctx)
	defer cancel()
	spent := r.scheduler.Stop(ctx)
	err := r.keeper.Flush(ctx)
	if err != nil {
		err = fmt.Errorf("the last cursors were not stored, so rows may come again after a restart: %w", err)
	}
	err = errors.Join(err, spent)
	if closed := r.store.Close(ctx); closed != nil && err == nil {
		err = fmt.Errorf("close the storage: %w", closed)
	}
	return err
}

// grace is for the last writes.
func (r *defenderReceiver) grace(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), delivery.Heeding(r.cfg.ShutdownTimeout))
}

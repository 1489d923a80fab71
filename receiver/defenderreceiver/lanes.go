package defenderreceiver

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// lane is one source with its loop, as the receiver runs and shows it.
type lane struct {
	table     string
	id        string // the table, and the lane behind a slash where it is not the live one
	history   bool
	directory bool
	source    source.Source
	loop      *source.Loop
	health    *health.Source
	now       func() time.Time // the service's time
	audits    *audit.Record    // nil: its rows are never counted again
	ready     <-chan struct{}  // closed once it may begin; nil: it may at once
	ended     func()           // called when it has ended; nil: nothing is to be done
}

// run polls until ctx ends.
func (l *lane) run(ctx context.Context) {
	if l.ready != nil {
		select {
		case <-l.ready:
		case <-ctx.Done():
			return
		}
	}
	l.loop.Run(ctx)
	if l.ended != nil {
		l.ended()
	}
}

// surroundings are what all lanes of a receiver share.
type surroundings struct {
	api       service.API
	registry  *health.Registry
	deliverer *delivery.Deliverer
	// apart is the gate of sources whose permission and limits are their own, gate that of all others.
	gate, apart *failure.Gate
}

// addLane makes the lane of a table that is read by queries. src is t, or what reads with it.
func (r *defenderReceiver) addLane(s surroundings, t *auditor, src source.Source) *lane {
	t.scheduler, t.telemetry, t.now = r.scheduler, r.telemetry, r.now
	t.logger = r.set.Logger.With(zap.String("table", t.id()))
	t.health = s.registry.Add(t.id(), t.name, false)
	t.outlet = r.newOutlet(s.deliverer, t.query.Table, t.lane, t.set.interval, t.health)
	loop := r.newLoop(s, src, t.name, t.health, s.gate, t.set.interval)
	t.service = r.newLaneClient(s, t.name, t.health, t.behind, loop.Accepted, service.Settings{Spare: t.lane != "", CostsCPU: true})
	l := &lane{table: t.name, id: t.id(), history: t.lane != "", source: src, loop: loop, health: t.health, now: t.serviceNow, ended: t.keepLast}
	if t.query.Kind == tables.Directory {
		l.directory = true
		// What a directory says grows old from the start on, until it is read.
		t.health.Progress(r.now())
	} else if t.set.auditWindow > 0 {
		l.audits = t.audits.record
		if r.journal != nil {
			j := r.newJournalist(t)
			t.audited, t.recalled = j.audited, j.recalled
		}
	}
	r.lanes = append(r.lanes, l)
	return l
}

// addUsers makes the lane of Graph's users. Their permission and their limits are their own.
func (r *defenderReceiver) addUsers(s surroundings, declared *tables.Table) {
	seen := s.registry.Add(declared.Name, declared.Name, true)
	interval := r.cfg.interval(declared.Name)
	// What a directory says grows old from the start on, until it is read.
	seen.Progress(r.now())
	client := r.newLaneClient(s, declared.Name, seen, nil, s.registry.Answered, service.Settings{})
	users := source.NewUsers(declared.Name, client, r.newOutlet(s.deliverer, declared, "", interval, seen),
		rowid.New(r.cfg.Credentials.TenantID, declared, query.InfoTimestamp), seen, r.set.Logger.With(zap.String("table", declared.Name)),
		func(ctx context.Context, values int64) { r.telemetry.repaired(ctx, declared.Name, values) })
	r.lanes = append(r.lanes, &lane{
		table: declared.Name, id: declared.Name, directory: true, source: users, health: seen, now: client.Time,
		loop: r.newLoop(s, users, declared.Name, seen, s.apart, interval),
	})
}

// newOutlet makes the place where a lane's rows go.
func (r *defenderReceiver) newOutlet(deliverer *delivery.Deliverer, declared *tables.Table, name string, interval time.Duration,
	seen *health.Source,
) *delivery.Outlet {
	return delivery.NewOutlet(deliverer, r.cfg.newBatch(declared, name), interval, func(ctx context.Context, result delivery.Result) {
		taken, lost, held := result.Count(delivery.Delivered), result.Count(delivery.Refused), result.Count(delivery.Held)
		r.telemetry.rows(ctx, declared.Name, delivered, taken)
		r.telemetry.rows(ctx, declared.Name, refused, lost)
		seen.Deliver(taken, lost)
		seen.Read(-held)
		r.telemetry.delay(ctx, declared.Name, result, r.now())
	})
}

// newLoop makes the loop of a source.
func (r *defenderReceiver) newLoop(s surroundings, src source.Source, table string, seen *health.Source, gate *failure.Gate,
	interval time.Duration,
) *source.Loop {
	return source.NewLoop(src, source.Settings{
		PauseAfter: r.cfg.PauseAfterFailures, PageRows: r.cfg.Page.MaxRows,
		Cadence: paging.NewCadence(interval, r.cfg.Tables[table].Priority), Backoff: delivery.NewBackOff(r.cfg.RetryOnFailure),
		Gate: gate, Scheduler: r.scheduler, Registry: s.registry, Health: seen, Logger: r.set.Logger.With(zap.String("table", seen.Name)),
	})
}

// newLaneClient makes what a lane asks the service with.
func (r *defenderReceiver) newLaneClient(s surroundings, table string, seen *health.Source, behind func() time.Duration, accepted func(),
	settings service.Settings,
) *service.Client {
	settings.Lane, settings.Priority, settings.Behind = seen.Name, r.cfg.Tables[table].Priority, behind
	settings.Answered = func(ctx context.Context, spent time.Duration, err error) { r.telemetry.query(ctx, table, spent, err) }
	settings.Accepted, settings.Now, settings.Logger = accepted, r.now, r.set.Logger.With(zap.String("table", seen.Name))
	return service.New(s.api, r.scheduler, settings)
}

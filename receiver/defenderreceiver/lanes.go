package defenderreceiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/reader"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// builder makes the lanes of a receiver: of each source its reader, its loop, and what both work with.
type builder struct {
	cfg       *Config
	set       receiver.Settings
	telemetry *telemetry
	now       func() time.Time
	keeper    *ledger.Keeper
	scheduler *scheduler.Scheduler
	api       service.API
	registry  *health.Registry
	deliverer *delivery.Deliverer
	gates     gates
	journal   *journal.Journal // of complete audits; nil: there is none
	store     storage.Client   // of watermarks, feeds and the context of alerts
	pivots    *source.Pivots   // nil: the context of alerts is not read
	// techniques are the alerts that are counted by controls; nil: they are not.
	techniques *source.TechniqueAlerts
	outputs
}

// build makes the lanes of all that is read for the pipelines, with their stored cursors.
func (b *builder) build(ctx context.Context) ([]*lane, error) {
	if err := (lists{b}).openTechniques(ctx); err != nil {
		return nil, err
	}
	lanes, err := b.records(ctx)
	if err != nil {
		return nil, err
	}
	figures, err := lists{b}.posture(ctx)
	return append(lanes, figures...), err
}

// records makes the lanes that are read for a logs pipeline alone.
func (b *builder) records(ctx context.Context) ([]*lane, error) {
	if b.next == nil {
		return nil, nil
	}
	var lanes []*lane
	for _, declared := range b.cfg.Tables.declared() {
		if !b.cfg.Tables[declared.Name].Enabled {
			continue
		}
		b.telemetry.begin(ctx, declared.Name)
		b.telemetry.history(declared.Name).begin(ctx)
		more, err := b.table(ctx, declared)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, more...)
	}
	around, err := b.alertContext(ctx)
	if err != nil {
		return nil, err
	}
	feeds, err := lists{b}.feeds(ctx)
	if err != nil {
		return nil, err
	}
	lanes = slices.Concat(lanes, feeds, around)
	tellStarts(b.set.Logger, lanes, b.now().Add(-b.cfg.InitialLookback))
	return lanes, nil
}

// table makes the lanes of a table.
func (b *builder) table(ctx context.Context, declared *tables.Table) ([]*lane, error) {
	switch {
	case declared.Source == tables.Graph:
		return []*lane{b.users(declared)}, nil
	case declared.Kind == tables.Directory:
		directory, err := b.directory(declared)
		return []*lane{directory}, err
	}
	live, start, err := b.live(ctx, declared)
	if err != nil || b.cfg.Backfill.Window == 0 {
		return []*lane{live}, err
	}
	history, err := b.history(ctx, declared, start)
	return []*lane{live, history}, err
}

// parts are what the source of a table that is read by queries is made of.
type parts struct {
	reader *reader.Reader
	client *service.Client
	health *health.Source
	logger *zap.Logger
	outlet *delivery.Outlet
}

// parts makes the reader of a lane of a table, and what it works with.
func (b *builder) parts(declared *tables.Table, name string, as reader.Lane, metrics reader.Metrics,
	settings service.Settings,
) (parts, error) {
	question, err := b.cfg.question(declared)
	if err != nil {
		return parts{}, err
	}
	id := declared.Name
	if name != "" {
		id += "/" + name
	}
	seen, logger := b.registry.Add(id, declared.Name, false), b.set.Logger.With(zap.String("table", id))
	client := b.client(declared.Name, seen, settings)
	outlet := b.outlet(declared, name, b.cfg.interval(declared.Name), seen)
	reads := reader.New(question, reader.Settings{ID: id, Lane: as, Settle: b.cfg.Settle, MaxRows: b.cfg.Page.MaxRows}, reader.Surroundings{
		Client: client, Outlet: outlet,
		IDs:     rowid.New(b.cfg.Credentials.TenantID, declared, query.InfoTimestamp),
		Metrics: metrics, Health: seen, Logger: logger,
	})
	client.Behind = reads.Track.Behind
	return parts{reader: reads, client: client, health: seen, logger: logger, outlet: outlet}, nil
}

// lane makes the lane of a source that is read by queries.
func (b *builder) lane(p parts, src source.Source) *lane {
	loop := b.loop(src, p.health.Table, p.health, b.gates.shared, b.cfg.interval(p.health.Table))
	p.client.Accepted = loop.Accepted
	l := &lane{
		table: p.health.Table, id: p.health.Name, kind: tableKind, source: src, loop: loop, health: p.health,
		now: p.reader.Track.Now, reader: p.reader,
	}
	return l
}

// auditor makes the auditor of a lane.
func (b *builder) auditor(p parts, lane string, metrics reader.AuditMetrics) *reader.Auditor {
	a := reader.NewAuditor(p.reader, b.cfg.audits(p.health.Table, b.scheduler.Short), metrics)
	if b.journal != nil && a.Window > 0 {
		j := b.journalist(p, lane, a)
		a.Audited, p.reader.Unreadable.Recalled = j.audited, j.recalled
	}
	return a
}

// directory makes the lane of a directory.
func (b *builder) directory(declared *tables.Table) (*lane, error) {
	p, err := b.parts(declared, "", b.cfg.liveLane(declared), b.telemetry.live(declared.Name, b.cfg.LateArrival.Overlap),
		service.Settings{CostsCPU: true})
	if err != nil {
		return nil, err
	}
	l := b.lane(p, source.NewDirectory(p.reader, source.Mode(b.cfg.LateArrival.Mode), p.logger))
	l.kind = directoryKind
	// What a directory says grows old from the start on, until it is read.
	p.health.Progress(b.now())
	return l, nil
}

// live makes the lane of a table's new rows. It tells where that lane begins.
func (b *builder) live(ctx context.Context, declared *tables.Table) (*lane, *source.Start, error) {
	as, metrics := b.cfg.liveLane(declared), b.telemetry.live(declared.Name, b.cfg.LateArrival.Overlap)
	p, err := b.parts(declared, "", as, metrics, service.Settings{CostsCPU: true})
	if err != nil {
		return nil, nil, err
	}
	audits := b.auditor(p, "", metrics)
	if last, err := b.lastAudit(ctx, declared.Name); err != nil {
		return nil, nil, err
	} else if !last.IsZero() {
		audits.Resume(last)
	}
	live := source.NewLive(p.reader, audits, b.keeper, p.logger, b.cfg.live(as, b.now))
	if b.cfg.Watermarks.Enabled {
		live.Complete = b.announcer(p, declared.Name).announce //nolint:contextcheck // a call of the pipeline outlives the loops' context
	}
	l := b.lane(p, live)
	if audits.Window > 0 {
		l.audits, l.record = audits, audits.Record()
	}
	return l, live.Start(), live.Resume(ctx)
}

// history makes the lane of a table's history, which waits until it is known where the live lane began.
func (b *builder) history(ctx context.Context, declared *tables.Table, start *source.Start) (*lane, error) {
	metrics := b.telemetry.history(declared.Name)
	p, err := b.parts(declared, logrecord.LaneBackfill, source.HistoryLane{Audited: b.cfg.auditWindow()}, metrics,
		service.Settings{Spare: true, CostsCPU: true})
	if err != nil {
		return nil, err
	}
	audits := b.auditor(p, logrecord.LaneBackfill, metrics)
	past := source.NewHistory(p.reader, audits, b.keeper, p.health, p.logger, b.cfg.history(start))
	l := b.lane(p, past)
	l.history, l.ready = true, start.Known()
	if audits.Window > 0 {
		l.audits, l.record = audits, audits.Record()
	}
	return l, past.Resume(ctx)
}

// users makes the lane of Graph's users. Their permission and their limits are their own.
func (b *builder) users(declared *tables.Table) *lane {
	seen := b.registry.Add(declared.Name, declared.Name, true)
	interval := b.cfg.interval(declared.Name)
	// What a directory says grows old from the start on, until it is read.
	seen.Progress(b.now())
	client := b.client(declared.Name, seen, service.Settings{Accepted: b.registry.Answered})
	users := source.NewUsers(declared.Name, client, b.outlet(declared, "", interval, seen),
		rowid.New(b.cfg.Credentials.TenantID, declared, query.InfoTimestamp), seen, b.set.Logger.With(zap.String("table", declared.Name)),
		func(ctx context.Context, values int64) { b.telemetry.repaired(ctx, declared.Name, values) })
	return &lane{
		table: declared.Name, id: declared.Name, kind: directoryKind, source: users, health: seen, now: client.Time,
		loop: b.loop(users, declared.Name, seen, b.gates.apart, interval),
	}
}

// lists makes the lanes of Graph's lists.
type lists struct{ *builder }

// feeds makes the lanes of the lists that are read.
func (b lists) feeds(ctx context.Context) ([]*lane, error) {
	var lanes []*lane
	for _, declared := range declaredFeeds() {
		own := declared.settings(&b.cfg.Feeds)
		if !own.Enabled {
			continue
		}
		l, err := b.feed(ctx, declared, own)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	return lanes, nil
}

// feed makes the lane of a list, with its stored state. Its permission and its limits are its own.
func (b lists) feed(ctx context.Context, declared declaredFeed, own *FeedConfig) (*lane, error) {
	name := declared.name
	b.telemetry.begin(ctx, name)
	metrics := b.telemetry.history(name)
	metrics.begin(ctx)
	seen, logger := b.registry.Add(name, name, true), b.set.Logger.With(zap.String("table", name))
	limit, release := b.cfg.listLimit()
	client := b.list(name, declared.list, limit, logger)
	audits := source.NewFeedAuditor(own.Audit.Interval, own.Audit.Window, metrics, seen, logger)
	audits.KeepsRefused = b.cfg.DeadLetter.Directory != ""
	feed := source.NewFeed(source.FeedSettings{
		Name: name, Kind: declared.kind, Filter: own.Filter, Lookback: own.InitialLookback, Overlap: own.Overlap, Top: own.Page.MaxItems, MostTop: declared.mostTop,
		TenantID: b.cfg.Credentials.TenantID, Store: b.store, StoreKey: "feed/v1/" + strings.ToLower(b.cfg.Credentials.TenantID) + "/" + name,
	}, client, b.outlet(&tables.Table{Name: name}, "", own.PollInterval, seen), audits, seen, logger)
	if name == string(contextOfAlertsV2) {
		feed.Pivots, feed.Techniques = b.pivots, b.techniques
		if b.figures != nil {
			feed.Alerts = b.figures.counter
		}
	}
	if b.journal != nil && audits.Window > 0 {
		audits.Audited = b.listJournalist(journal.Lane{Table: name, TimeBasis: byLastUpdate}, audits, feed.Start, logger)
	}
	if last, err := b.lastAudit(ctx, name); err != nil {
		return nil, err
	} else if !last.IsZero() {
		audits.Resume(max(b.now().Sub(last), 0))
	}
	l := &lane{table: name, id: name, kind: feedKind, source: feed, health: seen, now: client.Time, loop: b.loop(feed, name, seen, b.gates.apart, own.PollInterval), release: release}
	if audits.Window > 0 {
		l.record = audits.Record()
	}
	return l, feed.Resume(ctx)
}

// alertContext makes the lane of the rows around alerts, and what the list of alerts adds to; none where it is not read.
func (b *builder) alertContext(ctx context.Context) ([]*lane, error) {
	own := &b.cfg.AlertContext
	if !own.Enabled {
		return nil, nil
	}
	b.telemetry.begin(ctx, contextTable)
	b.telemetry.beginContext(ctx, own.Tables)
	pivots, err := source.NewPivots(ctx, pivot.NewBook(own.rules()), b.store, "context/v1/"+strings.ToLower(b.cfg.Credentials.TenantID))
	if err != nil {
		return nil, fmt.Errorf("alert_context: %w", err)
	}
	b.pivots = pivots
	seen := b.registry.Add(contextTable, contextTable, false)
	client := b.client(contextTable, seen, service.Settings{Spare: true, CostsCPU: true})
	outlet := b.outlet(&tables.Table{Name: contextTable}, "", own.interval, seen)
	src := source.NewAlertContext(source.ContextSettings{
		Pivots: pivots, Store: b.store, MaxRows: b.cfg.Page.MaxRows, WholeRows: own.Emit == emitRows,
		Spending: source.NewSpending(b.cfg.Quota.limits(), own.QuotaShare, time.Now()),
	}, client, source.NewContextRecords(b.cfg.Credentials.TenantID, outlet), contextMetrics{b.telemetry.history(contextTable)}, seen, b.set.Logger.With(zap.String("table", contextTable)))
	loop := b.loop(src, contextTable, seen, b.gates.shared, own.interval)
	client.Accepted = loop.Accepted
	if err := b.telemetry.observeContext(pivots, client.Time); err != nil {
		return nil, err
	}
	return []*lane{{table: contextTable, id: contextTable, kind: contextKind, source: src, loop: loop, health: seen, now: client.Time}}, nil
}

// outlet makes the place where a lane's rows go.
func (b *builder) outlet(declared *tables.Table, name string, interval time.Duration,
	seen *health.Source,
) *delivery.Outlet {
	return delivery.NewOutlet(b.deliverer, b.cfg.newBatch(declared, name), interval, func(ctx context.Context, result delivery.Result) {
		taken, lost, held := result.Count(delivery.Delivered), result.Count(delivery.Refused), result.Count(delivery.Held)
		b.telemetry.rows(ctx, declared.Name, delivered, taken)
		b.telemetry.rows(ctx, declared.Name, refused, lost)
		seen.Deliver(taken, lost)
		seen.Read(-held)
		b.telemetry.delay(ctx, declared.Name, result, b.now())
	})
}

// loop makes the loop of a source.
func (b *builder) loop(src source.Source, table string, seen *health.Source, gate *failure.Gate,
	interval time.Duration,
) *source.Loop {
	return source.NewLoop(src, source.Settings{
		PauseAfter: b.cfg.PauseAfterFailures, PageRows: b.cfg.Page.MaxRows,
		Cadence: paging.NewCadence(interval, b.cfg.Tables[table].Priority), Backoff: delivery.NewBackOff(b.cfg.RetryOnFailure),
		Gate: gate, Scheduler: b.scheduler, Registry: b.registry, Health: seen, Logger: b.set.Logger.With(zap.String("table", seen.Name)),
	})
}

// client makes what a lane asks the service with.
func (b *builder) client(table string, seen *health.Source, settings service.Settings) *service.Client {
	settings.Lane, settings.Priority = seen.Name, b.cfg.Tables[table].Priority
	settings.Answered = func(ctx context.Context, spent time.Duration, err error) { b.telemetry.query(ctx, table, spent, err) }
	settings.Now, settings.Logger = b.now, b.set.Logger.With(zap.String("table", seen.Name))
	return service.New(b.api, b.scheduler, settings)
}

// lastAudit is when the new rows of a table, or a list, were last audited before the start; zero: that is not known.
func (b *builder) lastAudit(ctx context.Context, name string) (time.Time, error) {
	if b.journal == nil {
		return time.Time{}, nil
	}
	return b.journal.LastAudit(ctx, name, "", b.now())
}

// byLastUpdate and byCreation are the times by which lists are audited.
const (
	byLastUpdate = "last_update"
	byCreation   = "creation"
)

// listJournalist writes complete audits of a list, which is read from a start on, to the journal.
func (b lists) listJournalist(lane journal.Lane, audits *source.FeedAuditor, start func() time.Time, logger *zap.Logger) func(context.Context, audit.Result) {
	return func(ctx context.Context, result audit.Result) {
		_, err := b.journal.Append(ctx, journal.Audit{
			Lane: lane, From: result.From, To: result.To, Begin: start(), Ended: result.To,
			Kept: audits.KeepsRefused, Bins: tallies(result.Bins),
		})
		if err != nil {
			logger.Error("A complete audit is not kept, so the report of its days lacks it until the next one.", zap.Error(err))
		}
	}
}

// tellStarts says which tables have no cursor, and from when on they are read: what existed and is gone is seen here.
func tellStarts(logger *zap.Logger, lanes []*lane, lookback time.Time) {
	found := map[source.Found][]string{}
	for _, l := range lanes {
		if t, live := l.source.(*source.Live); live {
			found[t.Found()] = append(found[t.Found()], l.table)
		}
	}
	from := zap.Time("from", lookback)
	switch {
	case len(found[source.Nothing]) == 0:
	case len(found[source.Cursor])+len(found[source.EarlierStart]) == 0:
		logger.Warn("The storage holds no cursor, so this counts as the first start: rows are read that arrive after the time below. "+
			"If this receiver has run before, its cursors are gone: restore the storage, or set initial_lookback to reach back to "+
			"its last run, which gives rows again that were delivered.", from)
	default:
		logger.Warn("The storage holds cursors of other tables and none of these, so they are started now: rows are read that arrive "+
			"after the time below. If they were read before, their cursors are gone: restore the storage.",
			zap.Strings("tables", found[source.Nothing]), from)
	}
	if tables := found[source.EarlierStart]; len(tables) > 0 {
		logger.Info("An earlier start has read nothing of these tables yet. They are read from where it wanted to begin.",
			zap.Strings("tables", tables))
	}
}

package totalnormalizeprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/drops"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/store"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/tuid"
)

// normalizer is the processor. Its parts guard themselves, so calls may come at the same time.
type normalizer struct {
	now         func() time.Time
	cfg         *Config
	id          component.ID
	logger      *zap.Logger
	telemetry   *metadata.TelemetryBuilder
	tables      map[string]*table
	directories *directory.Directories
	judge       *judge
	order       *order.Order
	drops       *drops.Counter
	store       *store.Store // nil: nothing is stored
	keeping     *order.Keeping
	shown       *shown
	hide        func() // from the control extension; nil: it was not started
}

func newProcessor(set processor.Settings, cfg *Config, next consumer.Logs, now func() time.Time) (*normalizer, error) {
	rules, err := accounts.NewRules(cfg.Accounts.Exclude, cfg.Accounts.Include)
	if err != nil {
		return nil, fmt.Errorf("'accounts': %w", err)
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("creating the processor's metrics: %w", err)
	}
	known := directory.New(directory.Limits{MaxEntries: cfg.Directories.MaxEntries, MaxAge: cfg.Directories.MaxAge}, now)
	people := tuid.Settings{DomainID: cfg.DomainID, MappingFile: cfg.TUID.MappingFile, Unmapped: tuid.Unmapped(cfg.TUID.Unmapped)}
	n := &normalizer{
		now:         now,
		cfg:         cfg,
		id:          set.ID,
		logger:      set.Logger,
		telemetry:   telemetry,
		tables:      newTables(cfg.plans()),
		directories: known,
		judge:       newJudge(actor.NewResolver(rules, known, cfg.LoggedOnUsers), known, tuid.New(people, set.Logger, now), cfg, now),
		order:       order.New(next, cfg.DomainID, event.MarkLate),
		drops:       drops.New(now()),
	}
	n.shown = newShown(set.ID, n.drops)
	if err := observeDirectories(known, telemetry, processorAttribute(set.ID)); err != nil {
		return nil, fmt.Errorf("creating the processor's metrics: %w", err)
	}
	return n, nil
}

// plans are those of all tables, and of the feed of alerts where alerts become events from it.
func (c *Config) plans() map[string]*event.Plan {
	plans := event.NewPlans(c.AdditionalColumns)
	if c.Alerts == AlertsGraph {
		plans[event.TableAlertsV2] = plans[event.TableAlerts].Named(event.TableAlertsV2)
	}
	return plans
}

func (n *normalizer) start(ctx context.Context, host component.Host) error {
	everyKey(n.cfg.plans()).report(ctx, n.telemetry, processorAttribute(n.id))
	if err := n.judge.tuids.Start(); err != nil {
		return err
	}
	n.hide = control.RegisterProcessor(host, n.shown)
	if n.cfg.StorageID == nil {
		return nil
	}
	s, err := store.Open(ctx, host, *n.cfg.StorageID, n.id)
	if err != nil {
		return err
	}
	if s.IsShared() {
		// What is stored is read before the first call: by then a receiver of this worker has its lease.
		n.drops.Own(uuid.NewString())
	} else if err := n.load(ctx, s); err != nil {
		return errors.Join(err, s.Close(ctx))
	}
	n.store = s
	n.keeping = n.order.Keep(ctx, n.refresh, n.saveOrder, n.logger)
	return nil
}

// refresh takes up what other workers have stored, if this one has taken over a receiver.
func (n *normalizer) refresh(ctx context.Context) error {
	if n.store == nil {
		return nil
	}
	return n.store.Refresh(ctx, func(ctx context.Context) error { return n.load(ctx, n.store) })
}

// load fills the directories, as far as they have room, and the order. An entry that cannot be read is deleted: the
// next snapshot brings it again.
func (n *normalizer) load(ctx context.Context, s *store.Store) error {
	people, handedOn := n.directories.NewRestored(), order.NewRestored(n.now())
	err := s.Load(ctx, func(key string, value []byte) bool {
		return people.Read(key, value) || handedOn.Read(key, value) || n.drops.Read(key, value)
	})
	if err != nil {
		return err
	}
	n.directories.Fill(people)
	n.order.Fill(handedOn)
	if err := s.Prune(ctx, entriesOf(n.directories.Evict())); err != nil {
		return fmt.Errorf("'storage': deleting old entries of the directories: %w", err)
	}
	return nil
}

// save stores what a part of the processor wants stored.
func save[C order.Change | directory.Change | drops.Change](ctx context.Context, s *store.Store, changes []C) error {
	return s.Save(ctx, entriesOf(changes))
}

func entriesOf[C order.Change | directory.Change | drops.Change](changes []C) []store.Entry {
	entries := make([]store.Entry, len(changes))
	for i, change := range changes {
		entries[i] = store.Entry(change)
	}
	return entries
}

// saveOrder stores what has changed of the order, and the drops with it.
func (n *normalizer) saveOrder(ctx context.Context, changes []order.Change) error {
	if err := save(ctx, n.store, changes); err != nil {
		return err
	}
	return n.saveDrops(ctx)
}

func (n *normalizer) saveDrops(ctx context.Context) error {
	changes, done := n.drops.Changes()
	err := save(ctx, n.store, changes)
	done(err == nil)
	return err
}

func (n *normalizer) shutdown(ctx context.Context) error {
	if n.hide != nil {
		n.hide()
		n.hide = nil
	}
	n.telemetry.Shutdown()
	if n.store == nil {
		return nil
	}
	defer func() { n.store = nil }()
	return errors.Join(n.keeping.End(ctx), n.saveDrops(ctx), n.store.Close(ctx))
}

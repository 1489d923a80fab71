package totalnormalizeprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/drops"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/order"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
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
	plans       map[string]*event.Plan
	directories *directory.Directories
	resolver    *actor.Resolver
	tuids       *tuid.TUIDs
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
		plans:       event.NewPlans(cfg.AdditionalColumns),
		directories: known,
		resolver:    actor.NewResolver(rules, known, cfg.LoggedOnUsers),
		tuids:       tuid.New(people, set.Logger, now),
		order:       order.New(next, cfg.DomainID, event.MarkLate),
		drops:       drops.New(now()),
	}
	n.shown = newShown(set.ID, n.drops)
	if err := observeDirectories(known, telemetry, processorAttribute(set.ID)); err != nil {
		return nil, fmt.Errorf("creating the processor's metrics: %w", err)
	}
	return n, nil
}

func (n *normalizer) start(ctx context.Context, host component.Host) error {
	everyKey(n.plans).report(ctx, n.telemetry, processorAttribute(n.id))
	if err := n.tuids.Start(); err != nil {
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
	if err := n.load(ctx, s); err != nil {
		return err
	}
	n.store = s
	n.keeping = n.order.Keep(ctx, func(ctx context.Context, changes []order.Change) error { return n.saveOrder(ctx, s, changes) }, n.logger)
	return nil
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
	if err := save(ctx, s, n.directories.Evict()); err != nil {
		return fmt.Errorf("'storage': deleting old entries of the directories: %w", errors.Join(err, s.Close(ctx)))
	}
	return nil
}

// save stores what a part of the processor wants stored.
func save[C order.Change | directory.Change | drops.Change](ctx context.Context, s *store.Store, changes []C) error {
	entries := make([]store.Entry, len(changes))
	for i, change := range changes {
		entries[i] = store.Entry(change)
	}
	return s.Save(ctx, entries)
}

// saveOrder stores what has changed of the order, and the drops with it.
func (n *normalizer) saveOrder(ctx context.Context, s *store.Store, changes []order.Change) error {
	if err := save(ctx, s, changes); err != nil {
		return err
	}
	return n.saveDrops(ctx, s)
}

func (n *normalizer) saveDrops(ctx context.Context, s *store.Store) error {
	changes, done := n.drops.Changes()
	err := save(ctx, s, changes)
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
	s := n.store
	n.store = nil
	return errors.Join(n.keeping.End(ctx), n.saveDrops(ctx, s), s.Close(ctx))
}

func (n *normalizer) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	reach.Judged(ctx)
	n.tuids.Refresh()
	counts, dropped := tally{}, drops.Of(ctx)
	n.takeIn(ctx, logs, counts)
	events := order.NewGroups(n.schemaURL())
	resources := logs.ResourceLogs()
	for i := range resources.Len() {
		resource := resources.At(i)
		for j := range resource.ScopeLogs().Len() {
			scope := resource.ScopeLogs().At(j)
			target := events.From(resource, scope)
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				return n.normalize(record, target, counts, dropped)
			})
		}
	}
	removeEmpty(logs)
	events.AppendTo(logs)
	counts.report(ctx, n.telemetry, processorAttribute(n.id))
	n.shown.add(counts)
	if logs.ResourceLogs().Len() == 0 {
		return logs, processorhelper.ErrSkipProcessingData
	}
	return logs, nil
}

// schemaURL is what the records' own attributes follow; empty: the schema they came with.
func (n *normalizer) schemaURL() string {
	if n.cfg.SemanticAttributes {
		return event.SchemaURL
	}
	return ""
}

// normalize moves the record's event to target. It reports whether the record is done with: false
// leaves it, as it is, where it stands.
func (n *normalizer) normalize(record plog.LogRecord, target order.Source, counts tally, dropped drops.Call) bool {
	if logrecord.IsWatermark(record) {
		counts.passed(tableOther, reasonWatermark)
		return false
	}
	r, plan, ok := n.rowOf(record)
	if !ok {
		if n.cfg.OtherRecords == OtherRecordsDrop {
			counts.dropped(tableOther, reasonOther)
			return true
		}
		counts.passed(tableOther, reasonOther)
		return false
	}
	if isEvidenceAlone(record) {
		n.completeEvidence(r)
	}
	found := n.resolver.WhoActed(r)
	if found.Dropped != "" {
		counts.dropped(r.Table.Name, found.Dropped)
		dropped.Drop(dayOf(record), r.Table.Name, found.Dropped)
		return true
	}
	person := n.resolver.Person(found)
	id, ok := n.tuids.Of(person.Key, person.Names)
	if !ok {
		counts.dropped(r.Table.Name, tuid.ReasonUnmapped)
		dropped.Drop(dayOf(record), r.Table.Name, tuid.ReasonUnmapped)
		return true
	}
	facts := n.facts(record, r, found)
	facts.TUID, facts.User = id, person.User
	body := plan.New(r, facts)
	if n.cfg.SemanticAttributes {
		event.Describe(record, r, found.Full())
	}
	destination := target.Of(record).Person(n.cfg.DomainID, id, person.Key).AppendEmpty()
	record.MoveTo(destination)
	body.MoveTo(destination.Body())
	counts.mapped(r.Table.Name, found.Way)
	return true
}

// facts are what an event says beside its row, but for the person.
func (n *normalizer) facts(record plog.LogRecord, r row.Row, found actor.Finding) event.Facts {
	target := n.resolver.Target(r)
	facts := event.Facts{
		EventID: event.IDOf(record), DomainID: n.cfg.DomainID,
		TargetUser: target.User, TargetGroup: target.Group,
		Streamed: isStreamed(record),
	}
	if found.Way != actor.Account {
		facts.AttributedBy = string(found.Way)
	}
	if lane, ok := record.Attributes().Get(logrecord.AttributeLane); ok {
		facts.Lane = row.Text(lane)
	}
	return facts
}

// rowOf reads a record as a row. A record without the table's attribute, of an unknown table or
// without columns is none.
func (n *normalizer) rowOf(record plog.LogRecord) (row.Row, *event.Plan, bool) {
	name := tableOf(record)
	plan, ok := n.plans[name]
	if !ok || record.Body().Type() != pcommon.ValueTypeMap {
		return row.Row{}, nil, false
	}
	return row.New(plan.Table, record.Body().Map(), record.Timestamp().AsTime()), plan, true
}

func tableOf(record plog.LogRecord) string {
	name, ok := record.Attributes().Get(logrecord.AttributeTable)
	if !ok || name.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return name.Str()
}

func removeEmpty(logs plog.Logs) {
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool { return scope.LogRecords().Len() == 0 })
		return resource.ScopeLogs().Len() == 0
	})
}

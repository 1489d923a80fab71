package totalnormalizeprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

// normalizer is the processor. Its parts guard themselves, so calls may come at the same time.
type normalizer struct {
	now         func() time.Time
	cfg         *Config
	id          component.ID
	logger      *zap.Logger
	telemetry   *metadata.TelemetryBuilder
	plans       map[string]*plan
	directories *directories
	resolver    *resolver
	tuids       *tuids
	order       *order
	store       *store
	keeping     *orderKeeping
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
	known := newDirectories(cfg.Directories, now)
	n := &normalizer{
		now:         now,
		cfg:         cfg,
		id:          set.ID,
		logger:      set.Logger,
		telemetry:   telemetry,
		plans:       newPlans(),
		directories: known,
		resolver:    &resolver{rules: rules, directories: known, loggedOnUsers: cfg.LoggedOnUsers},
		tuids:       newTUIDs(cfg, set.Logger, now),
		order:       newOrder(next, cfg.DomainID),
	}
	if err := known.observe(telemetry); err != nil {
		return nil, fmt.Errorf("creating the processor's metrics: %w", err)
	}
	return n, nil
}

func (n *normalizer) start(ctx context.Context, host component.Host) error {
	if err := n.tuids.start(); err != nil {
		return err
	}
	if n.cfg.StorageID == nil {
		return nil
	}
	store, err := openStore(ctx, host, *n.cfg.StorageID, n.id)
	if err != nil {
		return err
	}
	if err := store.load(ctx, n.directories, n.order); err != nil {
		return err
	}
	n.store = store
	n.keeping = keepOrder(ctx, n.order, store, n.logger)
	return nil
}

func (n *normalizer) shutdown(ctx context.Context) error {
	n.telemetry.Shutdown()
	if n.store == nil {
		return nil
	}
	store := n.store
	n.store = nil
	return errors.Join(n.keeping.end(ctx), store.close(ctx))
}

func (n *normalizer) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	reach.Judged(ctx)
	n.tuids.refresh()
	counts := tally{}
	n.takeIn(ctx, logs, counts)
	events := newGroups(n.schemaURL())
	resources := logs.ResourceLogs()
	for i := range resources.Len() {
		resource := resources.At(i)
		for j := range resource.ScopeLogs().Len() {
			scope := resource.ScopeLogs().At(j)
			target := events.from(resource, scope)
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				return n.normalize(record, target, counts)
			})
		}
	}
	removeEmpty(logs)
	events.appendTo(logs)
	counts.report(ctx, n.telemetry)
	if logs.ResourceLogs().Len() == 0 {
		return logs, processorhelper.ErrSkipProcessingData
	}
	return logs, nil
}

// schemaURL is what the records' own attributes follow; empty: the schema they came with.
func (n *normalizer) schemaURL() string {
	if n.cfg.SemanticAttributes {
		return semanticsSchemaURL
	}
	return ""
}

// normalize moves the record's event to target. It reports whether the record is done with: false
// leaves it, as it is, where it stands.
func (n *normalizer) normalize(record plog.LogRecord, target source, counts tally) bool {
	r, ok := n.rowOf(record)
	if !ok {
		if n.cfg.OtherRecords == OtherRecordsDrop {
			counts.dropped(tableOther, reasonOther)
			return true
		}
		counts.passed(tableOther, reasonOther)
		return false
	}
	table := r.plan.table.Name
	if r.alone {
		n.completeEvidence(r)
	}
	found := n.resolver.whoActed(r)
	if found.dropped {
		counts.dropped(table, found.reason)
		return true
	}
	person := personOf(found.account, found.identity)
	tuid, ok := n.tuids.of(person)
	if !ok {
		counts.dropped(table, reasonUnmapped)
		return true
	}
	event := r.plan.newEvent(r, eventIDOf(record), n.cfg.DomainID, tuid, person.user)
	if n.cfg.SemanticAttributes {
		describe(record, r, found)
	}
	destination := target.of(record).group(n.cfg.DomainID, tuid, person.key).AppendEmpty()
	record.MoveTo(destination)
	event.MoveTo(destination.Body())
	counts.mapped(table, found.reason)
	return true
}

func removeEmpty(logs plog.Logs) {
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool { return scope.LogRecords().Len() == 0 })
		return resource.ScopeLogs().Len() == 0
	})
}

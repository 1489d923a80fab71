package detectionrateconnector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/book"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/correlation"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/metadata"
)

// outlets are the pipelines behind the connector; nil: there is none.
type outlets struct {
	metrics consumer.Metrics
	logs    consumer.Logs
}

// core is what the components of all signals share.
type core struct {
	cfg    *Config
	set    connector.Settings
	now    func() time.Time
	format execution.Format
	counts counts
	book   *book.Book
	store  *store

	life life
}

// life is which components there are, and what runs.
type life struct {
	mu      sync.Mutex // guards everything below
	out     outlets
	members int
	started int
	rounds  *rounds // nil: not started, or ended
	ended   bool
}

func newCore(set connector.Settings, cfg *Config, now func() time.Time) (*core, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("creating the connector's metrics: %w", err)
	}
	known := book.New(cfg.book())
	return &core{
		cfg: cfg, set: set, now: now, format: execution.Format(cfg.Format), counts: counts{telemetry, set.ID},
		book: known, store: newStore(known),
	}, nil
}

// book are the settings of what is known.
func (c *Config) book() book.Settings {
	outcomes := make([]string, len(c.Exclude.Outcomes))
	for i, o := range c.Exclude.Outcomes {
		outcomes[i] = string(o)
	}
	return book.Settings{
		Rule: correlation.Rule{
			Match:  map[Match]correlation.Tier{MatchTechnique: correlation.Technique, MatchTechniqueAndHost: correlation.TechniqueHost, MatchEvidence: correlation.Evidence}[c.Match],
			Window: c.Window, Rollup: c.Rollup == RollupParent, Hours: c.Granularity == GranularityHour,
			Before: c.Evidence.Before, After: c.Evidence.After,
		},
		Lookback: c.Lookback, Settle: c.Settle, Categories: c.Exclude.Categories, Outcomes: outcomes,
		MaxExecutions: c.Limits.Executions, MaxAlerts: c.Limits.Alerts,
	}
}

// join adds a component. It reports whether it is the first one.
func (c *core) join(out outlets) bool {
	c.life.mu.Lock()
	defer c.life.mu.Unlock()
	if out.metrics != nil {
		c.life.out.metrics = out.metrics
	}
	if out.logs != nil {
		c.life.out.logs = out.logs
	}
	c.life.members++
	return c.life.members == 1
}

// start starts the core with the last of its components.
func (c *core) start(ctx context.Context, host component.Host) error {
	c.life.mu.Lock()
	defer c.life.mu.Unlock()
	c.life.started++
	if c.life.started == 1 {
		if err := c.load(ctx, host); err != nil {
			return err
		}
	}
	if c.life.started == c.life.members && !c.life.ended {
		c.life.rounds = startRounds(ctx, c, c.life.out)
	}
	return nil
}

// load reads what is stored. It is done with the first component, because calls may come before the last one starts.
func (c *core) load(ctx context.Context, host component.Host) error {
	c.counts.begin(ctx)
	if c.cfg.StorageID == nil {
		return nil
	}
	damaged, err := c.store.open(ctx, host, *c.cfg.StorageID, c.set.ID)
	if damaged > 0 {
		c.set.Logger.Warn("A part of the stored executions and alerts cannot be read and is left out; send them again", zap.Int("parts", damaged))
	}
	return err
}

// shutdown ends the core with the first of its components.
func (c *core) shutdown(ctx context.Context) error {
	c.life.mu.Lock()
	running, ended := c.life.rounds, c.life.ended
	c.life.rounds, c.life.ended = nil, true
	c.life.mu.Unlock()
	if ended {
		return nil
	}
	running.end(ctx)
	c.counts.telemetry.Shutdown()
	return c.store.close(ctx)
}

// consume takes executions and alerts, and returns when they are stored.
func (c *core) consume(ctx context.Context, logs plog.Logs) error {
	now, seen := c.now(), tally{}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				switch {
				case alert.Is(record):
					c.takeAlert(now, record, seen)
				case c.format.Is(record):
					c.takeExecutions(now, c.format.OfRecord(record, resource.Resource().Attributes()), seen)
				default:
					seen.add(kindOther, outcomeIgnored, 1)
				}
			}
		}
	}
	c.counts.add(ctx, seen)
	return c.store.save(ctx)
}

func (c *core) takeAlert(now time.Time, record plog.LogRecord, seen tally) {
	a, ok := alert.Read(record)
	if !ok {
		seen.add(kindAlert, outcomeMalformed, 1)
		return
	}
	seen.add(kindAlert, outcomes[c.book.PutAlert(now, a)], 1)
}

func (c *core) takeExecutions(now time.Time, found []execution.Execution, seen tally) {
	if len(found) == 0 {
		seen.add(kindExecution, outcomeMalformed, 1)
	}
	for _, e := range found {
		seen.add(kindExecution, outcomes[c.book.PutExecution(now, e)], 1)
	}
}

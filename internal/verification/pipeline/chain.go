package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// neutral are the processors that change nothing in a record.
var neutral = []string{"batch", "memory_limiter"}

// Settings are what a chain is made with.
type Settings struct {
	// Telemetry is where processors log and measure.
	Telemetry component.TelemetrySettings
	Host      component.Host
	BuildInfo component.BuildInfo
}

// Chain makes events of rows. It is a consumer, whose calls may not overlap.
type Chain struct {
	// Take takes each row with the event that came of it.
	Take func(comparison.Row) error

	set        Settings
	processors []processor.Logs // in the order of the pipeline
	first      consumer.Logs
	domainID   string
	made       map[uuid.UUID]event.Event // of the call that is under way
}

var _ consumer.Logs = (*Chain)(nil)

// NewChain makes the processors of a route.
func NewChain(ctx context.Context, conf *confmap.Conf, route Route, set Settings) (*Chain, error) {
	factories, err := distribution.Components()
	if err != nil {
		return nil, fmt.Errorf("list the components of this build: %w", err)
	}
	c := &Chain{set: set, made: map[uuid.UUID]event.Event{}}
	last, err := consumer.NewLogs(c.collect)
	if err != nil {
		return nil, fmt.Errorf("make the end of the pipeline: %w", err)
	}
	c.first = last
	for _, id := range slices.Backward(route.Processors) {
		if slices.Contains(neutral, id.Type().String()) {
			continue
		}
		made, err := c.newProcessor(ctx, conf, id, factories.Processors[id.Type()])
		if err != nil {
			return nil, err
		}
		c.processors = append(c.processors, made)
		c.first = made
	}
	slices.Reverse(c.processors)
	return c, nil
}

func (c *Chain) newProcessor(ctx context.Context, conf *confmap.Conf, id component.ID, factory processor.Factory) (processor.Logs, error) {
	path := "processors::" + id.String()
	if factory == nil {
		return nil, fmt.Errorf("make %s: this build has no processor of this type", path)
	}
	written, err := conf.Sub(path)
	if err != nil {
		return nil, fmt.Errorf("make %s: it is not a map of settings", path)
	}
	written = confmap.NewFromStringMap(written.ToStringMap())
	if id.Type().String() == typeNormalize {
		written.Delete("storage")
		c.domainID, _ = written.Get("domain_id").(string)
	}
	cfg := factory.CreateDefaultConfig()
	if err := errors.Join(written.Unmarshal(cfg), confmap.Validate(cfg)); err != nil {
		// What is wrong may quote a secret; check knows which parts to leave out.
		return nil, fmt.Errorf("make %s: the collector would refuse its settings; `defenderctl check` says why", path)
	}
	made, err := factory.CreateLogs(ctx, processor.Settings{
		ID: id, TelemetrySettings: c.set.Telemetry, BuildInfo: c.set.BuildInfo,
	}, cfg, c.first)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	return made, nil
}

// DomainID is the domain of the events.
func (c *Chain) DomainID() string { return c.domainID }

// Start starts the processors, the last one first, as the collector does.
func (c *Chain) Start(ctx context.Context) error {
	for i, p := range slices.Backward(c.processors) {
		if err := p.Start(ctx, c.set.Host); err != nil {
			c.processors = c.processors[i+1:] // those that run
			return fmt.Errorf("start a processor: %w", err)
		}
	}
	return nil
}

// Shutdown ends the processors that have started.
func (c *Chain) Shutdown(ctx context.Context) error {
	var errs []error
	for _, p := range c.processors {
		errs = append(errs, p.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// Capabilities implements consumer.Logs.
func (c *Chain) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

// ConsumeLogs implements consumer.Logs: it says of each row what the processors make of it.
func (c *Chain) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	rows := rowsOf(logs)
	clear(c.made)
	if err := c.first.ConsumeLogs(ctx, logs); err != nil {
		return fmt.Errorf("make events of rows: %w", err)
	}
	for _, row := range rows {
		if made, ok := c.made[row.ID]; ok {
			row.Event = &made
		}
		if err := c.Take(row); err != nil {
			return err
		}
	}
	return nil
}

// collect is the end of the pipeline. Records that are no events cannot be compared.
func (c *Chain) collect(_ context.Context, logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if e, err := event.Of(record.Body()); err == nil {
					c.made[e.ID] = e
				}
			}
		}
	}
	return nil
}

// rowsOf are the rows of a call that can become events.
func rowsOf(logs plog.Logs) []comparison.Row {
	rows := make([]comparison.Row, 0, logs.LogRecordCount())
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if row, ok := rowOf(record); ok {
					rows = append(rows, row)
				}
			}
		}
	}
	return rows
}

func rowOf(record plog.LogRecord) (comparison.Row, bool) {
	attribute := func(name string) string {
		v, _ := record.Attributes().Get(name)
		return v.AsString()
	}
	table, known := tables.ByName(attribute(logrecord.AttributeTable))
	id, err := uuid.Parse(attribute(logrecord.AttributeUID))
	if !known || table.Event == nil || err != nil {
		return comparison.Row{}, false
	}
	row := comparison.Row{Table: table.Name, ID: id}
	if record.Timestamp() != 0 {
		row.Time = record.Timestamp().AsTime()
	}
	if came, err := time.Parse(time.RFC3339Nano, attribute(logrecord.AttributeIngestionTime)); err == nil {
		row.Arrived = came
	}
	return row, true
}

package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// contextTable names the context of alerts in metrics, status and records.
const contextTable = "alert_context"

// ContextSource is where the alerts come from whose context is read.
type ContextSource string

const contextOfAlertsV2 ContextSource = "alerts_v2"

// AlertSeverity is a severity in Graph's words.
type AlertSeverity string

// ContextEmit is what a record of an alert's context holds.
type ContextEmit string

const (
	emitLinks ContextEmit = "links"
	emitRows  ContextEmit = "rows"
)

// ContextRelation is how a row belongs to an alert.
type ContextRelation string

// fallbacks are the relations that a user can leave out.
var fallbacks = []ContextRelation{"parent", "file", "network", "user", "device"}

const (
	mostDelays      = 5
	longestDelay    = 7 * 24 * time.Hour
	longestWindow   = 12 * time.Hour
	mostContextRows = 50_000
)

func defaultAlertContext() AlertContextConfig {
	return AlertContextConfig{
		Source: contextOfAlertsV2, MinSeverity: "low", Delays: []time.Duration{10 * time.Minute, time.Hour},
		Window: ContextWindowConfig{Before: 5 * time.Minute, After: 30 * time.Minute},
		Tables: []string{
			"DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceRegistryEvents", "DeviceEvents", "DeviceLogonEvents",
		},
		MaxRowsPerAlert: 500, QuotaShare: 0.2, Emit: emitLinks, Fallback: slices.Clone(fallbacks), interval: 30 * time.Second,
	}
}

func (c *AlertContextConfig) validate(feeds FeedsConfig) error {
	severities := make([]AlertSeverity, 0, len(pivot.Severities))
	for _, word := range pivot.Severities {
		severities = append(severities, AlertSeverity(word))
	}
	errs := []error{
		settings.OneOf("source", c.Source, contextOfAlertsV2),
		settings.OneOf("min_severity", c.MinSeverity, severities...),
		settings.OneOf("emit", c.Emit, emitLinks, emitRows),
		settings.Within("window::before", c.Window.Before, time.Minute, longestWindow/2),
		settings.Within("window::after", c.Window.After, 0, longestWindow),
		settings.Within("max_rows_per_alert", c.MaxRowsPerAlert, 1, mostContextRows),
		c.validateDelays(), c.validateTables(),
	}
	if !(c.QuotaShare > 0 && c.QuotaShare <= 1) {
		errs = append(errs, settings.Problemf("quota_share", "is %v: it must be greater than 0 and at most 1, e.g. 0.2 for a fifth of the receiver's share", c.QuotaShare))
	}
	for _, relation := range c.Fallback {
		errs = append(errs, settings.OneOf("fallback", relation, fallbacks...))
	}
	if c.Enabled && !feeds.AlertsV2.Enabled {
		errs = append(errs, settings.Problemf("enabled", "needs the alerts: set feeds::alerts_v2::enabled: true"))
	}
	return errors.Join(errs...)
}

func (c *AlertContextConfig) validateDelays() error {
	if len(c.Delays) == 0 || len(c.Delays) > mostDelays {
		return settings.Problemf("delays", "has %d entries: write 1 to %d, e.g. [10m, 1h]", len(c.Delays), mostDelays)
	}
	var errs []error
	for i, delay := range c.Delays {
		errs = append(errs, settings.Within("delays", delay, 0, longestDelay))
		if i > 0 && delay <= c.Delays[i-1] {
			errs = append(errs, settings.Problemf("delays", "must grow: %s comes after %s", settings.Duration(delay), settings.Duration(c.Delays[i-1])))
		}
	}
	return errors.Join(errs...)
}

// contextTables are the tables that can be asked for the context of alerts.
func contextTables() []string {
	var names []string
	for _, t := range tables.All() {
		if pivot.Suits(t) {
			names = append(names, t.Name)
		}
	}
	return names
}

func (c *AlertContextConfig) validateTables() error {
	var errs []error
	if len(c.Tables) == 0 {
		errs = append(errs, settings.Problemf("tables", "is empty: name at least one of %s", strings.Join(contextTables(), ", ")))
	}
	for i, name := range c.Tables {
		errs = append(errs, settings.OneOf("tables", name, contextTables()...))
		if slices.Contains(c.Tables[:i], name) {
			errs = append(errs, settings.Problemf("tables", "names %s twice", name))
		}
	}
	return errors.Join(errs...)
}

// rules are how the context of alerts is looked for.
func (c *AlertContextConfig) rules() pivot.Rules {
	r := pivot.Rules{
		MinSeverity: string(c.MinSeverity), Delays: c.Delays, Before: c.Window.Before, After: c.Window.After, MaxRows: c.MaxRowsPerAlert,
	}
	for _, name := range c.Tables {
		if t, ok := tables.ByName(name); ok {
			r.Tables = append(r.Tables, t)
		}
	}
	for _, relation := range c.Fallback {
		r.Fallback = append(r.Fallback, pivot.Relation(relation))
	}
	return r
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

// contextMetrics count what is done for the context of alerts.
type contextMetrics struct{ laneMetrics }

var _ source.ContextMetrics = contextMetrics{}

// Found counts a row that was delivered.
func (m contextMetrics) Found(ctx context.Context, table string, relation pivot.Relation) {
	m.builder.ReceiverDefenderAlertContextRows.Add(ctx, 1, m.of(attribute.String("table", table), attribute.String("relation", string(relation))))
}

// Summarized counts an alert for which nothing is left to be asked.
func (m contextMetrics) Summarized(ctx context.Context, truncated, empty bool) {
	if truncated {
		m.builder.ReceiverDefenderAlertContextTruncated.Add(ctx, 1, m.of())
	}
	if empty {
		m.builder.ReceiverDefenderAlertContextEmpty.Add(ctx, 1, m.of())
	}
}

// beginContext gives the counters of the context of alerts their first point.
func (t *telemetry) beginContext(ctx context.Context, asked []string) {
	for _, table := range asked {
		for _, relation := range pivot.Relations {
			t.builder.ReceiverDefenderAlertContextRows.Add(ctx, 0, t.of(attribute.String("table", table), attribute.String("relation", string(relation))))
		}
	}
	t.builder.ReceiverDefenderAlertContextTruncated.Add(ctx, 0, t.of())
	t.builder.ReceiverDefenderAlertContextEmpty.Add(ctx, 0, t.of())
}

// observeContext lets the gauges read how much is to be asked.
func (t *telemetry) observeContext(pivots *source.Pivots, now func() time.Time) error {
	tasks := t.builder.RegisterReceiverDefenderAlertContextTasksCallback(func(_ context.Context, o metric.Int64Observer) error {
		standing := pivots.Standing(now())
		for state, n := range map[string]int{"pending": standing.Pending, "done": standing.Done, "set_aside": standing.Aside} {
			o.Observe(int64(n), t.of(attribute.String("state", state)))
		}
		return nil
	})
	lag := t.builder.RegisterReceiverDefenderAlertContextLagCallback(func(_ context.Context, o metric.Float64Observer) error {
		lag, at := 0.0, now()
		if oldest := pivots.Standing(at).Oldest; !oldest.IsZero() {
			lag = at.Sub(oldest).Seconds()
		}
		o.Observe(lag, t.of())
		return nil
	})
	return errors.Join(tasks, lag)
}

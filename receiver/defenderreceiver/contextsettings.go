package defenderreceiver

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/pivot"
)

// contextTable names the context of alerts in metrics, status and records.
const contextTable = "alert_context"

// AlertContextConfig says which rows around the evidence of alerts are read, and when.
type AlertContextConfig struct {
	// Enabled says whether they are read. It needs feeds::alerts_v2, and ThreatHunting.Read.All.
	Enabled bool `mapstructure:"enabled" example:"true"`
	// Source is where alerts come from: alerts_v2.
	Source ContextSource `mapstructure:"source"`
	// MinSeverity is the least severity of alerts whose context is read: unknown, informational, low, medium or high.
	MinSeverity AlertSeverity `mapstructure:"min_severity"`
	// Delays are how long after a piece of evidence came the tables are asked: once for each, the shortest first.
	Delays []time.Duration `mapstructure:"delays" example:"[10m, 1h]"`
	// Window is the time around an alert's activity.
	Window ContextWindowConfig `mapstructure:"window" example:"{before: 5m, after: 30m}"`
	// Tables are the tables that are asked, in this order. They need not be read otherwise.
	Tables []string `mapstructure:"tables" example:"[DeviceProcessEvents, DeviceNetworkEvents]"`
	// MaxRowsPerAlert bounds the rows of one alert.
	MaxRowsPerAlert int `mapstructure:"max_rows_per_alert"`
	// QuotaShare is the most of the receiver's share of the quota that is spent on it.
	QuotaShare float64 `mapstructure:"quota_share"`
	// Emit says what a record holds: links (where the row is) or rows (the row itself).
	Emit ContextEmit `mapstructure:"emit"`
	// Fallback are the relations that are looked for beside the process itself: parent, file, network, user and device.
	Fallback []ContextRelation `mapstructure:"fallback" example:"[parent, file, network, user, device]"`

	// interval is the time between two looks at what is due.
	interval time.Duration
}

// ContextWindowConfig is a time around an activity.
type ContextWindowConfig struct {
	// Before is the time before the activity's begin.
	Before time.Duration `mapstructure:"before"`
	// After is the time after its end.
	After time.Duration `mapstructure:"after"`
}

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
	for _, t := range slices.Concat(tables.All(), tables.Others()) {
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

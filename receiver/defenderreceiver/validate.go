package defenderreceiver

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/config/configretry"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

const (
	maxPageRows     = 100_000 // the service cuts longer results without a word
	retention       = tables.Retention
	minPollInterval = 100 * time.Millisecond

	minAuditInterval = time.Second

	minBatchBytes, maxBatchBytes = 1 << 10, 64 << 20
)

// Validate names each key that is wrong and says what to do.
func (c *Config) Validate() error {
	errs := []error{
		settings.OneOf("cloud", c.Cloud, CloudGlobal, CloudUSGovernment, CloudUSGovernmentDoD),
		settings.OneOf("api", c.API, APIGraph, APILegacy),
		settings.OneOf("late_arrival::mode", c.LateArrival.Mode, ModeAuto, ModeIngestionTime, ModeEventTime),
		settings.SecureURL("endpoint", c.ClientConfig.Endpoint, clouds[CloudGlobal].service(c.API)),
		settings.ProxyURL("proxy_url", c.ClientConfig.ProxyURL),
		settings.Positive("timeout", c.ClientConfig.Timeout),
		settings.AtLeast("poll_interval", c.PollInterval, minPollInterval),
		settings.Within("settle", c.Settle, 0, 24*time.Hour),
		settings.Within("initial_lookback", c.InitialLookback, 0, retention),
		settings.Within("backfill::window", c.Backfill.Window, 0, retention),
		settings.Within("late_arrival::overlap", c.LateArrival.Overlap, 0, retention),
		settings.Within("late_arrival::audit::interval", c.LateArrival.Audit.Interval, 0, retention),
		settings.Within("late_arrival::audit::window", c.LateArrival.Audit.Window, 0, retention),
		settings.Within("page::max_rows", c.Page.MaxRows, 1, maxPageRows),
		settings.Within("batch::max_records", c.Batch.MaxRecords, 1, maxPageRows),
		settings.Within("batch::max_bytes", c.Batch.MaxBytes, minBatchBytes, maxBatchBytes),
		settings.Within("pause_after_failures", c.PauseAfterFailures, 0, 1_000_000),
		settings.Within("checkpoint_delay", c.CheckpointDelay, 0, time.Hour),
		settings.Positive("shutdown_timeout", c.ShutdownTimeout),
		settings.Under("retry_on_failure", backOff(c.RetryOnFailure)),
		settings.Under("credentials", c.Credentials.Check(c.written, clouds[CloudGlobal].login, c.ClientConfig.Auth.HasValue())),
		settings.Under("quota", c.Quota.validate()),
		settings.Under("tables", c.Tables.validate()),
		settings.Under("feeds", c.Feeds.validate(c.API)),
		c.MetricsPipelineConfig.validate(),
		settings.Under("alert_context", c.AlertContext.validate(c.Feeds)),
	}
	if !c.Feeds.enabled() && !c.Tables.enabled() {
		errs = append(errs, settings.Missingf("tables", "names no table that is read, because all are disabled: enable at least one, or a feed"))
	}
	if interval := c.LateArrival.Audit.Interval; interval > 0 {
		errs = append(errs, settings.AtLeast("late_arrival::audit::interval", interval, minAuditInterval))
	}
	if audit := c.LateArrival.Audit; audit.Interval > audit.Window && audit.Window > 0 {
		errs = append(errs, settings.Problemf("late_arrival::audit::interval", "is %s, longer than the window of %s: rows in between would never be counted",
			settings.Duration(audit.Interval), settings.Duration(audit.Window)))
	}
	if users := tables.Users().Name; c.API == APILegacy && c.Tables[users].Enabled {
		errs = append(errs, settings.Problemf("tables::"+users, "needs api: graph: the legacy API's token is not for Graph, which keeps the users"))
	}
	if c.StorageID == nil {
		errs = append(errs, settings.Problemf("storage", "%s: name a storage extension that is listed under service::extensions, "+
			"e.g. file_storage/cursors; without it a restart would lose or repeat rows", settings.Required(c.written, "storage")))
	}
	return c.written.Report(errs...)
}

// backOff refuses what would try again without a pause. The Collector refuses values below zero itself, but only where
// retries are enabled.
func backOff(c configretry.BackOffConfig) error {
	bad := func(value float64) bool { return value == 0 || value < 0 && !c.Enabled }
	var errs []error
	if bad(float64(c.InitialInterval)) {
		errs = append(errs, settings.Positive("initial_interval", c.InitialInterval))
	}
	if bad(float64(c.MaxInterval)) {
		errs = append(errs, settings.Positive("max_interval", c.MaxInterval))
	}
	if bad(c.Multiplier) || 0 < c.Multiplier && c.Multiplier < 1 {
		errs = append(errs, settings.Problemf("multiplier", "is %v: it must be at least 1, so that pauses do not become shorter", c.Multiplier))
	}
	return errors.Join(errs...)
}

func (c *QuotaConfig) validate() error {
	errs := []error{
		settings.Positive("requests_per_minute", c.RequestsPerMinute),
		settings.Positive("requests_per_hour", c.RequestsPerHour),
		settings.Positive("cpu_per_hour", c.CPUPerHour),
		settings.Positive("cpu_per_day", c.CPUPerDay),
		settings.Positive("max_concurrent_queries", c.MaxConcurrentQueries),
	}
	if !(c.Share > 0 && c.Share <= 1) {
		errs = append(errs, settings.Problemf("share", "is %v: it must be greater than 0 and at most 1, e.g. 0.5 for half of the quota", c.Share))
	}
	return errors.Join(errs...)
}

// validate checks each table's settings.
func (t TablesConfig) validate() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(t)) {
		cfg := t[name]
		declared, err := tableOf(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, settings.Under(name, errors.Join(cfg.validate(), cfg.validateOf(declared))))
	}
	return errors.Join(errs...)
}

// validateOf checks what depends on the table.
func (c TableConfig) validateOf(declared *tables.Table) error {
	switch {
	case declared.Source == tables.Graph:
		return c.validateUsers()
	case declared.Kind == tables.Passed:
		return errors.Join(c.validateOther(), c.misspelt(declared))
	default:
		return c.misspelt(declared)
	}
}

// validateOther refuses what has no meaning where a table is read whole.
func (c TableConfig) validateOther() error {
	if len(c.Columns) == 0 {
		return nil
	}
	return settings.Problemf("columns", "must be empty: the table is read whole, with all of its columns")
}

// enabled reports whether a table is read.
func (t TablesConfig) enabled() bool {
	for _, table := range t {
		if table.Enabled {
			return true
		}
	}
	return false
}

func (c TableConfig) validate() error {
	errs := []error{
		settings.Positive("priority", c.Priority),
		settings.Within("poll_interval", c.PollInterval, 0, retention),
	}
	if c.PollInterval > 0 {
		errs = append(errs, settings.AtLeast("poll_interval", c.PollInterval, minPollInterval))
	}
	for _, column := range c.Columns {
		if !columnName.MatchString(column) {
			what := "a text that"
			if settings.Shown(column) {
				what = strconv.Quote(column) + ", which"
			}
			errs = append(errs, settings.Problemf("columns", "holds %s is no column's name: use names as Microsoft's schema has them", what))
		}
	}
	if c.Filter != "" {
		if _, err := kusto.Predicate(c.Filter); err != nil {
			errs = append(errs, settings.Problemf("filter", "is refused: %v", err))
		}
	}
	return errors.Join(errs...)
}

// enabled reports whether a list is read.
func (c *FeedsConfig) enabled() bool {
	for _, declared := range declaredFeeds() {
		if declared.settings(c).Enabled {
			return true
		}
	}
	return c.SecureScores.Enabled
}

func (c *FeedsConfig) validate(api API) error {
	var errs []error
	for _, declared := range declaredFeeds() {
		own := declared.settings(c)
		errs = append(errs, settings.Under(declared.name, own.validate(declared.mostTop)))
		if own.Enabled && api == APILegacy {
			errs = append(errs, settings.Problemf(declared.name, "needs api: graph: the legacy API's token is not for Graph, which keeps the list"))
		}
	}
	errs = append(errs, settings.Under(secureScores, settings.AtLeast("poll_interval", c.SecureScores.PollInterval, minPollInterval)))
	errs = append(errs, settings.Under(secureScores, c.SecureScores.ControlAlerts.validate(c)))
	if c.SecureScores.Enabled && api == APILegacy {
		errs = append(errs, settings.Problemf(secureScores, "needs api: graph: the legacy API's token is not for Graph, which keeps the scores"))
	}
	return errors.Join(errs...)
}

// validate checks how alerts are counted by controls.
func (c *ControlAlertsConfig) validate(feeds *FeedsConfig) error {
	errs := []error{settings.Within("control_alerts::window", c.Window, 24*time.Hour, largestLookback)}
	if c.TechniquesFile != "" && (!feeds.AlertsV2.Enabled || !feeds.SecureScores.Enabled) {
		errs = append(errs, settings.Problemf("control_alerts::techniques_file", "needs feeds: {alerts_v2: {enabled: true}, secure_scores: {enabled: true}}, whose alerts and controls it brings together"))
	}
	return errors.Join(errs...)
}

// validate checks what metrics pipelines are given.
func (c *MetricsPipelineConfig) validate() error {
	return errors.Join(
		settings.AtLeast("collection_interval", c.CollectionInterval, minCollectionInterval),
		settings.Within("initial_delay", c.InitialDelay, 0, time.Hour),
	)
}

// minCollectionInterval keeps the counting of alerts within the service's limit of requests.
const minCollectionInterval = 10 * time.Second

// largestLookback is longer than the service keeps anything.
const largestLookback = 365 * 24 * time.Hour

func (c *FeedConfig) validate(mostTop int) error {
	errs := []error{
		settings.AtLeast("poll_interval", c.PollInterval, minPollInterval),
		settings.Within("overlap", c.Overlap, time.Minute, retention),
		settings.Within("initial_lookback", c.InitialLookback, 0, largestLookback),
		settings.Within("page::max_items", c.Page.MaxItems, 1, mostTop),
		settings.Within("audit::interval", c.Audit.Interval, 0, retention),
		settings.Within("audit::window", c.Audit.Window, 0, retention),
	}
	if interval := c.Audit.Interval; interval > 0 {
		errs = append(errs, settings.AtLeast("audit::interval", interval, minAuditInterval))
		if c.Audit.Window < c.Overlap {
			errs = append(errs, settings.Problemf("audit::window", "is %s, shorter than the overlap of %s, which each poll reads anyway: make it longer, or set audit::interval: 0s",
				settings.Duration(c.Audit.Window), settings.Duration(c.Overlap)))
		}
	}
	return errors.Join(errs...)
}

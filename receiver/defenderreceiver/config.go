package defenderreceiver

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/version"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
)

// Config is the receiver's configuration. The tag `example` is what messages show a user.
type Config struct {
	// ClientConfig stands flat beside the receiver's own keys. Its endpoint replaces the cloud's.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`

	// Cloud is where the tenant is.
	Cloud Cloud `mapstructure:"cloud"`
	// API is which of the service's hunting APIs is asked.
	API API `mapstructure:"api"`
	// Credentials are the app registration's. With `auth` an extension proves who asks, and only tenant_id is required here.
	Credentials credentials.Config `mapstructure:"credentials" example:"{tenant_id: <tenant id>, client_id: <client id>, client_secret_file: /etc/otelcol-defender/secret}"`
	// StorageID is the storage extension that keeps the cursors. Required.
	StorageID *component.ID `mapstructure:"storage" example:"file_storage/cursors"`

	// PollInterval is how often a table is polled that has no interval of its own.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// Settle is how long rows are left alone after their arrival.
	Settle time.Duration `mapstructure:"settle"`
	// InitialLookback is how long before the first start the live rows begin.
	InitialLookback time.Duration `mapstructure:"initial_lookback"`
	// Backfill asks for history beside the live rows.
	Backfill BackfillConfig `mapstructure:"backfill" example:"{window: 7d}"`
	// LateArrival is how rows are found that arrive long after their event.
	LateArrival LateArrivalConfig `mapstructure:"late_arrival" example:"{mode: auto, overlap: 1h}"`

	// Quota bounds what the receiver spends of the tenant's quota.
	Quota QuotaConfig `mapstructure:"quota" example:"{share: 0.5}"`
	// Page bounds one query.
	Page PageConfig `mapstructure:"page" example:"{max_rows: 50000}"`
	// Batch bounds one call of the pipeline.
	Batch BatchConfig `mapstructure:"batch" example:"{max_records: 5000}"`

	// RetryOnFailure is the backoff between failed polls, and between tries to hand over a refused batch.
	RetryOnFailure configretry.BackOffConfig `mapstructure:"retry_on_failure" example:"{initial_interval: 5s, max_interval: 5m}"`
	// PauseAfterFailures is how many failed polls in a row pause a table; 0: none do.
	PauseAfterFailures int `mapstructure:"pause_after_failures"`
	// HumanAccountsOnly leaves rows on the server all of whose accounts are well-known system accounts.
	HumanAccountsOnly bool `mapstructure:"human_accounts_only"`
	// CheckpointDelay is how long after its rows were accepted a cursor is stored.
	CheckpointDelay time.Duration `mapstructure:"checkpoint_delay"`
	// ShutdownTimeout is how long the end waits for a pipeline that still holds rows.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`
	// DeadLetter is where rows go that the pipeline refuses for good.
	DeadLetter DeadLetterConfig `mapstructure:"dead_letter" example:"{directory: /var/lib/otelcol-defender/dead-letters}"`

	// Watermarks are records that say up to when a table is complete.
	Watermarks WatermarksConfig `mapstructure:"watermarks" example:"{enabled: true}"`

	// Tables are the settings of each table. A table that is not named keeps its defaults. Any other table of the hunting
	// schema, e.g. EmailEvents, is read when it is named, whole, with priority 9.
	Tables TablesConfig `mapstructure:"tables" example:"{DeviceLogonEvents: {enabled: true}}"`
	// Feeds are lists of Microsoft Graph's security API, which cost no hunting query.
	Feeds FeedsConfig `mapstructure:"feeds" example:"{alerts_v2: {enabled: true}}"`

	// MetricsPipelineConfig stands flat beside the receiver's own keys. It is of use in metrics pipelines.
	MetricsPipelineConfig `mapstructure:",squash"`

	// AlertContext reads the rows around the evidence of alerts. It is off by default.
	AlertContext AlertContextConfig `mapstructure:"alert_context" example:"{enabled: true, emit: rows}"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

// BackfillConfig asks for history.
type BackfillConfig struct {
	// Window is how far back history reaches, in event time; 0: no history.
	Window time.Duration `mapstructure:"window" example:"7d"`
}

// LateArrivalConfig says how rows are found that arrive long after their event.
type LateArrivalConfig struct {
	// Mode is the time by which rows are read: that of their arrival, that of their event, or auto, which asks the service.
	Mode Mode `mapstructure:"mode"`
	// Overlap is how much of the past each poll reads again by event time.
	Overlap time.Duration `mapstructure:"overlap"`
	// Audit is the count on the server of what should have been read.
	Audit AuditConfig `mapstructure:"audit" example:"{interval: 1h, window: 24h}"`
}

// AuditConfig sets the count on the server of what should have been read.
type AuditConfig struct {
	// Interval is the time between two audits; 0: none.
	Interval time.Duration `mapstructure:"interval"`
	// Window is how much of the past an audit counts.
	Window time.Duration `mapstructure:"window"`
}

// WatermarksConfig turns watermarks on.
type WatermarksConfig struct {
	// Enabled gives a record for each table and poll that says up to when the table is complete.
	Enabled bool `mapstructure:"enabled"`
}

// QuotaConfig is the tenant's quota and the share of it that the receiver may use.
type QuotaConfig struct {
	// Share is the part of each of these limits that the receiver may use.
	Share float64 `mapstructure:"share"`
	// RequestsPerMinute is the tenant's limit of requests in a minute.
	RequestsPerMinute int `mapstructure:"requests_per_minute"`
	// RequestsPerHour is the tenant's limit of requests in an hour.
	RequestsPerHour int `mapstructure:"requests_per_hour"`
	// CPUPerHour is the tenant's limit of CPU time in an hour.
	CPUPerHour time.Duration `mapstructure:"cpu_per_hour"`
	// CPUPerDay is the tenant's limit of CPU time in a day.
	CPUPerDay time.Duration `mapstructure:"cpu_per_day"`
	// MaxConcurrentQueries is how many queries are under way at once.
	MaxConcurrentQueries int `mapstructure:"max_concurrent_queries"`
}

// PageConfig bounds one query.
type PageConfig struct {
	// MaxRows is how many rows one query asks for at most. Where rows are large it asks for fewer, so that answers stay
	// below 45 MB: the service refuses those over 50 MB.
	MaxRows int `mapstructure:"max_rows"`
}

// BatchConfig bounds one call of the pipeline.
type BatchConfig struct {
	// MaxRecords is the most records of one call.
	MaxRecords int `mapstructure:"max_records"`
	// MaxBytes bounds the size of a call: of its rows, as the service sent them.
	MaxBytes int `mapstructure:"max_bytes"`
}

// DeadLetterConfig says where rows go that the pipeline refuses for good.
type DeadLetterConfig struct {
	// Directory holds a file for each table; empty: the rows are passed over.
	Directory string `mapstructure:"directory"`
}

// FeedsConfig are lists of Microsoft Graph's security API. All are off by default.
type FeedsConfig struct {
	// AlertsV2 reads alerts with their evidence, each version of an alert as a record. It needs SecurityAlert.Read.All.
	AlertsV2 FeedConfig `mapstructure:"alerts_v2" example:"{enabled: true}"`
	// Incidents reads incidents, each version as a record. It needs SecurityIncident.Read.All.
	Incidents FeedConfig `mapstructure:"incidents" example:"{enabled: true}"`
	// SecureScores reads Secure Score: the score of each day, what each control adds to it, and the profiles of controls. It
	// needs SecurityEvents.Read.All.
	SecureScores SecureScoresConfig `mapstructure:"secure_scores" example:"{enabled: true}"`

	// requestsPerMinute is the service's limit of requests to the security API, by app registration and tenant.
	requestsPerMinute int
}

// FeedConfig is how one list is read.
type FeedConfig struct {
	// Enabled says whether the list is read.
	Enabled bool `mapstructure:"enabled" example:"true"`
	// PollInterval is how often the list is read.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// Overlap is how much of the past each poll reads again, by the objects' last update.
	Overlap time.Duration `mapstructure:"overlap"`
	// InitialLookback is how long before the first start objects may have been updated last that are read.
	InitialLookback time.Duration `mapstructure:"initial_lookback"`
	// Page bounds one request.
	Page FeedPageConfig `mapstructure:"page" example:"{max_items: 200}"`
	// Filter is an OData filter that is added with `and`.
	Filter string `mapstructure:"filter" example:"severity eq 'high'"`
	// Audit reads a longer past again, for what became visible late.
	Audit AuditConfig `mapstructure:"audit" example:"{interval: 1h, window: 24h}"`
}

// SecureScoresConfig is how Secure Score is read.
type SecureScoresConfig struct {
	// Enabled says whether a logs pipeline is given records of it. A metrics pipeline is given its figures anyway.
	Enabled bool `mapstructure:"enabled" example:"true"`
	// PollInterval is how often it is read. The service makes a score once a day.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// ControlAlerts counts, once a day, the alerts that belong to each control. It needs the feed alerts_v2.
	ControlAlerts ControlAlertsConfig `mapstructure:"control_alerts" example:"{techniques_file: /etc/otelcol-defender/control-techniques.csv}"`
}

// ControlAlertsConfig says which alerts belong to a control.
type ControlAlertsConfig struct {
	// TechniquesFile is a table in CSV with the columns match, a part of a control's title, and techniques, which the control is
	// against; empty: alerts are not counted. It is read again when it changes.
	TechniquesFile string `mapstructure:"techniques_file" example:"/etc/otelcol-defender/control-techniques.csv"`
	// Window is how long before a day alerts may have been created that are counted for it.
	Window time.Duration `mapstructure:"window"`
}

// MetricsPipelineConfig is what the receiver gives a metrics pipeline.
type MetricsPipelineConfig struct {
	// CollectionInterval is how often a metrics pipeline is given figures, and open alerts are counted.
	CollectionInterval time.Duration `mapstructure:"collection_interval"`
	// InitialDelay is the time from the start to the first figures.
	InitialDelay time.Duration `mapstructure:"initial_delay"`
	// Metrics turns metrics off, and leaves out attributes of them, by the metrics' names.
	Metrics metadata.MetricsConfig `mapstructure:"metrics" example:"{defender.alerts.open: {enabled: false}}"`
	// ResourceAttributes turns attributes of the metrics' resource off.
	ResourceAttributes metadata.ResourceAttributesConfig `mapstructure:"resource_attributes"`
}

// FeedPageConfig bounds one request for a list.
type FeedPageConfig struct {
	// MaxItems is how many objects one request asks for.
	MaxItems int `mapstructure:"max_items"`
}

// TablesConfig holds the settings of each table, by name.
type TablesConfig map[string]TableConfig

// TableConfig is one table's settings.
type TableConfig struct {
	// Enabled says whether the table is read.
	Enabled bool `mapstructure:"enabled" example:"true"`
	// Priority orders the tables while the quota is short; 1 is served first.
	Priority int `mapstructure:"priority" example:"1"`
	// PollInterval is how often the table is polled; 0: as often as the receiver's says.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// Columns are the columns that are read beside the default projection. Users has neither columns nor filter; a table
	// that is read whole has no columns.
	Columns []string `mapstructure:"columns" example:"[InitiatingProcessIntegrityLevel]"`
	// Filter is a KQL predicate that is added with `and`.
	Filter string `mapstructure:"filter" example:"DeviceName endswith \".acme.local\""`
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Unmarshaler = (*TablesConfig)(nil)
)

// Unmarshal decodes what is written. What is wrong with it is for Validate to say, together with everything else.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := credentials.DateAsText(conf, "credentials::expires"); err != nil {
		return err
	}
	written, err := settings.Decode(conf, c)
	c.written = written
	return err
}

// Unmarshal lays what is written for a table over that table's defaults; tables that are not named
// keep theirs. A table that has no defaults of its own is read when it is named.
func (t *TablesConfig) Unmarshal(conf *confmap.Conf) error {
	merged := maps.Clone(*t)
	if merged == nil {
		merged = TablesConfig{}
	}
	for name := range conf.ToStringMap() {
		table := t.defaultsOf(name)
		sub, err := conf.Sub(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := sub.Unmarshal(&table); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		merged[name] = table
	}
	*t = merged
	return nil
}

// declaredTables are those that have defaults of their own, most urgent first.
func declaredTables() []*tables.Table { return append(tables.All(), tables.Users()) }

// declared are all tables that the configuration has settings of: those that have defaults, most urgent first, and after
// them by name those that the user has named beside them.
func (t TablesConfig) declared() []*tables.Table {
	list := declaredTables()
	own := len(list)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if !slices.ContainsFunc(list[:own], func(d *tables.Table) bool { return d.Name == name }) {
			list = append(list, tables.Named(name))
		}
	}
	return list
}

// defaultsOf are the settings of a table before the user's. To name a table that has none of its own is to want it.
func (t TablesConfig) defaultsOf(name string) TableConfig {
	if own, ok := t[name]; ok {
		return own
	}
	return TableConfig{Enabled: true, Priority: tables.Named(name).Priority}
}

// interval is how often a table is polled.
func (c *Config) interval(table string) time.Duration {
	if own := c.Tables[table].PollInterval; own > 0 {
		return own
	}
	return c.PollInterval
}

// directoryBatch is the most records of one call with rows of a directory. Directories are read whole at the start, when
// nothing else takes memory: with calls of 5,000 the peak of 5,000 devices is 5 MiB higher.
const directoryBatch = 250

// newBatch collects rows of a table and lane for one call of the pipeline.
func (c *Config) newBatch(declared *tables.Table, lane string) *delivery.Batch {
	origin := delivery.Origin{TenantID: c.Credentials.TenantID, Scope: metadata.ScopeName, Version: version.Number}
	limits := delivery.Limits{Records: c.Batch.MaxRecords, Bytes: c.Batch.MaxBytes}
	if declared.Kind == tables.Directory {
		limits.Records = min(limits.Records, directoryBatch)
	}
	return delivery.NewBatch(declared, origin, lane, limits)
}

func defaultFeeds() FeedsConfig {
	of := func(items int) FeedConfig {
		return FeedConfig{
			PollInterval: time.Minute, Overlap: 2 * time.Hour, InitialLookback: 24 * time.Hour, Page: FeedPageConfig{MaxItems: items},
			Audit: AuditConfig{Interval: time.Hour, Window: 24 * time.Hour},
		}
	}
	return FeedsConfig{
		AlertsV2: of(200), Incidents: of(50), SecureScores: SecureScoresConfig{PollInterval: 6 * time.Hour, ControlAlerts: ControlAlertsConfig{Window: 30 * 24 * time.Hour}}, requestsPerMinute: 150,
	}
}

// defaultMetrics are all metrics. Points and counts are added up where an attribute is left out, as their averages mean nothing.
func defaultMetrics() metadata.MetricsConfig {
	all := metadata.DefaultMetricsConfig()
	all.DefenderAlertsOpen.AggregationStrategy = metadata.AggregationStrategySum
	all.DefenderSecureScoreByCategory.AggregationStrategy = metadata.AggregationStrategySum
	all.DefenderSecureScoreMaxByCategory.AggregationStrategy = metadata.AggregationStrategySum
	all.DefenderSecureScoreControls.AggregationStrategy = metadata.AggregationStrategySum
	return all
}

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 200 * time.Second
	// HTTP/2 lets the service send 4 MiB of an answer ahead of its reader, for each query under way. HTTP/1.1 leaves it in
	// the kernel: 25 to 30 MiB less at the peak of a backlog, for the same CPU.
	client.ForceAttemptHTTP2 = false
	backOff := configretry.NewDefaultBackOffConfig()
	// The service keeps the rows: there is no point at which trying again would be given up.
	backOff.MaxElapsedTime = 0
	backOff.MaxInterval = 5 * time.Minute
	cfg := &Config{
		ClientConfig:    client,
		Cloud:           CloudGlobal,
		API:             APIGraph,
		PollInterval:    5 * time.Minute,
		Settle:          2 * time.Minute,
		InitialLookback: time.Hour,
		LateArrival: LateArrivalConfig{
			Mode:    ModeAuto,
			Overlap: time.Hour,
			Audit:   AuditConfig{Interval: time.Hour, Window: 24 * time.Hour},
		},
		Quota: QuotaConfig{
			Share: 0.5, RequestsPerMinute: 45, RequestsPerHour: 1500,
			CPUPerHour: 10 * time.Minute, CPUPerDay: 4 * time.Hour, MaxConcurrentQueries: 2,
		},
		Page:               PageConfig{MaxRows: 50_000},
		Batch:              BatchConfig{MaxRecords: 5_000, MaxBytes: 1 << 20},
		RetryOnFailure:     backOff,
		PauseAfterFailures: 5,
		HumanAccountsOnly:  true,
		CheckpointDelay:    2 * time.Second,
		ShutdownTimeout:    10 * time.Second,
		Tables:             TablesConfig{},
		Feeds:              defaultFeeds(),
		AlertContext:       defaultAlertContext(),
		MetricsPipelineConfig: MetricsPipelineConfig{
			CollectionInterval: 5 * time.Minute, InitialDelay: time.Second,
			Metrics: defaultMetrics(), ResourceAttributes: metadata.DefaultResourceAttributesConfig(),
		},
	}
	for _, t := range declaredTables() {
		// Users needs a permission of its own.
		cfg.Tables[t.Name] = TableConfig{Enabled: t.Source == tables.Hunting, Priority: t.Priority, PollInterval: t.PollInterval}
	}
	return cfg
}

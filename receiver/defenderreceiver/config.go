package defenderreceiver

import (
	"fmt"
	"maps"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/delivery"
)

// Config is the receiver's configuration.
type Config struct {
	// ClientConfig stands flat beside the receiver's own keys. Its endpoint replaces the cloud's.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`

	Cloud       Cloud             `mapstructure:"cloud"`
	API         API               `mapstructure:"api"`
	Credentials CredentialsConfig `mapstructure:"credentials"`
	StorageID   *component.ID     `mapstructure:"storage"`

	PollInterval    time.Duration     `mapstructure:"poll_interval"`
	Settle          time.Duration     `mapstructure:"settle"`
	InitialLookback time.Duration     `mapstructure:"initial_lookback"`
	Backfill        BackfillConfig    `mapstructure:"backfill"`
	LateArrival     LateArrivalConfig `mapstructure:"late_arrival"`

	Quota QuotaConfig `mapstructure:"quota"`
	Page  PageConfig  `mapstructure:"page"`
	Batch BatchConfig `mapstructure:"batch"`

	RetryOnFailure     configretry.BackOffConfig `mapstructure:"retry_on_failure"`
	PauseAfterFailures int                       `mapstructure:"pause_after_failures"`
	HumanAccountsOnly  bool                      `mapstructure:"human_accounts_only"`
	CheckpointDelay    time.Duration             `mapstructure:"checkpoint_delay"`
	ShutdownTimeout    time.Duration             `mapstructure:"shutdown_timeout"`
	DeadLetter         DeadLetterConfig          `mapstructure:"dead_letter"`

	Tables TablesConfig `mapstructure:"tables"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// CredentialsConfig names the app registration and one of five ways to prove to be it.
type CredentialsConfig struct {
	TenantID           string                                         `mapstructure:"tenant_id"`
	ClientID           string                                         `mapstructure:"client_id"`
	ClientSecret       configopaque.String                            `mapstructure:"client_secret"`
	ClientSecretFile   string                                         `mapstructure:"client_secret_file"`
	ClientCertificate  CertificateConfig                              `mapstructure:"client_certificate"`
	FederatedTokenFile string                                         `mapstructure:"federated_token_file"`
	ManagedIdentity    configoptional.Optional[ManagedIdentityConfig] `mapstructure:"managed_identity"`
	// Authority is a login host URL instead of the cloud's.
	Authority string `mapstructure:"authority"`
}

// CertificateConfig names PEM files.
type CertificateConfig struct {
	CertFile string `mapstructure:"cert_file"`
	KeyFile  string `mapstructure:"key_file"`
}

// ManagedIdentityConfig has no settings: client_id chooses a user-assigned identity.
type ManagedIdentityConfig struct {
	_ struct{}
}

// BackfillConfig asks for history.
type BackfillConfig struct {
	Window time.Duration `mapstructure:"window"`
}

// LateArrivalConfig says how rows are found that arrive long after their event.
type LateArrivalConfig struct {
	Mode    Mode          `mapstructure:"mode"`
	Overlap time.Duration `mapstructure:"overlap"`
	Audit   AuditConfig   `mapstructure:"audit"`
}

// AuditConfig sets the count on the server of what should have been read.
type AuditConfig struct {
	Interval time.Duration `mapstructure:"interval"`
	Window   time.Duration `mapstructure:"window"`
}

// QuotaConfig is the tenant's quota and the share of it that the receiver may use.
type QuotaConfig struct {
	Share                float64       `mapstructure:"share"`
	RequestsPerMinute    int           `mapstructure:"requests_per_minute"`
	RequestsPerHour      int           `mapstructure:"requests_per_hour"`
	CPUPerHour           time.Duration `mapstructure:"cpu_per_hour"`
	CPUPerDay            time.Duration `mapstructure:"cpu_per_day"`
	MaxConcurrentQueries int           `mapstructure:"max_concurrent_queries"`
}

// PageConfig bounds one query.
type PageConfig struct {
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
	Directory string `mapstructure:"directory"`
}

// TablesConfig holds the settings of each table, by name.
type TablesConfig map[string]TableConfig

// TableConfig is one table's settings.
type TableConfig struct {
	Enabled      bool          `mapstructure:"enabled"`
	Priority     int           `mapstructure:"priority"`
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// Columns are read beside the default projection. Users has neither columns nor filter.
	Columns []string `mapstructure:"columns"`
	// Filter is a KQL predicate that is added with `and`.
	Filter string `mapstructure:"filter"`
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Unmarshaler = (*TablesConfig)(nil)
)

// Unmarshal takes an empty storage for none, so that Validate can say what is asked for.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if conf.Get("storage") == "" {
		conf.Delete("storage")
	}
	return conf.Unmarshal(c)
}

// Unmarshal lays what is written for a table over that table's defaults; tables that are not named
// keep theirs.
func (t *TablesConfig) Unmarshal(conf *confmap.Conf) error {
	merged := maps.Clone(*t)
	if merged == nil {
		merged = TablesConfig{}
	}
	for name := range conf.ToStringMap() {
		table := merged[name]
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

// newBatch collects rows of a table and lane for one call of the pipeline.
func (c *Config) newBatch(declared *tables.Table, lane string) *delivery.Batch {
	return delivery.NewBatch(declared, c.Credentials.TenantID, lane, delivery.Limits{Records: c.Batch.MaxRecords, Bytes: c.Batch.MaxBytes})
}

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 200 * time.Second
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
	}
	for _, t := range declaredTables() {
		// Users needs a permission of its own.
		cfg.Tables[t.Name] = TableConfig{Enabled: t.Source == tables.Hunting, Priority: t.Priority, PollInterval: t.PollInterval}
	}
	return cfg
}

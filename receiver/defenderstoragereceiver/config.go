package defenderstoragereceiver

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config is the receiver's configuration. The tag `example` is what messages show a user.
type Config struct {
	// ClientConfig stands flat beside the receiver's own keys.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`

	// AccountURL is where the storage account answers. Required.
	AccountURL string `mapstructure:"account_url" example:"https://contosodefender.blob.core.windows.net"`
	// Credentials are the app registration's or the managed identity's, which needs the role Storage Blob Data Reader.
	Credentials credentials.Config `mapstructure:"credentials" example:"{tenant_id: <tenant id>, client_id: <client id>, client_secret_file: /etc/otelcol-defender/secret}"`
	// StorageID is the storage extension that keeps the cursors. Required.
	StorageID *component.ID `mapstructure:"storage" example:"file_storage/cursors"`

	// Containers are those that are read; empty: all that the export has made, and those that it makes later.
	Containers []string `mapstructure:"containers" example:"[insights-logs-advancedhunting-devicelogonevents]"`
	// ExcludeContainers are never read.
	ExcludeContainers []string `mapstructure:"exclude_containers" example:"[insights-logs-advancedhunting-deviceinfo]"`
	// Tenants are the ids of the tenants whose blobs are read; empty: all that the account has.
	Tenants []string `mapstructure:"tenants" example:"[11111111-2222-4333-8444-555555555555]"`
	// Shard is the part of the blobs that this receiver reads, where several share an account.
	Shard ShardConfig `mapstructure:"shard" example:"{index: 0, of: 2}"`

	// ListInterval is how often all blobs are listed. A list costs as much as a write.
	ListInterval time.Duration `mapstructure:"list_interval"`
	// TailInterval is how often the newest blobs are asked whether they have grown; 0: only lists tell.
	TailInterval time.Duration `mapstructure:"tail_interval"`
	// InitialLookback is how old an hour may be, at the first start, that is read from its beginning; 0: all that is kept.
	InitialLookback time.Duration `mapstructure:"initial_lookback"`

	// MaxReadBytes bounds one part of a blob.
	MaxReadBytes Size `mapstructure:"max_read_bytes" example:"4MiB"`
	// Concurrency is how many parts are read, decoded or handed on at once.
	Concurrency int `mapstructure:"concurrency"`
	// Batch bounds one call of the pipeline.
	Batch BatchConfig `mapstructure:"batch" example:"{max_records: 5000}"`
	// Deduplicate leaves out rows that the export has written again.
	Deduplicate DeduplicateConfig `mapstructure:"deduplicate" example:"{window: 2h, max_entries: 1000000}"`
	// RecordOrigin gives each record attributes that say where its line stands: container, blob and byte offset.
	RecordOrigin bool `mapstructure:"record_origin"`

	// RetryOnFailure is the backoff between failed requests of a container, and between tries to hand over a refused batch.
	RetryOnFailure configretry.BackOffConfig `mapstructure:"retry_on_failure" example:"{initial_interval: 5s, max_interval: 5m}"`
	// ShutdownTimeout is how long the end waits for a pipeline that still holds rows.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`
	// DeadLetter is where rows go that the pipeline refuses for good.
	DeadLetter DeadLetterConfig `mapstructure:"dead_letter" example:"{directory: /var/lib/otelcol-defender/dead-letters}"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

// ShardConfig says which part of the blobs is read.
type ShardConfig struct {
	// Index is which part it is, from 0.
	Index int `mapstructure:"index"`
	// Of is how many parts there are. A change hands blobs over without their cursors, so their rows come again.
	Of int `mapstructure:"of"`
}

// BatchConfig bounds one call of the pipeline.
type BatchConfig struct {
	// MaxRecords is the most records of one call.
	MaxRecords int `mapstructure:"max_records"`
	// MaxBytes bounds the size of a call: of its lines, as they stand in the blobs.
	MaxBytes int `mapstructure:"max_bytes"`
}

// DeduplicateConfig bounds what is remembered of rows.
type DeduplicateConfig struct {
	// Window is how long a row is remembered that was handed on; 0: none is.
	Window time.Duration `mapstructure:"window"`
	// MaxEntries is how many rows are remembered at most, at about 60 bytes each.
	MaxEntries int `mapstructure:"max_entries"`
}

// DeadLetterConfig says where rows go that the pipeline refuses for good.
type DeadLetterConfig struct {
	// Directory holds a file for each table; empty: the rows are passed over.
	Directory string `mapstructure:"directory"`
}

// Size is a number of bytes, which may be written with a unit: KiB, MiB or GiB.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

// UnmarshalText reads a number with or without a unit.
func (s *Size) UnmarshalText(text []byte) error {
	number, factor := strings.TrimSpace(string(text)), int64(1)
	for _, unit := range units {
		if rest, ok := strings.CutSuffix(number, unit.name); ok {
			number, factor = strings.TrimSpace(rest), unit.bytes
			break
		}
	}
	const most = 1 << 20
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || factor > 1 && (n > most || n < -most) {
		return fmt.Errorf("%q is no size: write a number of bytes, or one like 4MiB", text)
	}
	*s = Size(n * factor)
	return nil
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
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

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 2 * time.Minute
	backOff := configretry.NewDefaultBackOffConfig()
	// The account keeps the rows: there is no point at which trying again would be given up.
	backOff.MaxElapsedTime = 0
	backOff.MaxInterval = 5 * time.Minute
	return &Config{
		ClientConfig: client, ListInterval: 5 * time.Minute, TailInterval: 30 * time.Second, InitialLookback: 24 * time.Hour,
		Shard: ShardConfig{Of: 1}, MaxReadBytes: 4 << 20, Concurrency: 4, Batch: BatchConfig{MaxRecords: 5_000, MaxBytes: 1 << 20},
		Deduplicate:    DeduplicateConfig{Window: 2 * time.Hour, MaxEntries: 1_000_000},
		RetryOnFailure: backOff, ShutdownTimeout: 10 * time.Second,
	}
}

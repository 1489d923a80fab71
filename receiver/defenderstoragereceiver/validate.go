package defenderstoragereceiver

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

const (
	accountExample = "https://contosodefender.blob.core.windows.net"

	minListInterval, minTailInterval = time.Second, 100 * time.Millisecond
	longest                          = 365 * 24 * time.Hour

	minReadBytes, maxReadBytes   = 1 << 10, 64 << 20
	minBatchBytes, maxBatchBytes = 1 << 10, 64 << 20
	maxRecords                   = 100_000
	maxConcurrency               = 256
	maxEntries                   = 100_000_000
)

// containerName is how Azure lets containers be called.
var containerName = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]+)*$`)

// Validate names each key that is wrong and says what to do.
func (c *Config) Validate() error {
	errs := []error{
		c.validateURL(),
		settings.ProxyURL("proxy_url", c.ClientConfig.ProxyURL),
		settings.Positive("timeout", c.ClientConfig.Timeout),
		settings.AtLeast("list_interval", c.ListInterval, minListInterval),
		settings.Within("list_interval", c.ListInterval, 0, longest),
		settings.Within("tail_interval", c.TailInterval, 0, longest),
		settings.Within("initial_lookback", c.InitialLookback, 0, longest),
		settings.Within("max_read_bytes", c.MaxReadBytes, minReadBytes, maxReadBytes),
		settings.Within("concurrency", c.Concurrency, 1, maxConcurrency),
		settings.Within("batch::max_records", c.Batch.MaxRecords, 1, maxRecords),
		settings.Within("batch::max_bytes", c.Batch.MaxBytes, minBatchBytes, maxBatchBytes),
		settings.Within("deduplicate::window", c.Deduplicate.Window, 0, longest),
		settings.Within("deduplicate::max_entries", c.Deduplicate.MaxEntries, 0, maxEntries),
		settings.Positive("shutdown_timeout", c.ShutdownTimeout),
		settings.Positive("retry_on_failure::initial_interval", c.RetryOnFailure.InitialInterval),
		settings.Positive("retry_on_failure::max_interval", c.RetryOnFailure.MaxInterval),
		settings.Under("credentials", c.Credentials.Check(c.written, cloudOf("").login, c.ClientConfig.Auth.HasValue())),
		settings.Under("shard", c.Shard.validate()),
		containers("containers", c.Containers),
		containers("exclude_containers", c.ExcludeContainers),
		c.validateSelection(),
	}
	if c.TailInterval > 0 {
		errs = append(errs, settings.AtLeast("tail_interval", c.TailInterval, minTailInterval))
	}
	if m := c.RetryOnFailure.Multiplier; m < 1 {
		errs = append(errs, settings.Problemf("retry_on_failure::multiplier", "is %v: it must be at least 1, so that pauses do not become shorter", m))
	}
	if c.StorageID == nil {
		errs = append(errs, settings.Problemf("storage", "%s: name a storage extension that is listed under service::extensions, "+
			"e.g. file_storage/cursors; without it a restart would lose or repeat rows", settings.Required(c.written, "storage")))
	}
	return c.written.Report(errs...)
}

func (c *Config) validateURL() error {
	var beside error
	if c.ClientConfig.Endpoint != "" {
		beside = settings.Problemf("endpoint", "is of no use here: write the account's address into 'account_url'")
	}
	if c.AccountURL == "" {
		return errors.Join(beside, settings.Problemf("account_url", "%s: write the Blob service endpoint of the storage account, e.g. %s",
			settings.Required(c.written, "account_url"), accountExample))
	}
	u, err := url.Parse(c.AccountURL)
	if err == nil && (u.RawQuery != "" || u.Fragment != "") {
		// A shared access signature is a secret, so the value is not repeated.
		return errors.Join(beside, settings.Problemf("account_url", "has something behind a question mark: shared access signatures are not used, "+
			"write the address alone, and 'credentials'"))
	}
	if err == nil && strings.Contains(u.Host, ".dfs.") {
		return errors.Join(beside, settings.Problemf("account_url", "is the address of the Data Lake service: write that of the Blob service, e.g. %s", accountExample))
	}
	return errors.Join(beside, settings.SecureURL("account_url", c.AccountURL, accountExample))
}

func (c *ShardConfig) validate() error {
	if c.Of < 1 {
		return settings.Positive("of", c.Of)
	}
	return settings.Within("index", c.Index, 0, c.Of-1)
}

// containers checks names.
func containers(key string, names []string) error {
	var errs []error
	for _, name := range names {
		if containerName.MatchString(name) && len(name) <= 63 {
			continue
		}
		what := "a text that is no container's name"
		if settings.Shown(name) {
			what = strconv.Quote(name) + ", which is no container's name"
		}
		hint := "they have small letters, digits and hyphens"
		if table, ok := settings.Closest(name, tableNames()); ok {
			hint = "that of " + table + " is " + export.Container(table)
		}
		errs = append(errs, settings.Problemf(key, "holds %s: %s", what, hint))
	}
	return errors.Join(errs...)
}

func tableNames() []string {
	var names []string
	for _, schema := range tables.Schemas() {
		names = append(names, schema.Name)
	}
	return names
}

// validateSelection checks that something is read.
func (c *Config) validateSelection() error {
	var errs []error
	for _, name := range c.Containers {
		if slices.Contains(c.ExcludeContainers, name) {
			errs = append(errs, settings.Problemf("exclude_containers", "holds %s, which stands in 'containers' too: remove it from one of both", name))
		}
	}
	for _, tenant := range c.Tenants {
		if tenant == "" || strings.ContainsAny(tenant, "/ ") {
			errs = append(errs, settings.Problemf("tenants", "holds a text that is no tenant's id: write Directory (tenant) IDs"))
		}
	}
	return errors.Join(errs...)
}

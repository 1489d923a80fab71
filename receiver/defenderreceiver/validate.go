package defenderreceiver

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// columnName is what names of Defender's columns look like.
var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

const (
	maxPageRows = 100_000 // the service cuts longer results without a word
	retention   = tables.Retention

	minBatchBytes, maxBatchBytes = 1 << 10, 64 << 20
)

// Validate names each key that is wrong and says what to do.
func (c *Config) Validate() error {
	errs := []error{
		oneOf("cloud", c.Cloud, CloudGlobal, CloudUSGovernment, CloudUSGovernmentDoD),
		oneOf("api", c.API, APIGraph, APILegacy),
		oneOf("late_arrival::mode", c.LateArrival.Mode, ModeAuto, ModeIngestionTime, ModeEventTime),
		secureURL("endpoint", c.ClientConfig.Endpoint),
		positive("timeout", c.ClientConfig.Timeout),
		positive("poll_interval", c.PollInterval),
		within("settle", c.Settle, 0, 24*time.Hour),
		within("initial_lookback", c.InitialLookback, 0, retention),
		within("backfill::window", c.Backfill.Window, 0, retention),
		within("late_arrival::overlap", c.LateArrival.Overlap, 0, retention),
		within("late_arrival::audit::interval", c.LateArrival.Audit.Interval, 0, retention),
		within("late_arrival::audit::window", c.LateArrival.Audit.Window, 0, retention),
		within("page::max_rows", c.Page.MaxRows, 1, maxPageRows),
		within("batch::max_records", c.Batch.MaxRecords, 1, maxPageRows),
		within("batch::max_bytes", c.Batch.MaxBytes, minBatchBytes, maxBatchBytes),
		within("pause_after_failures", c.PauseAfterFailures, 0, 1_000_000),
		within("checkpoint_delay", c.CheckpointDelay, 0, time.Hour),
		positive("shutdown_timeout", c.ShutdownTimeout),
	}
	if audit := c.LateArrival.Audit; audit.Interval > audit.Window && audit.Window > 0 {
		errs = append(errs, fmt.Errorf("'late_arrival::audit::interval' is %v, longer than the window of %v: rows in between would never be counted",
			audit.Interval, audit.Window))
	}
	if users := tables.Users().Name; c.API == APILegacy && c.Tables[users].Enabled {
		errs = append(errs, fmt.Errorf("'tables::%s' needs api: graph: the legacy API's token is not for Graph, which keeps the users", users))
	}
	if c.StorageID == nil {
		errs = append(errs, errors.New("'storage' is required: name a storage extension that is listed under service::extensions, "+
			"e.g. file_storage/cursors; without it a restart would lose or repeat rows"))
	}
	return errors.Join(errs...)
}

// Validate checks the quota; confmap calls it with its key's name.
func (c *QuotaConfig) Validate() error {
	errs := []error{
		positive("requests_per_minute", c.RequestsPerMinute),
		positive("requests_per_hour", c.RequestsPerHour),
		positive("cpu_per_hour", c.CPUPerHour),
		positive("cpu_per_day", c.CPUPerDay),
		positive("max_concurrent_queries", c.MaxConcurrentQueries),
	}
	if c.Share <= 0 || c.Share > 1 {
		errs = append(errs, fmt.Errorf("'share' is %v: it must be greater than 0 and at most 1", c.Share))
	}
	return errors.Join(errs...)
}

// Validate checks that the app registration is named, and exactly one way to prove to be it.
func (c *CredentialsConfig) Validate() error {
	var errs []error
	if c.TenantID == "" {
		errs = append(errs, errors.New("'tenant_id' is required: the Directory (tenant) ID on the app registration's overview page"))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("'client_id' is required: the Application (client) ID on the app registration's overview page"))
	}
	given := map[string]bool{
		"client_secret":        c.ClientSecret != "",
		"client_secret_file":   c.ClientSecretFile != "",
		"client_certificate":   c.ClientCertificate != CertificateConfig{},
		"federated_token_file": c.FederatedTokenFile != "",
		"managed_identity":     c.ManagedIdentity.HasValue(),
	}
	maps.DeleteFunc(given, func(_ string, is bool) bool { return !is })
	if ways := slices.Sorted(maps.Keys(given)); len(ways) != 1 {
		found := "none is given"
		if len(ways) > 0 {
			found = "given are " + strings.Join(ways, ", ")
		}
		errs = append(errs, errors.New("exactly one of 'client_secret', 'client_secret_file', 'client_certificate', "+
			"'federated_token_file' and 'managed_identity' is required: "+found))
	}
	if given["client_certificate"] && (c.ClientCertificate.CertFile == "" || c.ClientCertificate.KeyFile == "") {
		errs = append(errs, errors.New("'client_certificate' needs both 'cert_file' and 'key_file'"))
	}
	errs = append(errs, secureURL("authority", c.Authority))
	return errors.Join(errs...)
}

// Validate checks each table's settings.
func (t *TablesConfig) Validate() error {
	var errs []error
	enabled := 0
	for _, name := range slices.Sorted(maps.Keys(*t)) {
		cfg := (*t)[name]
		if !slices.ContainsFunc(declaredTables(), func(t *tables.Table) bool { return t.Name == name }) {
			errs = append(errs, fmt.Errorf("'%s' is no table: the tables are %s", name, tableNames()))
			continue
		}
		if cfg.Enabled {
			enabled++
		}
		err := cfg.validate()
		if isUsers(name) {
			err = errors.Join(err, cfg.validateUsers())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("'%s': %w", name, err))
		}
	}
	if enabled == 0 {
		errs = append(errs, errors.New("all tables are disabled: enable at least one"))
	}
	return errors.Join(errs...)
}

func (c TableConfig) validate() error {
	errs := []error{
		positive("priority", c.Priority),
		within("poll_interval", c.PollInterval, 0, retention),
	}
	for _, column := range c.Columns {
		if !columnName.MatchString(column) {
			errs = append(errs, fmt.Errorf("'columns' holds %q, which is no column's name: use names as Microsoft's schema has them", column))
		}
	}
	if c.Filter != "" {
		if _, err := kusto.Predicate(c.Filter); err != nil {
			errs = append(errs, fmt.Errorf("'filter': %w", err))
		}
	}
	return errors.Join(errs...)
}

func tableNames() string {
	var names []string
	for _, t := range declaredTables() {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

func positive[T ~int | ~int64](key string, value T) error {
	if value > 0 {
		return nil
	}
	return fmt.Errorf("'%s' is %v: it must be greater than zero", key, value)
}

func within[T ~int | ~int64](key string, value, least, most T) error {
	if least <= value && value <= most {
		return nil
	}
	return fmt.Errorf("'%s' is %v: it must be between %v and %v", key, value, least, most)
}

// secureURL accepts the empty text, which means the cloud's own host. A token must not travel in the
// clear, except on this machine.
func secureURL(key, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil
	}
	return fmt.Errorf("'%s' is %q: it must be an https URL, e.g. https://127.0.0.1:8443", key, value)
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

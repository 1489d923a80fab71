package defenderreceiver

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

// loadConfig reads one entry of testdata/config.yaml over the defaults.
func loadConfig(t *testing.T, id string) (*Config, error) {
	t.Helper()
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := all.Sub(id)
	require.NoError(t, err)
	require.NotEmpty(t, sub.AllKeys(), "testdata/config.yaml has no %s", id)
	cfg := createDefaultConfig().(*Config)
	if err := sub.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestDefaults(t *testing.T) {
	cfg, err := loadConfig(t, "defender")
	require.NoError(t, err)
	assert.Equal(t, 200*time.Second, cfg.ClientConfig.Timeout)
	assert.Equal(t, 50_000, cfg.Page.MaxRows)
	assert.Zero(t, cfg.RetryOnFailure.MaxElapsedTime)
	assert.Len(t, cfg.Tables, 10)
	for name, table := range cfg.Tables {
		assert.Equal(t, name != "Users", table.Enabled, name)
	}
	assert.Equal(t, TableConfig{Priority: 8, PollInterval: time.Hour}, cfg.Tables["Users"])
	assert.Equal(t, time.Hour, cfg.Tables["DeviceInfo"].PollInterval)
}

func TestNamingATableChangesOnlyIt(t *testing.T) {
	cfg, err := loadConfig(t, "defender/all")
	require.NoError(t, err)
	assert.Equal(t, TableConfig{
		Enabled: true, Priority: 1, PollInterval: time.Minute,
		Columns: []string{"InitiatingProcessIntegrityLevel"}, Filter: `DeviceName endswith ".acme.local"`,
	}, cfg.Tables["DeviceLogonEvents"])
	assert.False(t, cfg.Tables["DeviceRegistryEvents"].Enabled)
	assert.Equal(t, TableConfig{Enabled: true, Priority: 3}, cfg.Tables["DeviceProcessEvents"])
	assert.Equal(t, component.MustNewIDWithName("file_storage", "cursors"), *cfg.StorageID)
	assert.Equal(t, "https://127.0.0.1:8443", cfg.ClientConfig.Endpoint)
	assert.Equal(t, "ca.pem", cfg.ClientConfig.TLS.CAFile)
	assert.True(t, cfg.Credentials.ManagedIdentity.HasValue())
	assert.NotContains(t, createDefaultConfig().(*Config).Tables["DeviceLogonEvents"].Columns, "InitiatingProcessIntegrityLevel")
}

// Each bad configuration is refused with the key and the remedy.
func TestInvalid(t *testing.T) {
	for id, want := range map[string]string{
		"defender/no_storage":    "'storage' is required",
		"defender/no_tenant":     "'credentials::tenant_id' is required",
		"defender/no_way":        "none is given",
		"defender/two_ways":      "given are client_secret, client_secret_file",
		"defender/half_a_cert":   "'credentials::client_certificate' needs both 'cert_file' and 'key_file'",
		"defender/cloud":         `'cloud' is "mars": it must be one of global, us_government, us_government_dod`,
		"defender/api":           `'api' is "soap"`,
		"defender/mode":          `'late_arrival::mode' is "magic"`,
		"defender/http":          `'endpoint' is "http://graph.example.com", which would send the token in the clear: it must be an https URL, e.g. https://graph.microsoft.com`,
		"defender/authority":     `'credentials::authority' is "login.example.com": it must be an https URL, e.g. https://login.microsoftonline.com`,
		"defender/max_rows":      "'page::max_rows' is 100001: it must be between 1 and 100000",
		"defender/share":         "'quota::share' is 1.5",
		"defender/negative":      "'settle' is -1m: it must be between 0s and 1d",
		"defender/table":         "'tables::Device-Logins' is no table: the tables that are read by default are DeviceLogonEvents, Alerts,",
		"defender/filter":        "'tables::DeviceEvents::filter' is refused: a filter is one predicate",
		"defender/none":          "'tables' names no table that is read",
		"defender/unknown_key":   "'tables::DeviceEvents::colour' is no key: the keys here are enabled, priority, poll_interval, columns, filter",
		"defender/empty_storage": "'storage' is empty (if it is set from an environment variable, that variable is not set): name a storage",
		"defender/backfill":      "'backfill::window' is 721h: it must be between 0s and 30d",
		"defender/column":        "'tables::DeviceEvents::columns' holds a text that is no column's name",
		"defender/users_columns": "'tables::Users::columns' must be empty",
		"defender/users_filter":  "'tables::Users::filter' must be empty",
		"defender/users_legacy":  "'tables::Users' needs api: graph",
		"defender/audit":         "'late_arrival::audit::interval' is 2h, longer than the window of 1h",
	} {
		_, err := loadConfig(t, id)
		assert.ErrorContains(t, err, want, id)
	}
}

func TestSecretIsNotShown(t *testing.T) {
	cfg, err := loadConfig(t, "defender")
	require.NoError(t, err)
	shown := confmap.New()
	require.NoError(t, shown.Marshal(cfg))
	assert.NotContains(t, shown.ToStringMap()["credentials"].(map[string]any)["client_secret"], "not-a-secret")
}

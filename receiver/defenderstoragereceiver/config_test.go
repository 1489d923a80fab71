package defenderstoragereceiver

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func load(t *testing.T, written map[string]any) (*Config, error) {
	t.Helper()
	all := map[string]any{
		"account_url": "https://contosodefender.blob.core.windows.net", "storage": "file_storage/cursors",
		"credentials": map[string]any{"tenant_id": tenantA, "client_id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "client_secret": "s"},
	}
	maps.Copy(all, written)
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(all).Unmarshal(cfg); err != nil {
		return cfg, err
	}
	return cfg, cfg.Validate()
}

func TestDefaults(t *testing.T) {
	cfg, err := load(t, nil)
	require.NoError(t, err)
	assert.Equal(t, 5*time.Minute, cfg.ListInterval)
	assert.Equal(t, 30*time.Second, cfg.TailInterval)
	assert.Equal(t, 24*time.Hour, cfg.InitialLookback)
	assert.EqualValues(t, 4<<20, cfg.MaxReadBytes)
	assert.Equal(t, 4, cfg.Concurrency)
	assert.Equal(t, DeduplicateConfig{Window: 2 * time.Hour, MaxEntries: 1_000_000}, cfg.Deduplicate)
	assert.Equal(t, ShardConfig{Index: 0, Of: 1}, cfg.Shard)
}

func TestSizes(t *testing.T) {
	for text, want := range map[any]Size{"4MiB": 4 << 20, "64 KiB": 64 << 10, 8_192: 8_192, "8192": 8_192} {
		cfg, err := load(t, map[string]any{"max_read_bytes": text})
		require.NoError(t, err, text)
		assert.Equal(t, want, cfg.MaxReadBytes, text)
	}
	for _, text := range []any{"4MB", "much", "9999999999GiB", 1, "1GiB"} {
		_, err := load(t, map[string]any{"max_read_bytes": text})
		assert.ErrorContains(t, err, "'max_read_bytes'", text)
	}
}

// Each wrong key is named, with what helps. Secrets are not repeated.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"account_url", "", "'account_url' is empty"},
		{"account_url", "http://contosodefender.blob.core.windows.net", "would send the token in the clear"},
		{"account_url", "https://x.dfs.core.windows.net", "is the address of the Data Lake service"},
		{"account_url", "https://x.blob.core.windows.net/?sv=2023&sig=SECRET", "shared access signatures are not used"},
		{"endpoint", "https://x", "'endpoint' is of no use here: write the account's address into 'account_url'"},
		{"containers", []any{"DeviceLogonEvents"}, "that of DeviceLogonEvents is insights-logs-advancedhunting-devicelogonevents"},
		{"tenants", []any{"a/b"}, "'tenants' holds a text that is no tenant's id"},
		{"shard", map[string]any{"index": 2, "of": 2}, "'shard::index'"},
		{"shard", map[string]any{"of": 0}, "'shard::of'"},
		{"list_interval", "0s", "'list_interval'"},
		{"tail_interval", "1ms", "'tail_interval'"},
		{"concurrency", 0, "'concurrency'"},
		{"deduplicate", map[string]any{"window": "-1s"}, "'deduplicate::window'"},
		{"storage", nil, "'storage'"},
		{"auth_url", "x", "'auth_url'"},
	} {
		_, err := load(t, map[string]any{c.key: c.value})
		if assert.ErrorContains(t, err, c.want) {
			assert.NotContains(t, err.Error(), "SECRET")
		}
	}
	_, err := load(t, map[string]any{"containers": []any{"abc"}, "exclude_containers": []any{"abc"}})
	assert.ErrorContains(t, err, "which stands in 'containers' too")
}

func TestClouds(t *testing.T) {
	for host, login := range map[string]string{
		"x.blob.core.windows.net": "https://login.microsoftonline.com", "X.blob.core.USGovCloudAPI.net": "https://login.microsoftonline.us",
		"x.blob.core.chinacloudapi.cn": "https://login.chinacloudapi.cn", "127.0.0.1": "https://login.microsoftonline.com",
	} {
		assert.Equal(t, login, cloudOf(host).login, host)
	}
}

package alertresolverconnector

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func load(t *testing.T, settings object) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	return cfg, confmap.Validate(cfg)
}

func complete(changes object) object {
	all := object{
		"mode": "enabled", "storage": "file_storage/resolver",
		"credentials": object{
			"tenant_id": "11111111-2222-4333-8444-555555555555", "client_id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "client_secret": "s3cret", "expires": "2027-03-01",
		},
	}
	maps.Copy(all, changes)
	return all
}

func TestConfig(t *testing.T) {
	cfg, err := load(t, complete(object{"cloud": "us_government", "attributions": []any{"bundle"}, "interval": "1m", "limits": object{"alerts": 3, "time": "5s"}}))
	require.NoError(t, err)
	assert.Equal(t, ModeEnabled, cfg.Mode)
	assert.Equal(t, []Attribution{AttributionBundle}, cfg.Attributions)
	assert.Equal(t, LimitsConfig{3, 5 * time.Second}, cfg.Limits)
	assert.Equal(t, []any{CloudUSGovernment, time.Minute, 30 * time.Second}, []any{cfg.Cloud, cfg.Interval, cfg.ClientConfig.Timeout})

	cfg, err = load(t, nil)
	require.NoError(t, err, "disabled needs nothing")
	assert.Equal(t, ModeDisabled, cfg.Mode)
}

func TestConfigErrors(t *testing.T) {
	for key, value := range map[string]object{
		"mode": {"mode": "on"}, "cloud": {"cloud": "china"}, "attributions": {"attributions": []any{"name"}}, "interval": {"interval": "0s"},
		"limits::alerts": {"limits": object{"alerts": 0}}, "limits::time": {"limits": object{"time": "0s"}}, "endpoint": {"endpoint": "http://graph.example"},
		"timeout": {"timeout": "0s"}, "modes": {"modes": "enabled"},
	} {
		_, err := load(t, complete(value))
		assert.ErrorContains(t, err, "'"+key+"'", key)
	}
	_, err := load(t, complete(object{"attributions": []any{}}))
	require.ErrorContains(t, err, "'attributions' names none")
	for _, mode := range []string{"dry_run", "enabled"} {
		_, err := load(t, object{"mode": mode})
		require.ErrorContains(t, err, "'credentials", mode)
	}
}

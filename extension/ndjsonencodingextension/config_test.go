package ndjsonencodingextension

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestConfig(t *testing.T) {
	load := func(written map[string]any) (*Config, error) {
		cfg := NewFactory().CreateDefaultConfig().(*Config)
		require.NoError(t, confmap.NewFromStringMap(written).Unmarshal(cfg))
		return cfg, confmap.Validate(cfg)
	}
	cfg, err := load(map[string]any{"appends_to": "/events.ndjson"})
	require.NoError(t, err)
	assert.Equal(t, "/events.ndjson", cfg.AppendsTo)
	_, err = load(map[string]any{"append_to": "/events.ndjson"})
	require.EqualError(t, err, "'append_to' is no key: did you mean 'appends_to'?")
	_, err = load(map[string]any{"appends_to": []any{"/events.ndjson"}})
	require.EqualError(t, err, "'appends_to' is a list: it must be a text, e.g. appends_to: /var/lib/otelcol-defender/events.ndjson")
}

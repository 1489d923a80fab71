package defenderstreamingencodingextension

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestConfigHasNoKeys(t *testing.T) {
	cfg := NewFactory().CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"format": "json"}).Unmarshal(cfg))
	require.EqualError(t, confmap.Validate(cfg), "'format' is no key: there are none here")
}

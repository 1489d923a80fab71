package defenderstreamingencodingextension

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension/internal/metadata"
)

// NewFactory returns the factory of the defender_streaming_encoding extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	return &Config{}
}

func create(_ context.Context, settings extension.Settings, _ component.Config) (extension.Extension, error) {
	return newEncoding(settings, time.Now)
}

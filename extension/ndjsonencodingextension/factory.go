package ndjsonencodingextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-defender/otelcol-defender/extension/ndjsonencodingextension/internal/metadata"
)

// NewFactory returns the factory of the ndjson_encoding extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	return &Config{}
}

func create(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
	return &encoding{}, nil
}

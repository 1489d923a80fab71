package ndjsonencodingextension

import (
	"context"
	"time"

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

func create(_ context.Context, settings extension.Settings, config component.Config) (extension.Extension, error) {
	e := &encoding{}
	if path := config.(*Config).AppendsTo; path != "" {
		e.file = &appended{path: path, wait: time.Sleep, logger: settings.Logger}
	}
	return e, nil
}

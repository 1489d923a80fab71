package defendercontrolextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-defender/otelcol-defender/extension/defendercontrolextension/internal/metadata"
)

// NewFactory returns the factory of the defender_control extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint, server.WriteTimeout, server.MaxRequestBodySize = defaultEndpoint, writeTimeout, maxBody
	return &Config{ServerConfig: server}
}

func create(_ context.Context, set extension.Settings, config component.Config) (extension.Extension, error) {
	return &controlExtension{cfg: config.(*Config), telemetry: set.TelemetrySettings, registry: &registry{}}, nil
}

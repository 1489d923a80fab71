package defendercontrolextension

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"

	"github.com/otelcol-defender/otelcol-defender/extension/defendercontrolextension/internal/metadata"
)

const (
	defaultEndpoint = "127.0.0.1:13134"
	// writeTimeout is long enough for a connection test, which waits for the quota.
	writeTimeout = 10 * time.Minute
	// maxBody is more than any request of the page or the API has.
	maxBody = 64 << 10
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

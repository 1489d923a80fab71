package pipelinecheck

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpsprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

// Load merges and expands the configurations at the given locations, in the order and with the providers of the
// distribution. A location is what the collector takes after --config: a path, or file:, env:, yaml:, http: and https:.
func Load(ctx context.Context, locations []string) (*confmap.Conf, error) {
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: locations,
		ProviderFactories: []confmap.ProviderFactory{
			envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
			httpprovider.NewFactory(), httpsprovider.NewFactory(),
		},
		DefaultScheme: "env",
	})
	if err != nil {
		return nil, fmt.Errorf("prepare to read the configuration: %w", withoutQuotes(err))
	}
	conf, err := resolver.Resolve(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", withoutQuotes(err))
	}
	if err := resolver.Shutdown(ctx); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", withoutQuotes(err))
	}
	return conf, nil
}

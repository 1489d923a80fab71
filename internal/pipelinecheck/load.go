package pipelinecheck

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpsprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

// Loaded is a configuration as the collector would have it, and where its values come from.
type Loaded struct {
	// Conf is what the collector decodes.
	Conf *confmap.Conf
	// template is the same before ${...} was replaced.
	template *confmap.Conf
	// unset are the variables that are asked for without a default, and are not set.
	unset []string
	// secrets are values of variables whose names say that they are secrets.
	secrets []string
}

// Load merges and expands the configurations at the given locations, in the order and with the providers of the
// distribution. A location is what the collector takes after --config: a path, or file:, env:, yaml:, http: and https:.
func Load(ctx context.Context, locations []string) (*Loaded, error) {
	variables := &variableRecorder{read: map[string]string{}, unset: map[string]bool{}}
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: locations,
		ProviderFactories: []confmap.ProviderFactory{
			variables.factory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
			httpprovider.NewFactory(), httpsprovider.NewFactory(),
		},
		DefaultScheme: "env",
	})
	if err != nil {
		return nil, unreadable("prepare to read the configuration", err, locations, variables.secrets())
	}
	conf, err := resolver.Resolve(ctx)
	if err != nil {
		return nil, unreadable("read the configuration", err, locations, variables.secrets())
	}
	loaded := &Loaded{
		Conf: conf, template: resolver.UnexpandedConf(),
		unset: slices.Sorted(maps.Keys(variables.unset)), secrets: variables.secrets(),
	}
	if err := resolver.Shutdown(ctx); err != nil {
		return nil, unreadable("read the configuration", err, locations, variables.secrets())
	}
	return loaded, nil
}

// variableRecorder notes which environment variables a configuration reads.
type variableRecorder struct {
	read  map[string]string // name to value, of those that are set
	unset map[string]bool   // those that are not, and have no default
}

func (r *variableRecorder) factory() confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		return &recordingProvider{Provider: envprovider.NewFactory().Create(set), recorder: r}
	})
}

func (r *variableRecorder) secrets() []string {
	var values []string
	for name, value := range r.read {
		if isSecretVariable(name) && value != "" {
			values = append(values, value)
		}
	}
	return values
}

// recordingProvider is the collector's provider of environment variables, which also notes what it is asked for.
type recordingProvider struct {
	confmap.Provider
	recorder *variableRecorder
}

func (p *recordingProvider) Retrieve(ctx context.Context, uri string, watcher confmap.WatcherFunc) (*confmap.Retrieved, error) {
	name, _, hasDefault := strings.Cut(strings.TrimPrefix(uri, p.Scheme()+":"), ":-")
	if value, ok := os.LookupEnv(name); ok {
		p.recorder.read[name] = value
	} else if !hasDefault {
		p.recorder.unset[name] = true
	}
	return p.Provider.Retrieve(ctx, uri, watcher)
}

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
	"go.yaml.in/yaml/v3"
)

var root = filepath.Join("..", "..")

type entry struct {
	Gomod  string
	Import string
}

// manifest is what a builder-config.yaml lists.
type manifest struct {
	Dist struct{ Version string }

	Receivers, Processors, Exporters, Connectors, Extensions, Providers []entry
}

func (m manifest) entries() []entry {
	return slices.Concat(m.Receivers, m.Processors, m.Exporters, m.Connectors, m.Extensions, m.Providers)
}

func readManifest(t *testing.T, path string) (m manifest) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &m))
	require.NotEmpty(t, m.entries())
	return m
}

// What the demo shows is what the distribution does: the same components in the same versions.
func TestDemoIsPartOfTheDistribution(t *testing.T) {
	distribution, demo := readManifest(t, filepath.Join(root, "builder-config.yaml")), readManifest(t, "builder-config.yaml")
	assert.Equal(t, distribution.Dist.Version, demo.Dist.Version)
	for _, own := range demo.entries() {
		assert.Contains(t, distribution.entries(), own)
	}
}

// A component more costs every newcomer the time in which it compiles, so the distribution may grow and the demo not.
func TestDemoHasWhatItsConfigurationUses(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "config", "demo.yaml"))
	require.NoError(t, err)
	var used struct {
		Receivers, Processors, Exporters, Connectors, Extensions map[string]any
	}
	require.NoError(t, yaml.Unmarshal(content, &used))
	factories, err := components()
	require.NoError(t, err)
	assert.ElementsMatch(t, types(used.Receivers), names(factories.Receivers))
	assert.ElementsMatch(t, types(used.Processors), names(factories.Processors))
	assert.ElementsMatch(t, types(used.Exporters), names(factories.Exporters))
	assert.ElementsMatch(t, types(used.Connectors), names(factories.Connectors))
	assert.ElementsMatch(t, types(used.Extensions), names(factories.Extensions))
}

func types(used map[string]any) (found []string) {
	for name := range used {
		var id component.ID
		if id.UnmarshalText([]byte(name)) == nil {
			found = append(found, id.Type().String())
		}
	}
	return found
}

func names[F any](factories map[component.Type]F) (found []string) {
	for name := range maps.Keys(factories) {
		found = append(found, name.String())
	}
	return found
}

// The command of the Collector refuses to start without the provider env, which is the default of addresses without a scheme.
func TestDemoHasTheDefaultProvider(t *testing.T) {
	var modules []string
	for _, provider := range readManifest(t, "builder-config.yaml").Providers {
		module, _, _ := strings.Cut(provider.Gomod, " ")
		modules = append(modules, filepath.Base(module))
	}
	assert.Subset(t, modules, []string{"envprovider", "fileprovider", "yamlprovider"})
}

// The demo moves its ports by a second configuration, of the scheme yaml.
func TestDemoLoadsItsConfiguration(t *testing.T) {
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		Factories: components,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{filepath.Join(root, "config", "demo.yaml"), "yaml:receivers::defender::poll_interval: 3s"},
			ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), yamlprovider.NewFactory()},
		}},
	})
	require.NoError(t, err)
	require.NoError(t, collector.DryRun(t.Context()))
}

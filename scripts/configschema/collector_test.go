package main

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
)

// creator makes a component's default configuration.
type creator func() component.Config

// creators are those of all components of the distribution, by the name of their definition in the schema.
func creators(t *testing.T) (byName map[string]creator, modules map[string]string) {
	t.Helper()
	factories, err := distribution.Components()
	require.NoError(t, err)
	byName, modules = map[string]creator{}, map[string]string{}
	add(byName, modules, "receivers", factories.Receivers, factories.ReceiverModules)
	add(byName, modules, "processors", factories.Processors, factories.ProcessorModules)
	add(byName, modules, "exporters", factories.Exporters, factories.ExporterModules)
	add(byName, modules, "connectors", factories.Connectors, factories.ConnectorModules)
	add(byName, modules, "extensions", factories.Extensions, factories.ExtensionModules)
	return byName, modules
}

func add[F component.Factory](byName map[string]creator, modules map[string]string, kind string, factories map[component.Type]F, of map[component.Type]string) {
	for typ, factory := range factories {
		if factory.Type() != typ {
			continue // an older name of a component
		}
		name := kind + "." + typ.String()
		byName[name] = factory.CreateDefaultConfig
		modules[name], _, _ = strings.Cut(of[typ], " ")
	}
}

// The Collector's components bring configurations for their own tests. What they decode, the schema accepts.
func TestConfigurationsOfTheComponentsThemselves(t *testing.T) {
	byName, modules := creators(t)
	seen := 0
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		_, typ, _ := strings.Cut(name, ".")
		schema := compiled(t, "/definitions/"+name)
		for _, path := range testdata(t, modules[name]) {
			conf, err := confmaptest.LoadConf(path)
			if err != nil {
				continue // wrong on purpose
			}
			for _, id := range slices.Sorted(maps.Keys(conf.ToStringMap())) {
				if before, _, _ := strings.Cut(id, "/"); before != typ {
					continue
				}
				sub, err := conf.Sub(id)
				if err != nil || sub.Unmarshal(byName[name]()) != nil {
					continue
				}
				if id == "file/flush_interval_5" {
					continue // a duration without a unit: five nanoseconds
				}
				seen++
				assert.Empty(t, wrong(t, schema, plain(sub.ToStringMap())), "%s in %s", id, path)
			}
		}
	}
	assert.Greater(t, seen, 100)
}

// testdata are the configurations that a module has for its tests.
func testdata(t *testing.T, module string) []string {
	t.Helper()
	if strings.HasPrefix(module, "github.com/otelcol-defender/") {
		return nil // its components have tests of their own
	}
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	require.NoError(t, err, module)
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "*.yaml"))
	require.NoError(t, err)
	return paths
}

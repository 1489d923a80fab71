package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/service/pipelines"

	"github.com/otelcol-defender/otelcol-defender/internal/defendersim"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
)

// The shipped configurations are loaded here, beside the generated component list, because only this package
// has exactly the components of the distribution.
const configDirectory = "../../config"

// environment gives the variables that a shipped configuration asks its user for.
var environment = map[string]func(t *testing.T) map[string]string{
	"demo.yaml": func(*testing.T) map[string]string { return nil },
	"file.yaml": func(t *testing.T) map[string]string {
		t.Helper()
		data := t.TempDir()
		secret := filepath.Join(data, "secret")
		require.NoError(t, os.WriteFile(secret, []byte("s3cret"), 0o600))
		return map[string]string{
			"DEFENDER_TENANT_ID":          "11111111-2222-4333-8444-555555555555",
			"DEFENDER_CLIENT_ID":          "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
			"DEFENDER_CLIENT_SECRET_FILE": secret,
			"TOTAL_DOMAIN_ID":             "customer-domain-001",
			"DEFENDER_DATA_DIR":           data,
		}
	},
}

func TestEveryShippedConfigIsKnownHere(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(configDirectory, "*.yaml"))
	require.NoError(t, err)
	names := make([]string, 0, len(paths))
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(environment)), names)
}

func TestShippedConfigs(t *testing.T) {
	for name, variables := range environment {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // relative paths of a configuration are not this folder's business
			values := variables(t)
			for key, value := range values {
				t.Setenv(key, value)
			}
			settings := settingsFor(t, name)
			config := load(t, settings)
			for id, logs := range config.Service.Pipelines {
				if id.Signal() == pipeline.SignalLogs {
					assertSynchronous(t, config, logs)
					assertExtensionsListed(t, config, logs)
				}
			}
			dryRun(t, settings)
		})
	}
}

// The emulator's identifiers are published by its package; demo.yaml repeats them.
func TestDemoHasTheEmulatorsCredentials(t *testing.T) {
	config := load(t, settingsFor(t, "demo.yaml"))
	receiver, ok := config.Receivers[component.MustNewID("defender")].(*defenderreceiver.Config)
	require.True(t, ok)
	assert.Equal(t, defendersim.DefaultTenantID, receiver.Credentials.TenantID)
	assert.Equal(t, defendersim.DefaultClientID, receiver.Credentials.ClientID)
	assert.Equal(t, defendersim.DefaultClientSecret, string(receiver.Credentials.ClientSecret))
}

// A variable that was forgotten must stop the collector at once, not let it run with an empty value.
func TestForgottenVariableIsRefused(t *testing.T) {
	for name, variables := range environment {
		for forgotten := range variables(t) {
			if forgotten == "DEFENDER_DATA_DIR" {
				continue // has a default
			}
			t.Run(name+" "+forgotten, func(t *testing.T) {
				for key, value := range variables(t) {
					t.Setenv(key, value)
				}
				require.NoError(t, os.Unsetenv(forgotten))
				collector, err := otelcol.NewCollector(settingsFor(t, name))
				require.NoError(t, err)
				assert.Error(t, collector.DryRun(t.Context()))
			})
		}
	}
}

func settingsFor(t *testing.T, name string) otelcol.CollectorSettings {
	t.Helper()
	return otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: components,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs: []string{"file:" + filepath.Join(sourceDirectory, configDirectory, name)},
			ProviderFactories: []confmap.ProviderFactory{
				envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
			},
		}},
	}
}

// sourceDirectory is where the tests are started, which t.Chdir leaves.
var sourceDirectory, _ = os.Getwd()

func load(t *testing.T, settings otelcol.CollectorSettings) *otelcol.Config {
	t.Helper()
	provider, err := otelcol.NewConfigProvider(settings.ConfigProviderSettings)
	require.NoError(t, err)
	factories, err := components()
	require.NoError(t, err)
	config, err := provider.Get(t.Context(), factories)
	require.NoError(t, err)
	require.NoError(t, provider.Shutdown(t.Context()))
	return config
}

// dryRun validates everything and builds the pipelines, as `otelcol-defender validate` does.
func dryRun(t *testing.T, settings otelcol.CollectorSettings) {
	t.Helper()
	collector, err := otelcol.NewCollector(settings)
	require.NoError(t, err)
	require.NoError(t, collector.DryRun(t.Context()))
}

// assertSynchronous checks that nothing between receiver and sink says "delivered" too early: a cursor moves when
// the pipeline has accepted the rows.
func assertSynchronous(t *testing.T, config *otelcol.Config, logs *pipelines.PipelineConfig) {
	t.Helper()
	for _, id := range logs.Processors {
		assert.NotEqual(t, "batch", id.Type().String(), "the batch processor accepts rows before they are delivered")
	}
	for _, id := range logs.Exporters {
		exporter := config.Exporters[id]
		queue := marshal(t, exporter).Get("sending_queue")
		assert.Nil(t, queue, "%s: a sending queue accepts rows before they are delivered", id)
		if file, ok := exporter.(*fileexporter.Config); ok {
			require.NotNil(t, file.Rotation, "%s: without rotation the file is emptied at every start", id)
			require.NotNil(t, file.Encoding, "%s: one event per line needs the encoding extension", id)
			assert.Equal(t, "ndjson_encoding", file.Encoding.String())
		}
	}
}

// assertExtensionsListed checks what the collector itself only finds out when it starts.
func assertExtensionsListed(t *testing.T, config *otelcol.Config, logs *pipelines.PipelineConfig) {
	t.Helper()
	listed := make([]any, 0, len(config.Service.Extensions))
	for _, id := range config.Service.Extensions {
		listed = append(listed, id.String())
	}
	check := func(ids []component.ID, configs map[component.ID]component.Config) {
		for _, id := range ids {
			settings := marshal(t, configs[id])
			for _, key := range []string{"storage", "encoding"} {
				if extension := settings.Get(key); extension != nil {
					assert.Contains(t, listed, extension, "%s: %s is not under service::extensions", id, key)
				}
			}
		}
	}
	check(logs.Receivers, config.Receivers)
	check(logs.Processors, config.Processors)
	check(logs.Exporters, config.Exporters)
}

func marshal(t *testing.T, config component.Config) *confmap.Conf {
	t.Helper()
	settings := confmap.New()
	require.NoError(t, settings.Marshal(config))
	return settings
}

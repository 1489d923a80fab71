package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/kafkaexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/kafka/configkafka"
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

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver"
)

// The shipped configurations are loaded here, beside the generated component list, because only this package
// has exactly the components of the distribution.
const configDirectory = "../../config"

// environment gives the variables that a shipped configuration asks its user for.
var environment = map[string]func(t *testing.T) map[string]string{
	"demo.yaml":      func(*testing.T) map[string]string { return nil },
	"file.yaml":      forTenant(),
	"alerts.yaml":    withoutDomain(forTenant()),
	"siem.yaml":      withoutDomain(forTenant()),
	"posture.yaml":   withoutDomain(forTenant()),
	"detection.yaml": withoutDomain(forTenant()),
	"kafka.yaml":     forTenant(toKafka),
	"otlp.yaml":      forTenant(toOTLP),
	"clickhouse.yaml": forTenant(map[string]string{
		"CLICKHOUSE_ENDPOINT": "tcp://clickhouse.example:9440?secure=true", "CLICKHOUSE_USERNAME": "defender", "CLICKHOUSE_PASSWORD": "p$ss: word",
	}),
	"loki.yaml": forTenant(map[string]string{"LOKI_ENDPOINT": "https://loki.example/otlp"}),
	"eventhub-out.yaml": forTenant(map[string]string{
		"EVENTHUB_BROKER":            "acme.servicebus.windows.net:9093",
		"EVENTHUB_CONNECTION_STRING": "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=s;SharedAccessKey=a$b=",
	}),
	"fanout.yaml":  forTenant(toKafka, toOTLP),
	"storage.yaml": forTenant(map[string]string{"STORAGE_ACCOUNT_URL": "https://contosodefender.blob.core.windows.net"}),
	"production.yaml": forTenant(toKafka, map[string]string{
		"KAFKA_USERNAME": "defender", "KAFKA_PASSWORD": "p$ss: word", "TELEMETRY_ENDPOINT": "http://127.0.0.1:4318",
	}),
	"workers.yaml": forTenants(toKafka, map[string]string{"POSTGRES_DSN": "postgres://otelcol:s3cret@127.0.0.1:5432/otelcol?sslmode=disable"}),
	"eventhub.yaml": func(*testing.T) map[string]string {
		return map[string]string{
			"EVENTHUB_BROKER": "acme.servicebus.windows.net:9093", "EVENTHUB_NAME": "defender",
			"EVENTHUB_CONNECTION_STRING": "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=l;SharedAccessKey=a$b=",
			"TOTAL_DOMAIN_ID":            "customer-domain-001", "KAFKA_BROKERS": "127.0.0.1:9092",
		}
	},
}

var (
	toKafka = map[string]string{"KAFKA_BROKERS": "127.0.0.1:9092,127.0.0.1:9093"}
	toOTLP  = map[string]string{"OTLP_ENDPOINT": "127.0.0.1:4317"}
)

// forTenant gives the variables of a receiver `defender`, and those of exporters.
func forTenant(exporters ...map[string]string) func(t *testing.T) map[string]string {
	return func(t *testing.T) map[string]string {
		t.Helper()
		data := t.TempDir()
		secret := filepath.Join(data, "secret")
		require.NoError(t, os.WriteFile(secret, []byte("s3cret"), 0o600))
		values := map[string]string{
			"DEFENDER_TENANT_ID":          "11111111-2222-4333-8444-555555555555",
			"DEFENDER_CLIENT_ID":          "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
			"DEFENDER_CLIENT_SECRET_FILE": secret,
			"TOTAL_DOMAIN_ID":             "customer-domain-001",
			"DEFENDER_DATA_DIR":           data,
		}
		for _, more := range exporters {
			maps.Copy(values, more)
		}
		return values
	}
}

// forTenants gives the variables of two receivers, `defender/a` and `defender/b`.
func forTenants(exporters ...map[string]string) func(t *testing.T) map[string]string {
	return func(t *testing.T) map[string]string {
		t.Helper()
		values := forTenant(exporters...)(t)
		for _, name := range []string{"TENANT_ID", "CLIENT_ID", "CLIENT_SECRET_FILE"} {
			values["DEFENDER_A_"+name], values["DEFENDER_B_"+name] = values["DEFENDER_"+name], values["DEFENDER_"+name]
			delete(values, "DEFENDER_"+name)
		}
		return values
	}
}

// withoutDomain leaves the domain of TOTAL out.
func withoutDomain(variables func(t *testing.T) map[string]string) func(t *testing.T) map[string]string {
	return func(t *testing.T) map[string]string {
		t.Helper()
		values := variables(t)
		delete(values, "TOTAL_DOMAIN_ID")
		return values
	}
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

// Every receiver of a shipped configuration keeps what is refused for good, and every status says why something waits.
func TestRefusedRowsAreKeptAndReasonsShown(t *testing.T) {
	for name, variables := range environment {
		for key, value := range variables(t) {
			t.Setenv(key, value)
		}
		config := load(t, settingsFor(t, name))
		for id, receiver := range config.Receivers {
			if receiver, ok := receiver.(*defenderreceiver.Config); ok {
				assert.NotEmpty(t, receiver.DeadLetter.Directory, "%s: %s", name, id)
			}
			if receiver, ok := receiver.(*defenderstoragereceiver.Config); ok {
				assert.NotEmpty(t, receiver.DeadLetter.Directory, "%s: %s", name, id)
			}
		}
		checks := 0
		for id, extension := range config.Extensions {
			if id.Type().String() == "healthcheckv2" {
				checks++
				assert.Equal(t, true, marshal(t, extension).Get("http::status::include_attributes"), "%s: %s", name, id)
			}
		}
		assert.Positive(t, checks, name)
	}
}

// A liveness probe must not restart a collector because Microsoft or Kafka is down; an alert must come when they are.
func TestProductionHasAnEndpointForEach(t *testing.T) {
	for key, value := range environment["production.yaml"](t) {
		t.Setenv(key, value)
	}
	config := load(t, settingsFor(t, "production.yaml"))
	liveness := marshal(t, config.Extensions[component.MustNewIDWithName("healthcheckv2", "liveness")])
	alerts := marshal(t, config.Extensions[component.MustNewID("healthcheckv2")])
	assert.NotEqual(t, liveness.Get("http::endpoint"), alerts.Get("http::endpoint"))
	for _, errors := range []string{"include_recoverable_errors", "include_permanent_errors"} {
		is, _ := liveness.Get("component_health::" + errors).(bool)
		assert.False(t, is, errors)
	}
	assert.Equal(t, true, alerts.Get("component_health::include_recoverable_errors"))
	assert.Equal(t, 15*time.Minute, alerts.Get("component_health::recovery_duration"))
	assert.Subset(t, config.Service.Extensions, []component.ID{
		component.MustNewIDWithName("healthcheckv2", "liveness"), component.MustNewID("healthcheckv2"),
	})
}

// A variable that was forgotten must stop the collector at once, not let it run with an empty value.
func TestForgottenVariableIsRefused(t *testing.T) {
	for name, variables := range environment {
		for forgotten := range variables(t) {
			switch forgotten {
			case "DEFENDER_DATA_DIR", "TELEMETRY_ENDPOINT", "CLICKHOUSE_USERNAME": // have a default
				continue
			case "CLICKHOUSE_PASSWORD": // a user may have none: ClickHouse tells, and rows wait until it lets them in
				continue
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
// the pipeline has accepted the rows. Of several sinks all but the first may keep them on disk.
func assertSynchronous(t *testing.T, config *otelcol.Config, logs *pipelines.PipelineConfig) {
	t.Helper()
	for _, id := range logs.Processors {
		assert.NotEqual(t, "batch", id.Type().String(), "the batch processor accepts rows before they are delivered")
	}
	for i, id := range logs.Exporters {
		exporter := config.Exporters[id]
		if exporter == nil { // a connector, which keeps what it takes in its storage
			assert.NotNil(t, marshal(t, config.Connectors[id]).Get("storage"), "%s: without a storage it keeps what it takes in memory", id)
			continue
		}
		settings := marshal(t, exporter)
		if settings.Get("sending_queue") != nil {
			result, _ := settings.Get("sending_queue::wait_for_result").(bool)
			stored := settings.Get("sending_queue::storage") != nil
			assert.True(t, result || (i > 0 && stored), "%s: a sending queue accepts rows before they are delivered", id)
			assert.Equal(t, true, settings.Get("sending_queue::block_on_overflow"), "%s: a full queue refuses", id)
		}
		if settings.Get("retry_on_failure::enabled") == true { // else the receiver tries again
			assert.Equal(t, time.Duration(0), settings.Get("retry_on_failure::max_elapsed_time"), "%s: gives up", id)
		}
		switch exporter := exporter.(type) {
		case *fileexporter.Config:
			require.NotNil(t, exporter.Rotation, "%s: without rotation the file is emptied at every start", id)
			require.NotNil(t, exporter.Encoding, "%s: one event per line needs the encoding extension", id)
			assert.Equal(t, "ndjson_encoding", exporter.Encoding.String())
			assert.Equal(t, exporter.Path, marshal(t, config.Extensions[*exporter.Encoding]).Get("appends_to"))
		case *kafkaexporter.Config:
			assert.Equal(t, configkafka.WaitForAll, exporter.Producer.RequiredAcks, "%s: less than all replicas", id)
			assert.True(t, exporter.PartitionLogsByResourceAttributes, "%s: a person's events lose their order", id)
			assert.False(t, exporter.Producer.AllowAutoTopicCreation)
			assert.Equal(t, "raw", exporter.Logs.Encoding)
		}
	}
}

// A storage that is not synced can forget a cursor, or a queue, when the machine loses its power.
func TestStoragesAreSynced(t *testing.T) {
	for name, variables := range environment {
		for key, value := range variables(t) {
			t.Setenv(key, value)
		}
		for id, extension := range load(t, settingsFor(t, name)).Extensions {
			if id.Type().String() == "file_storage" {
				assert.Equal(t, true, marshal(t, extension).Get("fsync"), "%s: %s", name, id)
			}
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
			if configs[id] == nil {
				continue // a connector
			}
			settings := marshal(t, configs[id])
			for _, key := range []string{"storage", "encoding", "sending_queue::storage"} {
				if extension := settings.Get(key); extension != nil && fmt.Sprint(extension) != "proto" { // OTLP's encoding is no extension
					assert.Contains(t, listed, extension, "%s: %s is not under service::extensions", id, key)
				}
			}
		}
	}
	check(logs.Receivers, config.Receivers)
	check(logs.Processors, config.Processors)
	check(logs.Exporters, config.Exporters)
	check(logs.Exporters, config.Connectors)
}

func marshal(t *testing.T, config component.Config) *confmap.Conf {
	t.Helper()
	settings := confmap.New()
	require.NoError(t, settings.Marshal(config))
	return settings
}

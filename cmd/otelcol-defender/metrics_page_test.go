package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/otelcol"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// twoPipelines share a processor, so that their series differ by nothing but the scope.
const twoPipelines = `
receivers:
  otlp/a: {protocols: {http: {endpoint: "127.0.0.1:%[1]s"}}}
  otlp/b: {protocols: {http: {endpoint: "127.0.0.1:%[2]s"}}}
processors: {memory_limiter: {check_interval: 1s, limit_mib: 1024}}
exporters: {nop: {}}
service:
  pipelines:
    logs/a: {receivers: [otlp/a], processors: [memory_limiter], exporters: [nop]}
    logs/b: {receivers: [otlp/b], processors: [memory_limiter], exporters: [nop]}
`

const oneRecord = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`

// The metrics page of each shipped configuration is whole with the feature gate that moves the component and the pipeline
// into the scope, and without it.
func TestMetricsPageWithAndWithoutTheGate(t *testing.T) {
	const gate = "telemetry.newPipelineTelemetry"
	t.Cleanup(func() { require.NoError(t, featuregate.GlobalRegistry().Set(gate, false)) })
	for _, on := range []bool{false, true} {
		require.NoError(t, featuregate.GlobalRegistry().Set(gate, on))
		for name := range environment {
			t.Run(fmt.Sprint(name, " ", on), func(t *testing.T) {
				status, page := metricsPage(t, telemetryOf(t, name))
				assert.Equal(t, http.StatusOK, status, "%.400s", page)
				assert.Contains(t, page, "otelcol_receiver_accepted_log_records{", "names as documented")
				assert.Equal(t, on, strings.Contains(page, "otel_scope_otelcol_component_id"), "what the gate adds")
			})
		}
	}
}

// telemetryOf gives service::telemetry of a shipped configuration, as YAML.
func telemetryOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sourceDirectory, configDirectory, name))
	require.NoError(t, err)
	var config struct {
		Service struct {
			Telemetry map[string]any `yaml:"telemetry"`
		} `yaml:"service"`
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	telemetry, err := yaml.Marshal(map[string]any{"service": map[string]any{"telemetry": config.Service.Telemetry}})
	require.NoError(t, err)
	return string(telemetry)
}

// metricsPage runs two pipelines with some telemetry settings, sends each a record and reads the page.
func metricsPage(t *testing.T, telemetry string) (status int, page string) {
	t.Helper()
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer sink.Close()
	t.Setenv("TELEMETRY_ENDPOINT", sink.URL)
	metrics, receivers := ports.Free(t), []string{ports.Free(t), ports.Free(t)}
	t.Setenv("METRICS_PORT", metrics)
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(), Factories: components, DisableGracefulShutdown: true,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{"yaml:" + fmt.Sprintf(twoPipelines, receivers[0], receivers[1]), "yaml:" + strings.ReplaceAll(telemetry, "port: 8888", "port: "+metrics)},
			ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory(), yamlprovider.NewFactory()},
		}},
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- collector.Run(ctx) }()
	defer func() {
		stop()
		require.NoError(t, <-ended)
	}()
	for _, port := range receivers {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			status, _ := call(t, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%s/v1/logs", port), oneRecord)
			require.Equal(c, http.StatusOK, status)
		}, 20*time.Second, 20*time.Millisecond)
	}
	return call(t, http.MethodGet, "http://127.0.0.1:"+metrics+"/metrics", "")
}

// call gives the status and the body of an answer; the status is 0 where nobody answers.
func call(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

//go:build helm

package chart

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/otelcol"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
)

// The collector takes the rendered configuration, and no row can get lost in it.
func TestConfigurationIsAccepted(t *testing.T) {
	for _, name := range valuesFiles(t) {
		t.Run(name, func(t *testing.T) {
			m := render(t, name)
			locations := startPod(t, m)
			collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
				BuildInfo: component.NewDefaultBuildInfo(),
				Factories: distribution.Components,
				ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
					URIs:              locations,
					ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory(), fileprovider.NewFactory()},
					DefaultScheme:     "env",
				}},
			})
			require.NoError(t, err)
			require.NoError(t, collector.DryRun(t.Context()))

			loaded, err := pipelinecheck.Load(t.Context(), locations)
			require.NoError(t, err)
			report, err := pipelinecheck.Check(loaded)
			require.NoError(t, err)
			assert.Equal(t, pipelinecheck.Clean, report.Verdict(), "%+v", report)
		})
	}
}

// startPod sets the variables that the container would have, and returns its configurations.
func startPod(t *testing.T, m manifests) (locations []string) {
	t.Helper()
	p := newPod(t, m)
	for name, value := range p.variables {
		t.Setenv(name, value)
	}
	for _, argument := range p.arguments {
		location, ok := strings.CutPrefix(argument, "--config=")
		require.True(t, ok, argument)
		locations = append(locations, "file:"+location)
	}
	return locations
}

// The liveness probe asks the endpoint that says nothing of Microsoft or Kafka; the readiness probe the one that does.
func TestProbes(t *testing.T) {
	for _, name := range valuesFiles(t) {
		t.Run(name, func(t *testing.T) {
			m := render(t, name)
			loaded, err := pipelinecheck.Load(t.Context(), startPod(t, m))
			require.NoError(t, err)
			container := m.set.Spec.Template.Spec.Containers[0]
			for extension, probes := range map[string][]*corev1.Probe{
				"healthcheckv2/liveness": {container.LivenessProbe, container.StartupProbe},
				"healthcheckv2":          {container.ReadinessProbe},
			} {
				endpoint, ok := loaded.Conf.Get("extensions::" + extension + "::http::endpoint").(string)
				require.True(t, ok, extension)
				_, port, err := net.SplitHostPort(endpoint)
				require.NoError(t, err)
				for _, probe := range probes {
					assert.Equal(t, port, portOf(container, probe), extension)
					assert.Equal(t, loaded.Conf.Get("extensions::"+extension+"::http::status::path"), probe.HTTPGet.Path)
				}
			}
			assert.False(t, loaded.Conf.IsSet("extensions::healthcheckv2/liveness::component_health"),
				"a restart mends neither Microsoft nor Kafka")
			assert.Equal(t, true, loaded.Conf.Get("extensions::healthcheckv2::component_health::include_recoverable_errors"))
		})
	}
}

// portOf is the port that a probe asks.
func portOf(container corev1.Container, probe *corev1.Probe) string {
	for _, port := range container.Ports {
		if port.Name == probe.HTTPGet.Port.String() {
			return strconv.Itoa(int(port.ContainerPort))
		}
	}
	return ""
}

// The memory limiter works before the garbage collector has to, and both before the kernel ends the process.
func TestMemoryAndTimeToEnd(t *testing.T) {
	m := render(t, "kafka")
	loaded, err := pipelinecheck.Load(t.Context(), startPod(t, m))
	require.NoError(t, err)
	spec := m.set.Spec.Template.Spec
	container := spec.Containers[0]
	limit := container.Resources.Limits.Memory().Value()
	goLimit := resource.MustParse(strings.TrimSuffix(variable(container, "GOMEMLIMIT"), "B"))
	limiter, ok := loaded.Conf.Get("processors::memory_limiter::limit_mib").(int)
	require.True(t, ok)
	assert.Less(t, goLimit.Value(), limit*9/10)
	assert.Greater(t, goLimit.Value(), int64(limiter)<<20)

	const shutdownTimeout = 10 * time.Second // the receiver's default
	assert.Greater(t, time.Duration(*spec.TerminationGracePeriodSeconds)*time.Second, 2*shutdownTimeout)
}

package chart

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/version"
)

const chartDirectory = "../../charts/otelcol-defender"

// The chart's copies are those of the repository.
func TestCopies(t *testing.T) {
	for name, original := range map[string]string{
		"production.yaml": "../../config/production.yaml", "alerts.yml": "../../docs/alerts.yml", "dashboard.json": "../../docs/dashboard.json",
	} {
		want, err := os.ReadFile(original)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(chartDirectory, "files", name))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: run `go generate ./internal/chart`", name)
	}
}

func TestVersion(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(chartDirectory, "Chart.yaml"))
	require.NoError(t, err)
	var chart struct {
		Version    string
		AppVersion string `yaml:"appVersion"`
	}
	require.NoError(t, yaml.Unmarshal(content, &chart))
	assert.Equal(t, []string{version.Number, version.Number}, []string{chart.Version, chart.AppVersion})
}

// Every key of values.yaml is known to the schema, and every one of the schema stands in values.yaml, where it is explained.
func TestSchemaKnowsTheValues(t *testing.T) {
	var schema schemaNode
	content, err := os.ReadFile(filepath.Join(chartDirectory, "values.schema.json"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &schema)) // JSON is YAML
	content, err = os.ReadFile(filepath.Join(chartDirectory, "values.yaml"))
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, yaml.Unmarshal(content, &values))
	delete(schema.Properties, "global") // Helm's own
	assert.ElementsMatch(t, keysOf(values), schema.keys())
	for name, value := range values {
		child, isMap := value.(map[string]any)
		if node := schema.Properties[name]; isMap && name != "overlay" && name != "probes" && len(node.Properties) > 0 {
			assert.ElementsMatch(t, keysOf(child), node.keys(), name)
		}
	}
}

// schemaNode is what the test reads of a JSON Schema.
type schemaNode struct {
	Properties map[string]schemaNode
}

func (n schemaNode) keys() []string { return keysOf(n.Properties) }

func keysOf[V any](m map[string]V) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

package defenderreceiver

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// What metadata.yaml says an attribute's values to be are the values that the code gives it.
func TestValuesOfAttributes(t *testing.T) {
	text, err := os.ReadFile("metadata.yaml")
	require.NoError(t, err)
	var metadata struct {
		Attributes map[string]struct {
			Enum []string `yaml:"enum"`
		} `yaml:"attributes"`
	}
	require.NoError(t, yaml.Unmarshal(text, &metadata))
	var reasons []string
	for _, reason := range failure.Reasons() {
		reasons = append(reasons, string(reason))
	}
	windows := []string{windowName(time.Minute), windowName(15 * time.Minute), windowName(time.Hour), windowName(24 * time.Hour)}
	for attribute, values := range map[string][]string{
		"audit_outcome":  {string(audit.Complete), string(audit.Incomplete), string(audit.Failed)},
		"cursor_outcome": {stored, notStored},
		"query_outcome":  service.Outcomes(),
		"row_outcome":    {string(delivered), string(duplicate), string(refused)},
		"reason":         reasons,
		"window":         windows,
	} {
		slices.Sort(values)
		assert.ElementsMatch(t, values, metadata.Attributes[attribute].Enum, attribute)
		t.Log(attribute, values)
	}
}

package totalnormalizeprocessor

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
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
	outcomes, reasons := map[string]bool{}, map[string]bool{}
	cfg := createDefaultConfig().(*Config)
	cfg.Alerts = AlertsGraph // which has all reasons
	for key := range everyKey(cfg.plans()) {
		outcomes[key.outcome], reasons[key.reason] = true, true
	}
	for attribute, values := range map[string]map[string]bool{"outcome": outcomes, "reason": reasons} {
		for value := range values {
			assert.Contains(t, metadata.Attributes[attribute].Enum, value, attribute)
		}
		assert.Len(t, metadata.Attributes[attribute].Enum, len(values), attribute)
		t.Log(values)
	}
}

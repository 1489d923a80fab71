package version

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The collector's own version comes from builder-config.yaml by make generate.
func TestNumberIsTheDistributions(t *testing.T) {
	root := filepath.Join("..", "..")
	content, err := os.ReadFile(filepath.Join(root, "builder-config.yaml"))
	require.NoError(t, err)
	var builder struct {
		Dist struct{ Version string }
	}
	require.NoError(t, yaml.Unmarshal(content, &builder))
	assert.Equal(t, Number, builder.Dist.Version)
	generated, err := os.ReadFile(filepath.Join(root, "cmd", "otelcol-defender", "main.go"))
	require.NoError(t, err)
	assert.Regexp(t, `Version:\s+"`+Number+`"`, string(generated), "make generate writes it")
}

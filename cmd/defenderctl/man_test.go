package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two builds of a package have the same pages, so these have no date of their own.
func TestManualPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	directory := t.TempDir()
	cmd := newCommand()
	cmd.SetArgs([]string{"man", directory})
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	for _, name := range []string{"defenderctl", "defenderctl-check", "defenderctl-resolver-stop", "defenderctl-verify"} {
		page, err := os.ReadFile(filepath.Join(directory, name+".1"))
		require.NoError(t, err)
		assert.Contains(t, string(page), `"Nov 2023"`, name)
	}
	assert.NoFileExists(t, filepath.Join(directory, "defenderctl-man.1"))
}

package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// workflow is what the test reads of one.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct {
			Run  string
			Uses string
		}
	}
}

// What a workflow does can be done on any machine: its steps are targets of the Makefile. Actions are named by a commit,
// because a tag can be moved.
func TestWorkflowsCallTheMakefile(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	step := regexp.MustCompile(`^make ([a-z-]+)( [A-Z_]+=("\$[A-Z_]+"|[\w.-]+))*$`)
	action := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40}$`)

	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var read workflow
		require.NoError(t, yaml.Unmarshal(content, &read), file)
		require.NotEmpty(t, read.Jobs, file)
		for name, job := range read.Jobs {
			require.NotEmpty(t, job.Steps, "%s: %s", file, name)
			for _, s := range job.Steps {
				if s.Uses != "" {
					assert.Regexp(t, action, s.Uses, "%s: %s", file, name)
					continue
				}
				target := step.FindStringSubmatch(s.Run)
				if assert.NotNil(t, target, "%s: %s: %q is no target of the Makefile", file, name, s.Run) {
					assert.Regexp(t, `(?m)^`+target[1]+`:`, string(makefile), "%s: %s", file, name)
				}
			}
		}
	}
}

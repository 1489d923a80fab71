package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What docs/architecture.md says of a promise is there: at most three files, and tests by their names.
func TestPromisesAreWhereTheTableSays(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(content), "| promise | how | files | test |\n|---|---|---|---|\n")
	require.True(t, found, "the table of promises")
	table, _, _ = strings.Cut(table, "\n\n")

	tests, quoted := testNames(t), regexp.MustCompile("`([^`]+)`")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	assert.Len(t, rows, 22)
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if !assert.Len(t, cells, 4, row) {
			continue
		}
		files, names := quoted.FindAllStringSubmatch(cells[2], -1), quoted.FindAllStringSubmatch(cells[3], -1)
		assert.NotEmpty(t, files, cells[0])
		assert.LessOrEqual(t, len(files), 3, cells[0])
		for _, file := range files {
			assert.FileExists(t, filepath.Join(root, filepath.FromSlash(file[1])), cells[0])
		}
		assert.NotEmpty(t, names, cells[0])
		for _, name := range names {
			assert.True(t, tests[name[1]], "%s: there is no %s", cells[0], name[1])
		}
	}
}

// testNames are the names of all tests of the module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	declared, names := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`), map[string]bool{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipped(entry.Name())
		case !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(file)
		for _, match := range declared.FindAllStringSubmatch(string(content), -1) {
			names[match[1]] = true
		}
		return err
	})
	require.NoError(t, err)
	return names
}

// Every constant of the scheduler's and the quota's policy has a row in docs/scheduling.md, and a test that notices it.
func TestScheduleExplainsItsConstants(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "docs", "scheduling.md"))
	require.NoError(t, err)
	constant, tests := regexp.MustCompile(`(?m)^\t(\w+) += `), testNames(t)
	found := 0
	for _, pkg := range []string{"quota", "scheduler"} {
		policy, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(receiver), pkg, "policy.go"))
		require.NoError(t, err)
		for _, match := range constant.FindAllStringSubmatch(string(policy), -1) {
			found++
			row := regexp.MustCompile("(?m)^\\| `" + match[1] + "` .*`(Test\\w+)`\\*? \\|$").FindStringSubmatch(string(content))
			if assert.NotNil(t, row, match[1]) {
				assert.True(t, tests[row[1]], "%s: there is no %s", match[1], row[1])
			}
		}
	}
	assert.Greater(t, found, 30)
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteDatabase(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	entries := map[string]string{
		"GO-1": `{"id":"GO-1","modified":"2026-01-01T00:00:00Z","aliases":["CVE-1"],"affected":[
			{"package":{"name":"example.com/b"},"ranges":[{"events":[{"fixed":"1.10.0"}]}]},
			{"package":{"name":"example.com/b"},"ranges":[{"events":[{"fixed":"1.9.0"}]}]}]}`,
		"GO-2": `{"id":"GO-2","modified":"2026-02-01T00:00:00Z","affected":[
			{"package":{"name":"example.com/a"}},{"package":{"name":"example.com/b"}}]}`,
	}
	for id, content := range entries {
		require.NoError(t, os.WriteFile(filepath.Join(from, id+".json"), []byte(content), 0o600))
	}
	count, err := writeDatabase(from, to)
	require.NoError(t, err)
	assert.Equal(t, 2, count)

	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(to, name))
		require.NoError(t, err)
		return string(content)
	}
	assert.Equal(t, entries["GO-1"], read("ID/GO-1.json"))
	assert.Equal(t, `{"modified":"2026-02-01T00:00:00Z"}`, read("index/db.json"))
	assert.Equal(t, `[{"id":"GO-1","modified":"2026-01-01T00:00:00Z","aliases":["CVE-1"]},{"id":"GO-2","modified":"2026-02-01T00:00:00Z"}]`,
		read("index/vulns.json"))
	// A "fixed" here would make govulncheck skip entries of modules at or above it.
	assert.Equal(t, `[{"path":"example.com/a","vulns":[{"id":"GO-2","modified":"2026-02-01T00:00:00Z"}]},`+
		`{"path":"example.com/b","vulns":[{"id":"GO-1","modified":"2026-01-01T00:00:00Z"},{"id":"GO-2","modified":"2026-02-01T00:00:00Z"}]}]`,
		read("index/modules.json"))
}

func TestWriteDatabaseOfNothing(t *testing.T) {
	_, err := writeDatabase(t.TempDir(), t.TempDir())
	assert.ErrorContains(t, err, "holds no entries")
}

package ndjsonencodingextension

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCut(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want bool
	}{
		"empty":            {"", false},
		"whole":            {"{}\n{}\n", false},
		"cut":              {"{}\n{\"event_", true},
		"no line feed yet": {"{}", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.ndjson")
			require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
			waited := 0
			cut, err := (&appended{path: path, wait: func(time.Duration) { waited++ }}).cut()
			require.NoError(t, err)
			assert.Equal(t, tt.want, cut)
			assert.Equal(t, tt.want, waited > 0, "a whole line is seen at once")
		})
	}
}

func TestCutWithoutFile(t *testing.T) {
	cut, err := (&appended{path: filepath.Join(t.TempDir(), "missing")}).cut()
	require.NoError(t, err)
	assert.False(t, cut)
}

func TestCutOfUnreadableFile(t *testing.T) {
	path := t.TempDir() // a directory has no last byte
	_, err := (&appended{path: path, wait: func(time.Duration) {}}).cut()
	require.ErrorContains(t, err, path)
}

// While another call's chunk is written, the file grows and does not end with a line feed.
func TestCutWaitsForAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	write := func(text string) {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		defer file.Close()
		_, err = file.WriteString(text)
		require.NoError(t, err)
	}
	write("{")
	waited := 0
	cut, err := (&appended{path: path, wait: func(time.Duration) {
		switch waited++; waited {
		case 3, still:
			write(" ")
		case 2 * still:
			write("}\n")
		}
	}}).cut()
	require.NoError(t, err)
	assert.False(t, cut)
	assert.Equal(t, 2*still, waited)
}

// The real file exporter finds a piece of a line in its file: the next event stands on a line of its own.
func TestFileExporterAfterACutLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	require.NoError(t, os.WriteFile(path, []byte("{}\n{\"event_id\":\"2d9f"), 0o600))
	files := startFileExporter(t, path)
	require.NoError(t, files.ConsumeLogs(t.Context(), events(2)))
	require.NoError(t, files.ConsumeLogs(t.Context(), events(1)))
	require.NoError(t, files.Shutdown(t.Context()))
	lines := readLines(t, path)
	require.Len(t, lines, 5)
	assert.Equal(t, []string{"{}", `{"event_id":"2d9f`}, lines[:2])
	for _, line := range lines[2:] {
		assert.Regexp(t, `^\{"event_id":".*\}$`, line)
	}
}

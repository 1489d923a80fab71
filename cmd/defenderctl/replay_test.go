package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplay(t *testing.T) {
	directory := t.TempDir()
	line := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}` + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(directory, "DeviceEvents.ndjson"), []byte(line+line+"nonsense\n"), 0o600))
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(secret+"\n"), 0o600))
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		assert.Equal(t, secret, r.Header.Get("X-Key"))
		requests++
	}))
	t.Cleanup(server.Close)
	args := []string{"replay", "--directory", directory, "--endpoint", server.URL, "--header", "X-Key=@" + key}
	output, code := run(t, args...)
	assert.Equal(t, exitFound, code)
	assert.Equal(t, "stays   DeviceEvents.ndjson, line 3: refused: the line is no OTLP request with a log record\nsent: 2; sent earlier: 0; stay: 1\n", output)
	output, code = run(t, append(args, "--output", "json")...)
	assert.Equal(t, exitFound, code)
	assert.Contains(t, output, `"sent_earlier": 2`)
	assert.Equal(t, 2, requests)

	server.Close()
	for name, args := range map[string][]string{
		"no directory":  {"replay", "--directory", "/does/not/exist", "--endpoint", server.URL},
		"no endpoint":   {"replay", "--directory", directory},
		"wrong output":  {"replay", "--directory", directory, "--endpoint", server.URL, "--output", "xml"},
		"wrong header":  {"replay", "--directory", directory, "--endpoint", server.URL, "--header", secret},
		"no file of CA": {"replay", "--directory", directory, "--endpoint", server.URL, "--ca-file", "/does/not/exist"},
	} {
		_, code := run(t, args...)
		assert.Equal(t, exitFailed, code, name)
	}
}

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// replay gives the dead letters to a collector, line by line, and returns the events that it makes of them: each line
// is a request of OTLP/HTTP.
func (s *stage) replay() []totalEvent {
	s.t.Helper()
	port := ports.Free(s.t)
	c := s.start(run{configs: []string{"replay.yaml"}, variables: []string{"E2E_OTLP_PORT=" + port}})
	s.eventually(func() bool { return strings.Contains(c.log(), "Everything is ready") }, "the collector should start")
	files, err := filepath.Glob(filepath.Join(s.dataDirectory(), "dead-letters", "*.ndjson"))
	require.NoError(s.t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(s.t, err)
		for line := range strings.Lines(string(text)) {
			request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://127.0.0.1:"+port+"/v1/logs", strings.NewReader(line))
			require.NoError(s.t, err)
			request.Header.Set("Content-Type", "application/json")
			request.Close = true // leave no connection behind
			response, err := http.DefaultClient.Do(request)
			require.NoError(s.t, err)
			assert.NoError(s.t, response.Body.Close())
			require.Equal(s.t, http.StatusOK, response.StatusCode)
		}
	}
	c.stop()
	events, broken := readTotal(s.t, s.totalFile())
	assert.Zero(s.t, broken)
	return events
}

package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPortInUseNamesWhatNeedsIt(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	address := taken.Addr().String()

	err = checkPorts(t.Context(), []port{{"127.0.0.1:0", "nobody"}, {address, "the emulator"}})
	require.ErrorContains(t, err, address+" is for the emulator")
	assert.NotContains(t, err.Error(), "nobody")
}

func TestRemoveAllTakesOnlyWhatADemoLeft(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{
		"out/cursors/receiver_defender_", "out/dead-letters/x.jsonl", "out/defendersim/ca.pem", "out/total-events.ndjson",
		"out/total-events-2026-03-15T08-45-12.000.ndjson", "out/defendersim.log", "out/mine.ndjson",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	require.NoError(t, removeAll(stale))
	left, err := os.ReadDir("out")
	require.NoError(t, err)
	require.Len(t, left, 1)
	assert.Equal(t, "mine.ndjson", left[0].Name())
}

func TestQueryCountAddsUpAllTablesAndOutcomes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `# TYPE otelcol_receiver_defender_queries counter
otelcol_receiver_defender_queries{outcome="ok",table="DeviceLogonEvents"} 40
otelcol_receiver_defender_queries{outcome="error",table="Alerts"} 2
# TYPE otelcol_receiver_defender_rows counter
otelcol_receiver_defender_rows{outcome="delivered",table="Alerts"} 1000
`)
	}))
	defer server.Close()
	count, err := queryCount(t.Context(), server.URL)
	require.NoError(t, err)
	assert.Equal(t, 42, count)
}

func TestProgressShowsEveryEventType(t *testing.T) {
	var out strings.Builder
	events := newEventFile("unused")
	require.NoError(t, events.counts.add([]byte(authEvent)))
	printer{&out}.progress(3500*time.Millisecond, &events.counts, unknownQueries)
	assert.Equal(t, "   3s        1 events   AUTH 1  ENDPOINT 0  NETWORK 0  DATA_ACCESS 0  ALERT 0   "+
		"no query yet, newest event 08:45:12Z\n", out.String())
}

package main

import (
	"encoding/json"
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
	at := ports{page: taken.Addr().(*net.TCPAddr).Port}

	err = at.check(t.Context())
	require.ErrorContains(t, err, address(at.page)+" is for the status page")
	require.ErrorContains(t, err, "PORT_BASE=20000")
	assert.NotContains(t, err.Error(), "emulator")
}

func TestPortBase(t *testing.T) {
	at, err := portsFrom(20000)
	require.NoError(t, err)
	assert.Equal(t, ports{20000, 20001, 20002, 20003}, at)
	at, err = portsFrom(65532)
	require.NoError(t, err)
	assert.Equal(t, 65535, at.metrics)
	for _, base := range []int{-1, 65533, 100000} {
		_, err := portsFrom(base)
		assert.ErrorContains(t, err, "PORT_BASE")
	}
	at, err = portsFrom(0)
	require.NoError(t, err)
	arguments, err := at.collectorArguments()
	require.NoError(t, err)
	assert.Equal(t, []string{"--config", "config/demo.yaml"}, arguments)
}

// Each port of the configuration is moved.
func TestMovedPortsAreAllOfTheConfiguration(t *testing.T) {
	text, err := os.ReadFile("../../config/demo.yaml")
	require.NoError(t, err)
	arguments, err := ports{20000, 20001, 20002, 20003}.collectorArguments()
	require.NoError(t, err)
	require.Len(t, arguments, 4)
	moved, found := strings.CutPrefix(arguments[3], "yaml:")
	require.True(t, found)
	var values any
	require.NoError(t, json.Unmarshal([]byte(moved), &values))
	settings, _, _ := strings.Cut(string(text), "\nservice:")
	for _, port := range []struct{ usual, moved string }{{":8443", ":20000"}, {":13134", ":20001"}, {":13133", ":20002"}} {
		keys := 0
		for line := range strings.Lines(settings) {
			value, _, _ := strings.Cut(line, "#")
			keys += strings.Count(value, port.usual)
		}
		assert.Equal(t, keys, strings.Count(moved, port.moved), port.usual)
	}
	assert.Contains(t, moved, `"port":20003`)
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

func TestFiguresAreThoseOfTheMetrics(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `# TYPE otelcol_receiver_defender_queries counter
otelcol_receiver_defender_queries{outcome="ok",table="Alerts"} 40
otelcol_receiver_defender_queries{outcome="error",table="Alerts"} 2
# TYPE otelcol_receiver_defender_rows counter
otelcol_receiver_defender_rows{outcome="delivered",table="Alerts"} 1000
otelcol_receiver_defender_rows{outcome="duplicate",table="Alerts"} 7
# TYPE otelcol_receiver_defender_cursor_lag gauge
otelcol_receiver_defender_cursor_lag{table="Alerts"} 12.5
otelcol_receiver_defender_cursor_lag{table="DeviceInfo"} 3
# TYPE otelcol_processor_total_normalize_records counter
otelcol_processor_total_normalize_records{outcome="mapped",table="Alerts"} 600
otelcol_processor_total_normalize_records{outcome="dropped",reason="no_account",table="Alerts"} 300
otelcol_processor_total_normalize_records{outcome="dropped",reason="machine_account",table="Alerts"} 100
`)
	}))
	defer server.Close()
	got, err := ask(t.Context(), server.URL)
	require.NoError(t, err)
	assert.Equal(t, figures{
		"Alerts":     {queries: 42, rows: 1000, events: 600, dropped: 400, lag: 12500 * time.Millisecond},
		"DeviceInfo": {lag: 3 * time.Second},
	}, got)
	assert.Equal(t, tableFigures{queries: 42, rows: 1000, events: 600, dropped: 400, lag: 12500 * time.Millisecond}, got.sum())
}

func TestProgressShowsEveryEventType(t *testing.T) {
	var out strings.Builder
	events := newEventFile("unused")
	require.NoError(t, events.counts.add([]byte(authEvent)))
	printer{&out}.progress(progress{elapsed: 3500 * time.Millisecond, events: &events.counts})
	assert.Equal(t, "   3s        1 events   AUTH 1  ENDPOINT 0  NETWORK 0  DATA_ACCESS 0  ALERT 0   "+
		"no query yet, newest event 08:45:12Z\n", out.String())
}

// The sample of an event is a logon, if there is one.
func TestSampleIsALogon(t *testing.T) {
	events := newEventFile("unused")
	for _, line := range []string{alertEvent, authEvent, alertEvent} {
		require.NoError(t, events.counts.add([]byte(strings.TrimSpace(line))))
	}
	var out strings.Builder
	printer{&out}.event(events.counts.sample)
	assert.Equal(t, "\nOne of them:\n\n  {\n    \"event_type\": \"AUTH\",\n    \"tuid\": \"t-1\",\n"+
		"    \"timestamp\": \"2026-03-15T08:45:12.1234567Z\"\n  }\n", out.String())
}

// A drawing takes the place of the one before, whatever the size of either.
func TestScreenDrawsInPlace(t *testing.T) {
	var out strings.Builder
	width, height := 72, 40
	s := &screen{out: &out, size: func() (int, int) { return width, height }}
	now := progress{elapsed: 2 * time.Second, events: &eventCounts{}}
	s.progress(now)
	require.Equal(t, 4, s.drawn)
	assert.True(t, strings.HasPrefix(out.String(), clearEnd))

	now.tables = figures{"Alerts": {queries: 1}, "Users": {}, "DeviceLogonEvents": {queries: 2, lag: 61 * time.Second}}
	out.Reset()
	s.progress(now)
	first, _, _ := strings.Cut(out.String(), clearEnd)
	assert.Equal(t, "\x1b[4F", first)
	assert.Contains(t, out.String(), "DeviceLogonEvents")
	assert.Contains(t, out.String(), "1m1s")
	assert.NotContains(t, out.String(), "Users", "it is not read")
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, len([]rune(strings.NewReplacer("\x1b[4F", "", clearEnd, "").Replace(line))), width+1)
	}

	height = 3
	s.progress(now)
	assert.Equal(t, 2, s.drawn, "what would scroll away is left out")
	out.Reset()
	s.progress(now)
	assert.True(t, strings.HasPrefix(out.String(), "\x1b[2F"))
}

func TestAFileIsNoScreen(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	assert.Nil(t, newScreen(file))
}

// The README shows what a run has printed.
func TestReadmeShowsARun(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	ran := figures{
		"Alerts":               {25, 42, 37, 5, 11 * time.Second},
		"DeviceEvents":         {23, 3059, 1913, 1146, 11 * time.Second},
		"DeviceFileEvents":     {24, 4790, 3260, 1530, 10 * time.Second},
		"DeviceInfo":           {2, 1000, 0, 1000, 37 * time.Second},
		"DeviceLogonEvents":    {24, 1311, 833, 478, 10 * time.Second},
		"DeviceNetworkEvents":  {24, 10291, 6235, 4056, 10 * time.Second},
		"DeviceProcessEvents":  {23, 6268, 4324, 1944, 11 * time.Second},
		"DeviceRegistryEvents": {23, 927, 922, 5, 11 * time.Second},
		"IdentityInfo":         {2, 754, 0, 754, 37 * time.Second},
	}
	counts := &eventCounts{
		total: 17524, newest: time.Date(2026, 11, 27, 2, 45, 8, 0, time.UTC),
		byType: map[string]int{"AUTH": 833, "ENDPOINT": 7159, "NETWORK": 6235, "DATA_ACCESS": 3260, "ALERT": 37},
	}
	var out strings.Builder
	p := printer{&out}
	p.opening(30 * time.Second)
	p.started(24368, 24377, usual)
	require.Contains(t, string(text), out.String())

	out.Reset()
	p.progress(progress{elapsed: 27 * time.Second, events: counts, tables: ran})
	p.stopping()
	p.linef("")
	for _, line := range table(ran) {
		p.linef("  %s", line)
	}
	p.linef("\n%s", explanation)
	assert.Contains(t, string(text), out.String())
}

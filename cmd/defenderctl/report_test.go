package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

func dayReport(change func(*proof.Report)) *proof.Report {
	r := &proof.Report{
		Version: proof.Version, Receiver: "defender", Day: "2026-11-21",
		Tables: []proof.Table{{Name: "DeviceEvents", Parts: []proof.Part{{
			TimeBasis: "ingestion_time", Counts: proof.Counts{Counted: 3, Delivered: 3}, Audits: 1, LastAudit: time.Unix(1e9, 0).UTC(),
		}}}},
		Journal: proof.Journal{Head: "abc", Entries: 1, Intact: true},
	}
	change(r)
	return r
}

// controlAPI answers as the extension defender_control does.
func controlAPI(t *testing.T, report *proof.Report, receivers ...string) string {
	t.Helper()
	return controlAPIOf(t, report.Receiver, report.Day, report, receivers...)
}

func controlAPIOf(t *testing.T, receiver string, day proof.Day, report proof.Document, receivers ...string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/status", func(w http.ResponseWriter, _ *http.Request) {
		var status struct {
			Receivers []map[string]string `json:"receivers"`
		}
		for _, id := range receivers {
			status.Receivers = append(status.Receivers, map[string]string{"id": id})
		}
		assert.NoError(t, json.NewEncoder(w).Encode(status))
	})
	mux.HandleFunc("GET /api/v1/receivers/{id}/report", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != receiver || r.URL.Query().Get("day") != string(day) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"error": "no such receiver"}`))
			return
		}
		assert.NoError(t, json.NewEncoder(w).Encode(report))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestReportOfARunningCollector(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*proof.Report)
		status int
	}{
		"all delivered": {func(*proof.Report) {}, 0},
		"missing": {func(r *proof.Report) {
			r.Tables[0].Parts[0].Counts = proof.Counts{Counted: 3, Delivered: 2, Missing: 1}
		}, exitFound},
		"changed":       {func(r *proof.Report) { r.Journal.Intact = false }, exitFound},
		"never audited": {func(r *proof.Report) { r.Tables[0].Parts = nil }, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			report := dayReport(c.change)
			url := controlAPI(t, report, "defender")
			output, status := run(t, "report", "--day", "2026-11-21", "--url", url+"/")
			assert.Equal(t, c.status, status)
			assert.Equal(t, report.Text(), output)
			output, status = run(t, "report", "--day", "2026-11-21", "--url", url, "--output", "markdown")
			assert.Equal(t, c.status, status)
			assert.Equal(t, report.Markdown(), output)
			output, status = run(t, "report", "--day", "2026-11-21", "--url", url, "--output", "json")
			assert.Equal(t, c.status, status)
			want, err := json.Marshal(report)
			require.NoError(t, err)
			assert.JSONEq(t, string(want), output)
		})
	}
}

// The report of a storage export is one of another kind, with the same exit statuses.
func TestReportOfAStorageExport(t *testing.T) {
	listed := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		container proof.Exported
		status    int
	}{
		"all read": {proof.Exported{Table: "DeviceEvents", Listed: listed, Blobs: 1}, 0},
		"unread":   {proof.Exported{Table: "DeviceEvents", Listed: listed, Blobs: 1, Bytes: proof.Bytes{Unread: 1}}, exitFailed},
		"lost":     {proof.Exported{Table: "DeviceEvents", Listed: listed, Blobs: 1, Bytes: proof.Bytes{Lost: 1}}, exitFound},
	} {
		report := &proof.ExportReport{
			Version: proof.Version, Kind: proof.KindExport, Receiver: "defender_storage", Day: "2026-11-21", Listed: listed, Containers: []proof.Exported{c.container},
		}
		url := controlAPIOf(t, report.Receiver, report.Day, report, "defender_storage")
		for format, want := range map[string]string{"text": report.Text(), "markdown": report.Markdown()} {
			output, status := run(t, "report", "--day", "2026-11-21", "--url", url, "--output", format)
			assert.Equal(t, c.status, status, name)
			assert.Equal(t, want, output, name)
		}
		output, status := run(t, "report", "--day", "2026-11-21", "--url", url, "--output", "json")
		assert.Equal(t, c.status, status, name)
		var back proof.ExportReport
		require.NoError(t, json.Unmarshal([]byte(output), &back))
		assert.Equal(t, report, &back, name)
	}
	newer := &proof.ExportReport{Version: proof.Version, Kind: "another_kind", Receiver: "x", Day: "2026-11-21"}
	_, status := run(t, "report", "--day", "2026-11-21", "--url", controlAPIOf(t, "x", newer.Day, newer, "x"))
	assert.Equal(t, exitFailed, status)
}

func TestReportOfOneOfSeveralReceivers(t *testing.T) {
	report := dayReport(func(r *proof.Report) { r.Receiver = "defender/emea" })
	url := controlAPI(t, report, "defender/emea", "defender/us")
	_, status := run(t, "report", "--day", "2026-11-21", "--url", url)
	assert.Equal(t, exitFailed, status)
	output, status := run(t, "report", "--day", "2026-11-21", "--url", url, "--receiver", "defender/emea")
	assert.Zero(t, status)
	assert.Equal(t, report.Text(), output)
}

func TestReportThatCannotBeMade(t *testing.T) {
	old := controlAPI(t, dayReport(func(r *proof.Report) { r.Version = 2 }), "defender")
	for _, args := range [][]string{
		{"report"},
		{"report", "--day", "yesterday"},
		{"report", "--day", "2026-11-21", "--output", "pdf"},
		{"report", "--day", "2026-11-21", "--url", "http://127.0.0.1:1"},
		{"report", "--day", "2026-11-22", "--url", old},
		{"report", "--day", "2026-11-21", "--url", old},
		{"report", "--day", "2026-11-21", "--config", filepath.Join(t.TempDir(), "none.yaml")},
	} {
		output, status := run(t, args...)
		assert.Equal(t, exitFailed, status, args)
		assert.Empty(t, output, args)
	}
}

// A collector that is stopped has its journal in its storage. One that has never run has none.
func TestReportOfAStoppedCollector(t *testing.T) {
	directory := t.TempDir()
	over := filepath.Join(t.TempDir(), "storage.yaml")
	require.NoError(t, os.WriteFile(over, []byte("extensions: {file_storage: {directory: "+directory+"}}"), 0o600))
	output, status := run(t, "report", "--day", "2026-11-21", "--config", configFile(t, good), "--config", over)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, output, "defender: report of 2026-11-21")
	assert.Contains(t, output, "DeviceRegistryEvents: the whole day. It was never audited.")
	assert.NotContains(t, output, "DeviceInfo", "directories are not audited")
	assert.Contains(t, output, "Journal: no complete audit was written yet.\nNot all of the day is known.\n")

	for _, overlay := range []string{
		"receivers: {defender/other: {}}", "receivers: {defender: {storage: file_storage/none}}", "receivers: {defender: {settle: {a: b}}}",
	} {
		require.NoError(t, os.WriteFile(over, []byte(overlay), 0o600))
		_, status = run(t, "report", "--day", "2026-11-21", "--config", configFile(t, good), "--config", over)
		assert.Equal(t, exitFailed, status, overlay)
	}
}

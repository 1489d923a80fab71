package defendercontrolextension

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// fakeLessor is a storage that knows which worker runs which receiver.
type fakeLessor struct {
	component.StartFunc
	component.ShutdownFunc
	leases []control.Lease
}

func (f fakeLessor) Leases() []control.Lease { return f.leases }

// reporting is a receiver with a report as receivers make it.
type reporting struct{ fakeTester }

func (reporting) Report(context.Context, time.Time) (control.Result, error) {
	return &proof.Report{Receiver: "defender"}, nil
}

func TestWorkers(t *testing.T) {
	since := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	storage := fakeLessor{leases: []control.Lease{
		{Receiver: "defender", Worker: "worker-1", Here: true, Epoch: 3, Since: since},
		{Receiver: "defender/b", Worker: "worker-<2>", Epoch: 4, Since: since},
		{Receiver: "defender/c"},
	}}
	s := serve(t, nil, map[component.ID]component.Component{component.MustNewID("postgres_storage"): storage}, reporting{fakeTester{newFake(time.Now())}})

	var status control.Status
	require.NoError(t, json.Unmarshal([]byte(s.ask(http.MethodGet, "/api/v1/status", "").body), &status))
	require.Len(t, status.Receivers, 3)
	assert.Equal(t, &control.Lease{Worker: "worker-1", Here: true, Epoch: 3, Since: since}, status.Receivers[0].Lease)
	assert.Equal(t, control.Running, status.Receivers[0].State)
	assert.Equal(t, []any{"defender/b", control.Standby, "worker-<2>"}, []any{status.Receivers[1].ID, status.Receivers[1].State, status.Receivers[1].Lease.Worker})
	assert.Empty(t, status.Receivers[1].Tables)
	assert.Equal(t, control.Standby, status.Receivers[2].State)

	page := s.ask(http.MethodGet, "/", "").body
	assert.Contains(t, page, "It runs on this worker, worker-1, since 2026-11-21 09:00:00 UTC (term 3).")
	assert.Contains(t, page, "It runs on worker worker-&lt;2&gt; since")
	assert.Contains(t, page, "No worker runs it at this moment.")
	assert.Contains(t, page, "On another worker")
	assert.Contains(t, page, "sign-standby")

	for path, want := range map[string]string{
		"/api/v1/receivers/defender/b/resume": "worker worker-<2> runs defender/b: ask its status page",
		"/api/v1/receivers/defender/b/turns":  "worker worker-<2> runs defender/b",
		"/api/v1/receivers/defender/c/resume": "no worker runs defender/c",
	} {
		got := s.ask(http.MethodPost, path, "", "X-Defender-Control: 1")
		assert.Equal(t, http.StatusConflict, got.status, path)
		var answer struct{ Error string }
		require.NoError(t, json.Unmarshal([]byte(got.body), &answer), path)
		assert.Contains(t, answer.Error, want, path)
	}
	assert.Equal(t, http.StatusNotFound, s.ask(http.MethodPost, "/api/v1/receivers/defender/x/resume", "", "X-Defender-Control: 1").status)

	var report proof.Report
	require.NoError(t, json.Unmarshal([]byte(s.ask(http.MethodGet, "/api/v1/receivers/defender/report?day=2026-11-21", "").body), &report))
	assert.Equal(t, "worker-1", report.Worker)
	assert.Contains(t, s.ask(http.MethodGet, "/report?receiver=defender&day=2026-11-21", "").body, ", on worker worker-1.")
	assert.Equal(t, http.StatusConflict, s.ask(http.MethodGet, "/api/v1/receivers/defender/b/report?day=2026-11-21", "").status)
}

package alertresolverconnector

import (
	"context"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// object is a JSON object.
type object = map[string]any

// alertID has what alert ids have.
const alertID = "da637551227677560813_-961444813"

// stage is the emulator, and what outlives a resolver.
type stage struct {
	*testbed.Stage
	t *testing.T
}

func newStage(t *testing.T) *stage {
	t.Helper()
	return &stage{testbed.NewStage(t, defendersim.Options{Roles: []string{defendersim.RoleAlertsWrite}}), t}
}

// raise puts a version of an alert into the tenant.
func (s *stage) raise(id string, changes object) {
	s.t.Helper()
	body := object{
		"id": id, "status": "new", "assignedTo": nil, "classification": nil, "determination": "unknown", "comments": []any{},
		"createdDateTime": testbed.Epoch.Format(time.RFC3339), "lastUpdateDateTime": s.Clock.Now().Format(time.RFC3339Nano),
	}
	maps.Copy(body, changes)
	require.NoError(s.t, s.Sim.PutAlert(body, s.Clock.Now()))
	s.Clock.Advance(time.Second)
}

// alert is what the tenant has now.
func (s *stage) alert(id string) object {
	s.t.Helper()
	var last object
	for _, v := range s.Sim.Alerts() {
		if v.ID == id {
			last = v.Body
		}
	}
	return last
}

func (s *stage) writes(method string) int64 { return s.Sim.Report().Written("alerts_v2", method) }

// config is that of a resolver of the emulator's tenant.
func (s *stage) config(mode Mode) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Mode = mode
	cfg.ClientConfig.Endpoint = s.Sim.URL()
	cfg.ClientConfig.TLS.CAFile = filepath.Clean(s.Sim.CAFile())
	cfg.Credentials.TenantID = defendersim.DefaultTenantID
	cfg.Credentials.ClientID = defendersim.DefaultClientID
	cfg.Credentials.ClientSecret = configopaque.String(defendersim.DefaultClientSecret)
	cfg.Credentials.Authority = s.Sim.URL()
	id := testbed.StorageID
	cfg.StorageID = &id
	require.NoError(s.t, cfg.Validate())
	return cfg
}

// byHand is a resolver whose passes a test does.
type byHand struct {
	*passes
	stage *stage
	waits []time.Duration
	// answer stands between the resolver and the tenant; nil: the request goes on.
	answer func(*http.Request) (*http.Response, error)
}

// open opens a resolver on the stage's storage as it is.
func (s *stage) open(cfg *Config, storage *collector.Storage) *byHand {
	s.t.Helper()
	r, err := newResolver(connectortest.NewNopSettings(component.MustNewType("alert_resolver")), cfg, s.Sink, s.Clock.Now)
	require.NoError(s.t, err)
	host := collector.Extensions{testbed.StorageID: storage}
	if cfg.StorageID != nil {
		stopped, err := r.store.open(s.t.Context(), host, *cfg.StorageID, r.set.ID)
		require.NoError(s.t, err)
		r.switched.set(stopped)
	}
	client, idle, err := r.connect(s.t.Context(), host)
	require.NoError(s.t, err)
	s.t.Cleanup(idle)
	h := &byHand{stage: s}
	h.passes = &passes{resolver: r, client: client, pause: func(_ context.Context, wait time.Duration) bool {
		h.waits = append(h.waits, wait)
		s.Clock.Advance(wait)
		return true
	}}
	next := client.HTTP.Transport
	client.HTTP.Transport = between(func(req *http.Request) (*http.Response, error) {
		if h.answer != nil {
			if resp, err := h.answer(req); resp != nil || err != nil {
				return resp, err
			}
		}
		return next.RoundTrip(req)
	})
	return h
}

type between func(*http.Request) (*http.Response, error)

func (b between) RoundTrip(req *http.Request) (*http.Response, error) { return b(req) }

// refuse is an answer of the service.
func refuse(status int, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"error":{"code":"c","message":"m"}}`))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// tell gives the resolver what detection_rate says of an execution.
func (h *byHand) tell(logs plog.Logs) {
	h.stage.t.Helper()
	require.NoError(h.stage.t, h.ConsumeLogs(h.stage.t.Context(), logs))
}

func (h *byHand) once() {
	h.stage.t.Helper()
	h.pass(h.stage.t.Context())
}

// receipts are the bodies of the receipts that were handed on.
func (s *stage) receipts() []object {
	var all []object
	for _, r := range s.Sink.Records() {
		if r.Log.EventName() == logrecord.EventResolution {
			all = append(all, r.Body())
		}
	}
	return all
}

// results are the results of all receipts by alert, in the order of their coming.
func (s *stage) results() map[string][]string {
	all := map[string][]string{}
	for _, r := range s.receipts() {
		id := r["alert_id"].(string)
		all[id] = append(all[id], r["mode"].(string)+" "+r["result"].(string))
	}
	return all
}

// correlation is a record of detection_rate.
func correlation(t *testing.T, body object) plog.Logs {
	t.Helper()
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetEventName(logrecord.EventCorrelation)
	require.NoError(t, record.Body().FromRaw(body))
	return logs
}

// evidenceOf is what detection_rate says of an execution with alerts by evidence.
func evidenceOf(t *testing.T, execution string, revision int, ids ...string) plog.Logs {
	t.Helper()
	alerts, all := []any{}, []any{}
	for _, id := range ids {
		all = append(all, id)
		alerts = append(alerts, object{"id": id, "tier": "evidence", "attribution": "stage"})
	}
	return correlation(t, object{
		"execution_id": execution, "test_id": "t1", "tier": "evidence", "attribution": "stage", "alert_ids": all, "alerts": alerts, "revision": int64(revision),
	})
}

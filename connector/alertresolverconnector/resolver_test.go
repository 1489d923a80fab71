package alertresolverconnector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// Enabled, each alert is resolved once, with a comment behind the change, and a receipt.
func TestEnabled(t *testing.T) {
	s := newStage(t)
	s.raise(alertID, nil)
	h := s.open(s.config(ModeEnabled), s.Storage)
	for range 3 {
		h.tell(evidenceOf(t, "e1", 1, alertID))
		h.once()
	}
	a := s.alert(alertID)
	assert.Equal(t, []any{"resolved", "informationalExpectedActivity", "securityTesting"}, []any{a["status"], a["classification"], a["determination"]})
	comments := a["comments"].([]any)
	require.Len(t, comments, 1)
	assert.Equal(t, "Resolved automatically by otelcol-defender: this alert was raised by the execution e1 of a security test, test t1.", comments[0].(object)["comment"])
	assert.Equal(t, []int64{1, 1}, []int64{s.writes(http.MethodPatch), s.writes(http.MethodPost)})
	receipts := s.receipts()
	require.Len(t, receipts, 1)
	delete(receipts[0], "decided_at")
	assert.Equal(t, object{
		"alert_id": alertID, "execution_id": "e1", "test_id": "t1", "mode": "enabled", "result": "resolved", "status_before": "new", "reason": "", "error": "",
	}, receipts[0])

	// Another process does not do it again, nor hands on the receipt again.
	again := s.open(s.config(ModeEnabled), s.Storage.Snapshot())
	again.tell(evidenceOf(t, "e1", 1, alertID))
	again.once()
	assert.Equal(t, int64(1), s.writes(http.MethodPatch))
	assert.Len(t, s.receipts(), 1)
}

// A dry run writes nothing, and says what enabled would do. Enabled then does it, also to the alerts of before.
func TestDryRun(t *testing.T) {
	s := newStage(t)
	for _, id := range []string{"a1", "a2"} {
		s.raise(id, nil)
	}
	s.raise("taken", object{"status": "inProgress"})
	dry := s.open(s.config(ModeDryRun), s.Storage)
	dry.tell(evidenceOf(t, "e1", 1, "a1", "a2", "taken", "gone"))
	dry.once()
	dry.once()
	assert.Zero(t, s.writes(""))
	assert.Equal(t, map[string][]string{
		"a1": {"dry_run would_resolve"}, "a2": {"dry_run would_resolve"}, "taken": {"dry_run left_alone"}, "gone": {"dry_run not_found"},
	}, s.results())

	enabled := s.open(s.config(ModeEnabled), s.Storage.Snapshot())
	enabled.once()
	assert.Equal(t, int64(2), s.writes(http.MethodPatch))
	assert.Equal(t, map[string][]string{
		"a1": {"dry_run would_resolve", "enabled resolved"}, "a2": {"dry_run would_resolve", "enabled resolved"},
		"taken": {"dry_run left_alone", "enabled left_alone"}, "gone": {"dry_run not_found", "enabled not_found"},
	}, s.results())
	assert.Equal(t, "inProgress", s.alert("taken")["status"])

	// What enabled has decided is not asked again.
	before := s.Sim.Report().Count("", "")
	s.open(s.config(ModeDryRun), s.Storage.Snapshot())
	assert.Equal(t, before, s.Sim.Report().Count("", ""))
}

// What somebody has touched between correlation and write stays as it is.
func TestTouchedAlertsAreLeftAlone(t *testing.T) {
	s := newStage(t)
	touched := map[string]object{
		"in progress": {"status": "inProgress"}, "resolved": {"status": "resolved"}, "unknown": {"status": "unknownFutureValue"},
		"assigned": {"assignedTo": "analyst@acme.com"}, "classified": {"classification": "truePositive"}, "determined": {"determination": "malware"},
		"commented": {"comments": []any{object{"comment": "I look at it"}}}, "of the future": {"status": "paused"},
		"resolved by another in our words": {"status": "resolved", "classification": "informationalExpectedActivity", "determination": "securityTesting"},
	}
	h := s.open(s.config(ModeEnabled), s.Storage)
	for id := range touched {
		s.raise(id, nil)
		h.tell(evidenceOf(t, "e "+id, 1, id))
	}
	for id, changes := range touched {
		s.raise(id, changes)
	}
	h.once()
	assert.Zero(t, s.writes(""))
	for id := range touched {
		assert.Equal(t, []string{"enabled left_alone"}, s.results()[id], id)
	}
	for _, r := range s.receipts() {
		assert.NotEmpty(t, r["reason"])
	}
}

// Only alerts by evidence of the right attribution are resolved.
func TestWhatIsTaken(t *testing.T) {
	mixed := object{"execution_id": "e1", "tier": "evidence", "attribution": "stage", "revision": int64(1), "alert_ids": []any{"a1", "a2", "a3", "a4"}, "alerts": []any{
		object{"id": "a1", "tier": "evidence", "attribution": "stage"},
		object{"id": "a2", "tier": "evidence", "attribution": "bundle"},
		object{"id": "a3", "tier": "technique_host", "attribution": ""},
		object{"id": "a4", "tier": "technique", "attribution": "stage"},
		object{"tier": "evidence", "attribution": "stage"},
	}}
	whole := func(tier, attribution string) object {
		return object{"execution_id": "e1", "tier": tier, "attribution": attribution, "alert_ids": []any{"a1"}}
	}
	for name, c := range map[string]struct {
		body         object
		attributions []Attribution
		want         int64
	}{
		"a list":              {mixed, []Attribution{AttributionStage}, 1},
		"a list, bundles too": {mixed, []Attribution{AttributionStage, AttributionBundle}, 2},
		"without a list":      {whole("evidence", "stage"), []Attribution{AttributionStage}, 1},
		"by a bundle":         {whole("evidence", "bundle"), []Attribution{AttributionStage}, 0},
		"by technique":        {whole("technique_host", "stage"), []Attribution{AttributionStage}, 0},
		"no execution":        {object{"tier": "evidence", "attribution": "stage", "alert_ids": []any{"a1"}}, []Attribution{AttributionStage}, 0},
		"no list at all":      {object{"execution_id": "e1", "tier": "evidence", "attribution": "stage", "alert_ids": "a1"}, []Attribution{AttributionStage}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			for _, id := range []string{"a1", "a2", "a3", "a4"} {
				s.raise(id, nil)
			}
			cfg := s.config(ModeEnabled)
			cfg.Attributions = c.attributions
			h := s.open(cfg, s.Storage)
			h.tell(correlation(t, c.body))
			other := correlation(t, c.body)
			other.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetEventName("another")
			h.tell(other)
			h.once()
			assert.Equal(t, c.want, s.writes(http.MethodPatch))
		})
	}
}

// A correction that withdraws the evidence withdraws the task, unless it is older.
func TestCorrections(t *testing.T) {
	s := newStage(t)
	for _, id := range []string{"a1", "a2", "a3"} {
		s.raise(id, nil)
	}
	h := s.open(s.config(ModeEnabled), s.Storage)
	h.tell(evidenceOf(t, "e1", 2, "a1", "a2"))
	h.tell(evidenceOf(t, "e1", 1, "a3"))
	h.tell(evidenceOf(t, "e2", 1, "a2"))
	h.tell(evidenceOf(t, "e1", 3))
	h.once()
	assert.Equal(t, map[string][]string{"a2": {"enabled resolved"}}, s.results())
	assert.Equal(t, "e2", s.receipts()[0]["execution_id"])
	h.tell(evidenceOf(t, "e1", 2, "a1", "a2"))
	h.once()
	assert.Equal(t, int64(1), s.writes(http.MethodPatch), "what was withdrawn does not come back by an older record")
	h.tell(evidenceOf(t, "e1", 4, "a1"))
	h.once()
	assert.Equal(t, int64(2), s.writes(http.MethodPatch))
}

// A pass has a limit of alerts, and goes on with the next ones. Those that fail do not hold up the others.
func TestLimits(t *testing.T) {
	s := newStage(t)
	cfg := s.config(ModeEnabled)
	cfg.Limits.Alerts = 3
	h := s.open(cfg, s.Storage)
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprint("a", i))
		s.raise(ids[i], nil)
	}
	h.tell(evidenceOf(t, "e1", 1, ids...))
	h.answer = func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/a0") || strings.HasSuffix(r.URL.Path, "/a1") || strings.HasSuffix(r.URL.Path, "/a2") {
			return refuse(http.StatusInternalServerError), nil
		}
		return nil, nil
	}
	for pass := range 4 {
		h.once()
		assert.Equal(t, int64(min(3*pass, 7)), s.writes(http.MethodPatch), pass)
	}
	h.answer = nil
	h.once()
	assert.Equal(t, int64(10), s.writes(http.MethodPatch))

	// A pass that takes too long ends.
	s.raise("b1", nil)
	s.raise("b2", nil)
	h.tell(evidenceOf(t, "e2", 1, "b1", "b2"))
	h.answer = func(*http.Request) (*http.Response, error) {
		s.Clock.Advance(time.Minute)
		return nil, nil
	}
	h.once()
	assert.Equal(t, int64(11), s.writes(http.MethodPatch))
}

// 403 ends the pass, and nothing is decided: the next pass goes on when the permission is there.
func TestForbidden(t *testing.T) {
	s := newStage(t)
	s.Sim.SetRoles(defendersim.RoleAlerts)
	s.raise("a1", nil)
	s.raise("a2", nil)
	h := s.open(s.config(ModeEnabled), s.Storage)
	h.tell(evidenceOf(t, "e1", 1, "a1", "a2"))
	h.once()
	assert.Equal(t, int64(1), s.writes(http.MethodPatch), "the second alert is not tried")
	assert.Empty(t, s.receipts())
	assert.Contains(t, h.Status().LastError, "lacks SecurityAlert.ReadWrite.All")
	assert.Equal(t, 2, h.Status().Pending)

	s.Sim.SetRoles(defendersim.RoleAlertsWrite)
	s.Sim.RevokeTokens()
	h.once()
	assert.Len(t, s.receipts(), 2)
	assert.Empty(t, h.Status().LastError)
}

// 429 waits as it is told, three times in a pass at most, and not longer than a pass may take.
func TestThrottled(t *testing.T) {
	s := newStage(t)
	s.raise("a1", nil)
	h := s.open(s.config(ModeEnabled), s.Storage)
	h.tell(evidenceOf(t, "e1", 1, "a1"))
	refusals := map[string]int{http.MethodGet: 1, http.MethodPatch: 1, http.MethodPost: 1}
	h.answer = func(r *http.Request) (*http.Response, error) {
		if refusals[r.Method] > 0 {
			refusals[r.Method]--
			return refuse(http.StatusTooManyRequests, "Retry-After", "1"), nil
		}
		return nil, nil
	}
	h.once()
	assert.Equal(t, []time.Duration{time.Second, time.Second, time.Second}, h.waits)
	assert.Equal(t, map[string][]string{"a1": {"enabled resolved"}}, s.results())
	assert.Equal(t, []int64{1, 1}, []int64{s.writes(http.MethodPatch), s.writes(http.MethodPost)})

	s.raise("a2", nil)
	h.tell(evidenceOf(t, "e2", 1, "a2"))
	asked := 0
	h.answer = func(*http.Request) (*http.Response, error) {
		asked++
		return refuse(http.StatusTooManyRequests, "Retry-After", "3600"), nil
	}
	h.once()
	assert.Equal(t, 1, asked)
	assert.Len(t, h.waits, 3, "it does not wait for longer than a pass may take")
	assert.Equal(t, s.Clock.Now().Add(time.Hour).Unix(), h.notBefore.Unix())
	assert.Len(t, s.receipts(), 1)
}

// A process that is killed anywhere between the decision and the receipt: the alert is resolved once, and has one comment.
func TestKilledBetweenWriteAndReceipt(t *testing.T) {
	for name, dies := range map[string]func(s *stage, r *http.Request) bool{
		"before the change":  func(_ *stage, r *http.Request) bool { return r.Method == http.MethodPatch },
		"before the comment": func(_ *stage, r *http.Request) bool { return r.Method == http.MethodPost },
	} {
		s := newStage(t)
		s.raise("a1", nil)
		h := s.open(s.config(ModeEnabled), s.Storage)
		h.tell(evidenceOf(t, "e1", 1, "a1"))
		var killed *collector.Storage
		h.answer = func(r *http.Request) (*http.Response, error) {
			if killed == nil && dies(s, r) {
				killed = s.Storage.Snapshot()
			}
			if killed != nil {
				return nil, errors.New("killed")
			}
			return nil, nil
		}
		h.once()
		again := s.open(s.config(ModeEnabled), killed)
		again.once()
		assert.Equal(t, int64(1), s.writes(http.MethodPatch), name)
		assert.Len(t, s.alert("a1")["comments"], 1, name)
		assert.Equal(t, "resolved", s.alert("a1")["status"])
	}

	// It dies after the comment, before the receipt is stored.
	commented := newStage(t)
	commented.raise("a1", nil)
	first := commented.open(commented.config(ModeEnabled), commented.Storage)
	first.tell(evidenceOf(t, "e1", 1, "a1"))
	var left *collector.Storage
	first.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			left = commented.Storage.Snapshot()
		}
		return nil, nil
	}
	first.once()
	commented.open(commented.config(ModeEnabled), left).once()
	assert.Equal(t, []int64{1, 1}, []int64{commented.writes(http.MethodPatch), commented.writes(http.MethodPost)})

	// The answers to the change and to the comment get lost.
	for _, method := range []string{http.MethodPatch, http.MethodPost} {
		s := newStage(t)
		s.raise("a1", nil)
		h := s.open(s.config(ModeEnabled), s.Storage)
		h.tell(evidenceOf(t, "e1", 1, "a1"))
		next := h.client.HTTP.Transport
		h.client.HTTP.Transport = between(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if r.Method == method && err == nil {
				resp.Body.Close()
				return nil, errors.New("cut off")
			}
			return resp, err
		})
		h.once()
		h.client.HTTP.Transport = next
		h.once()
		assert.Equal(t, []string{"enabled resolved"}, s.results()["a1"], method)
		assert.Equal(t, int64(1), s.writes(http.MethodPatch), method)
	}
}

// A user stops everything, also over a restart, and between reading and writing.
func TestStopped(t *testing.T) {
	s := newStage(t)
	s.raise("a1", nil)
	h := s.open(s.config(ModeEnabled), s.Storage)
	h.tell(evidenceOf(t, "e1", 1, "a1"))
	h.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			require.NoError(t, h.Stop(t.Context()))
		}
		return nil, nil
	}
	h.once()
	assert.Zero(t, s.writes(""))
	assert.Equal(t, control.ResolverStatus{ID: h.set.ID.String(), Mode: "enabled", Stopped: true, Pending: 1, LastPass: h.Status().LastPass}, h.Status())

	again := s.open(s.config(ModeEnabled), s.Storage.Snapshot())
	calls := s.Sim.Report().Count("", "")
	again.once()
	assert.Equal(t, calls, s.Sim.Report().Count("", ""), "not even read")
	assert.False(t, again.hasWork())
	require.NoError(t, again.Resume(t.Context()))
	again.once()
	assert.Equal(t, int64(1), s.writes(http.MethodPatch))

	cfg := s.config(ModeEnabled)
	cfg.StorageID = nil
	require.ErrorIs(t, s.open(cfg, s.Storage).Stop(t.Context()), control.ErrNotKept)
	s.Storage.Fail(errors.New("the disk is full"))
	require.ErrorIs(t, h.Stop(t.Context()), control.ErrNotKept)
	assert.True(t, h.Status().Stopped, "it is in effect all the same")
}

// Nothing is written to the tenant that cannot be stored before. Tasks that cannot be stored are refused.
func TestStorageFails(t *testing.T) {
	s := newStage(t)
	s.raise("a1", nil)
	h := s.open(s.config(ModeEnabled), s.Storage)
	s.Storage.Fail(errors.New("the disk is full"))
	require.ErrorContains(t, h.ConsumeLogs(t.Context(), evidenceOf(t, "e1", 1, "a1")), "the disk is full")
	h.once()
	assert.Zero(t, s.writes(""))
	s.Storage.Fail(nil)
	h.once()
	assert.Equal(t, int64(1), s.writes(http.MethodPatch))
}

// Receipts that the pipeline refuses are handed on again.
func TestReceiptsAreRefused(t *testing.T) {
	s := newStage(t)
	s.raise("a1", nil)
	s.Sink.Refuse(func(plog.Logs) error { return errors.New("not now") })
	h := s.open(s.config(ModeEnabled), s.Storage)
	h.tell(evidenceOf(t, "e1", 1, "a1"))
	h.once()
	assert.Empty(t, s.receipts())
	assert.True(t, h.hasWork())
	s.Sink.Refuse(nil)
	again := s.open(s.config(ModeEnabled), s.Storage.Snapshot())
	again.once()
	assert.Len(t, s.receipts(), 1)
	assert.False(t, again.hasWork())
}

// The comment is best effort: an alert without it is resolved, and its receipt says so.
func TestCommentFails(t *testing.T) {
	s := newStage(t)
	s.raise("a1", nil)
	h := s.open(s.config(ModeEnabled), s.Storage)
	h.tell(evidenceOf(t, "e1", 1, "a1"))
	h.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			return refuse(http.StatusBadRequest), nil
		}
		return nil, nil
	}
	h.once()
	require.Len(t, s.receipts(), 1)
	assert.Equal(t, "the comment is missing: status 400 c: m", s.receipts()[0]["error"])
}

// Disabled, which is the default, nothing is made that could send a request.
func TestDisabled(t *testing.T) {
	s := newStage(t)
	cfg := createDefaultConfig().(*Config)
	cfg.ClientConfig.Endpoint = s.Sim.URL()
	c, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(component.MustNewType("alert_resolver")), cfg, s.Sink)
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	require.NoError(t, c.Start(t.Context(), collector.Extensions{}))
	require.NoError(t, c.ConsumeLogs(t.Context(), evidenceOf(t, "e1", 1, "a1")))
	require.NoError(t, c.Shutdown(t.Context()))
	assert.Zero(t, s.Sim.Report().Count("", ""))
}

// registrar is a control extension.
type registrar struct {
	component.StartFunc
	component.ShutdownFunc
	resolvers []control.Resolver
}

func (r *registrar) RegisterResolver(one control.Resolver) func() {
	r.resolvers = append(r.resolvers, one)
	return func() { r.resolvers = nil }
}

// The whole connector, as the Collector runs it.
func TestAsTheCollectorRunsIt(t *testing.T) {
	s := newStage(t)
	s.raise("a1", nil)
	shown := new(registrar)
	host := s.Host().With(component.MustNewID("control"), shown)
	c, err := newResolver(connectortest.NewNopSettings(component.MustNewType("alert_resolver")), s.config(ModeEnabled), s.Sink, s.Clock.Now)
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), host))
	require.Len(t, shown.resolvers, 1)
	require.NoError(t, c.ConsumeLogs(t.Context(), evidenceOf(t, "e1", 1, "a1")))
	require.Eventually(t, func() bool { return len(s.receipts()) == 1 }, testbed.Wait, time.Millisecond)
	assert.Equal(t, map[string]int64{"resolved": 1}, shown.resolvers[0].Status().Decisions)
	require.NoError(t, c.Shutdown(context.Background()))
	assert.Empty(t, shown.resolvers)
}

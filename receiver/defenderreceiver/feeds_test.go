package defenderreceiver

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

const alertsFeed = "alerts_v2"

// feedConfig reads alerts_v2 all the time, and no table.
func (s *stage) feedConfig() *Config {
	cfg := s.config()
	feed := &cfg.Feeds.AlertsV2
	feed.Enabled, feed.PollInterval, feed.Page.MaxItems = true, 5*time.Millisecond, 50
	feed.Audit.Interval = 0
	cfg.Feeds.requestsPerMinute = 1_000_000 // so that tests need not wait
	return cfg
}

// putAlert adds a version of an alert that was last updated at a time and can be read from another time on.
func (s *stage) putAlert(id string, updated, visible time.Time, more ...any) {
	s.t.Helper()
	body := map[string]any{
		"id": id, "createdDateTime": epoch.Add(-time.Hour).Format(time.RFC3339), "lastUpdateDateTime": updated.Format(time.RFC3339Nano),
		"severity": "high", "status": "new", "incidentId": "17",
	}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	require.NoError(s.t, s.Sim.PutAlert(body, visible))
}

// versions are the delivered ones, each with how often it came.
func (s *stage) versions() map[string]int {
	versions := map[string]int{}
	for _, r := range s.Sink.Records() {
		versions[text(r.Log.Body().Map(), "id")+" "+text(r.Log.Body().Map(), "lastUpdateDateTime")]++
	}
	return versions
}

// finals are the newest versions of all alerts that can be read.
func (s *stage) finals() []string {
	newest := map[string]defendersim.SecurityVersion{}
	for _, v := range s.Sim.Alerts() {
		if !v.Visible.After(s.Clock.Now()) && v.Updated >= newest[v.ID].Updated {
			newest[v.ID] = v
		}
	}
	var all []string
	for id, v := range newest {
		all = append(all, id+" "+v.Updated.String())
	}
	slices.Sort(all)
	return all
}

// allFinal waits until the final version of each alert was delivered.
func (s *stage) allFinal() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return len(s.lacking()) == 0 }, wait, 10*time.Millisecond, "%v", s.lacking())
}

func (s *stage) lacking() []string {
	got := s.versions()
	return slices.DeleteFunc(s.finals(), func(v string) bool { return got[v] > 0 })
}

// once asserts that no version was delivered twice.
func (s *stage) once() {
	s.t.Helper()
	for version, times := range s.versions() {
		assert.Equal(s.t, 1, times, version)
	}
}

func TestFeedDeliversEachVersion(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for i := range 300 { // more of one instant than a page holds, and times that are printed rounded up
		s.putAlert(fmt.Sprintf("tie%d", i), epoch.Add(-30*time.Minute).Add(607*time.Millisecond), epoch)
	}
	s.putAlert("da1", epoch.Add(-10*time.Minute), epoch, "evidence", []any{map[string]any{
		"@odata.type": "#microsoft.graph.security.processEvidence", "processId": 9007199254740993, "roles@odata.type": "#Collection(x)",
		"imageFile": nil, "extra": map[string]any{},
	}}, "customDetails", map[string]any{}, "assignedTo", nil)
	s.putAlert("old", epoch.Add(-25*time.Hour), epoch)
	cfg := s.feedConfig()
	stop := s.start(cfg)
	s.allButOld(301)

	var record plog.LogRecord
	for _, r := range s.Sink.Records() {
		if text(r.Log.Body().Map(), "id") == "da1" {
			record = r.Log
		}
	}
	assert.Equal(t, "microsoft.defender.alert_v2", record.EventName())
	assert.Equal(t, plog.SeverityNumberError, record.SeverityNumber())
	assert.Equal(t, "high", record.SeverityText())
	assert.Equal(t, epoch.Add(-10*time.Minute), record.Timestamp().AsTime())
	attributes := record.Attributes().AsRaw()
	assert.Equal(t, []any{"da1", "17", true}, []any{
		attributes[logrecord.AttributeAlertID], attributes[logrecord.AttributeIncidentID], attributes[logrecord.AttributeAlertNew],
	})
	body := record.Body().Map().AsRaw()
	assert.Equal(t, map[string]any{
		"@odata.type": "#microsoft.graph.security.processEvidence", "processId": int64(9007199254740993), "imageFile": nil, "extra": map[string]any{},
	}, body["evidence"].([]any)[0], "as it was sent")
	assert.Equal(t, map[string]any{}, body["customDetails"])
	assert.Contains(t, body, "assignedTo")

	s.putAlert("da1", s.Clock.Now().Add(time.Second), s.Clock.Now(), "status", "resolved")
	s.Clock.Advance(time.Minute)
	s.allButOld(302)
	last := s.Sink.Records()[301].Log
	isNew, _ := last.Attributes().Get(logrecord.AttributeAlertNew)
	assert.False(t, isNew.Bool())

	stop()
	s.putAlert("da2", s.Clock.Now(), s.Clock.Now())
	s.start(cfg)
	s.allButOld(303)
	s.polled(2)
	s.once()
	assert.Zero(t, s.Sim.Report().Count("/v1.0/security/runHuntingQuery", ""), "no hunting query is spent")
}

// allButOld waits for so many records.
func (s *stage) allButOld(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.Sink.Count() >= n }, wait, 10*time.Millisecond)
	assert.Equal(s.t, n, s.Sink.Count())
}

// polled waits for so many more pages.
func (s *stage) polled(n int64) { s.Polls(alertsFeed, n) }

func TestFeedReadsWhatComesLate(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.feedConfig()
	cfg.Feeds.AlertsV2.Audit.Interval = time.Second
	s.putAlert("early", epoch.Add(-time.Minute), epoch)
	s.putAlert("late", epoch.Add(-30*time.Minute), epoch.Add(time.Hour))
	s.putAlert("very late", epoch.Add(-20*time.Hour), epoch.Add(3*time.Hour))
	s.putAlert("grown", epoch.Add(-2*time.Minute), epoch, "evidence", []any{map[string]any{"a": 1}})
	s.start(cfg)
	s.allButOld(2)
	s.Clock.Advance(61 * time.Minute)
	s.putAlert("now", s.Clock.Now(), s.Clock.Now())
	s.allFinal()
	assert.Zero(t, s.audited("recovered"), "the overlap is what polls read")
	s.Clock.Advance(2 * time.Hour)
	s.putAlert("later", s.Clock.Now(), s.Clock.Now())
	s.allFinal()
	require.Eventually(t, func() bool { return s.audited("recovered") == 1 }, wait, 10*time.Millisecond)
	// The service gives more evidence without a new time.
	s.putAlert("grown", epoch.Add(-2*time.Minute), s.Clock.Now(), "evidence", []any{map[string]any{"a": 1}, map[string]any{"b": 2}})
	require.Eventually(t, func() bool { return s.audited("recovered") == 2 }, wait, 10*time.Millisecond)
	s.Clock.Advance(time.Second)
	require.Eventually(t, func() bool { return s.audited("matched") > 10 }, wait, 10*time.Millisecond)
	assert.Equal(t, 2, s.audited("recovered"))
}

func TestFeedWithoutAnOrder(t *testing.T) {
	for _, order := range []defendersim.SecurityOrder{defendersim.OrderIgnored, defendersim.OrderRefused} {
		s := newStage(t, defendersim.Options{})
		s.Sim.SetSecurityOrder(order)
		for i := range 230 {
			s.putAlert(fmt.Sprintf("da%d", i), epoch.Add(-time.Duration(i*7919%3600)*time.Second), epoch, "createdDateTime", epoch.Add(-time.Duration(i)*time.Second).Format(time.RFC3339))
		}
		s.start(s.feedConfig())
		s.allFinal()
		s.Clock.Advance(time.Minute)
		s.putAlert("da7", s.Clock.Now(), s.Clock.Now())
		s.allFinal()
		s.polled(10)
		s.once()
	}
}

// A window in which the service always fails is passed over and tried again; all around it comes.
func TestFeedPassesOverWhatCannotBeRead(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for i := range 200 {
		s.putAlert(fmt.Sprintf("da%d", i), epoch.Add(-time.Hour).Add(time.Duration(i)*10*time.Second), epoch)
	}
	broken := epoch.Add(-50 * time.Minute)
	s.Sim.BreakAlerts(broken, broken.Add(time.Minute))
	cfg := s.feedConfig()
	cfg.PauseAfterFailures = 20
	s.start(cfg)
	require.Eventually(t, func() bool { return len(s.lacking()) <= 6 }, wait, 10*time.Millisecond)
	unreadable := func() int { return s.receivers[0].lanes[0].health.View().Unreadable }
	require.Eventually(t, func() bool { return unreadable() > 0 }, wait, 10*time.Millisecond)
	for i := range 6 {
		assert.Contains(t, s.lacking(), fmt.Sprintf("da%d %s", 60+i, broken.Add(time.Duration(i)*10*time.Second).Format(time.RFC3339)))
	}
	s.Sim.BreakAlerts(time.Time{}, time.Time{})
	s.Clock.Advance(firstRetryOfFeeds)
	s.allFinal()
	require.Eventually(t, func() bool { return unreadable() == 0 }, wait, 10*time.Millisecond)
	s.once()
}

const firstRetryOfFeeds = 2 * time.Hour

// While all requests fail, nothing is passed over.
func TestFeedWaitsThroughAnOutage(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.putAlert("da1", epoch.Add(-time.Minute), epoch)
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1})
	s.start(s.feedConfig())
	failures := func() int { return s.receivers[0].lanes[0].health.View().Failures }
	require.Eventually(t, func() bool { return failures() > 5 }, wait, time.Millisecond)
	assert.Zero(t, s.receivers[0].lanes[0].health.View().Unreadable)
	s.Sim.SetFaults()
	s.allFinal()
}

func TestFeedThatIsNotWhole(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for i := range 20 {
		s.putAlert(fmt.Sprintf("da%d", i), epoch.Add(-time.Duration(i)*time.Minute), epoch)
	}
	s.Sim.FailNext(3, defendersim.Fault{Kind: defendersim.FaultPartial})
	s.start(s.feedConfig())
	s.allFinal()
	s.once()
	assert.GreaterOrEqual(t, s.Sim.Report().Count("/v1.0/security/alerts_v2", "fault 206"), int64(3))
}

func TestFeedWithoutPermission(t *testing.T) {
	s := newStage(t, defendersim.Options{Roles: []string{defendersim.RoleGraph, defendersim.RoleIncidents}})
	cfg := s.feedConfig()
	cfg.PauseAfterFailures = 1
	cfg.Feeds.Incidents.Enabled, cfg.Feeds.Incidents.PollInterval = true, 5*time.Millisecond
	table := cfg.Tables[logons]
	table.Enabled = true
	cfg.Tables[logons] = table
	s.Plant(0, 10, epoch.Add(-time.Minute))
	require.NoError(t, s.Sim.PutIncident(map[string]any{"id": "17", "lastUpdateDateTime": epoch.Format(time.RFC3339), "severity": "low"}, epoch))
	s.start(cfg)
	require.Eventually(t, func() bool { return s.pausedFor(alertsFeed) == "permission" }, wait, time.Millisecond)
	s.allButOld(11)
	assert.Empty(t, s.pausedFor("incidents")+s.pausedFor(logons))
	view := s.receivers[0].lanes
	i := slices.IndexFunc(view, func(l *lane) bool { return l.id == alertsFeed })
	assert.ErrorContains(t, view[i].health.View().Err, "SecurityAlert.Read.All")
	assert.ErrorContains(t, view[i].health.View().Err, "feeds::alerts_v2::enabled: false")
	for _, r := range s.Sink.Records() {
		if r.Log.EventName() == logrecord.EventIncident {
			incident, _ := r.Log.Attributes().Get(logrecord.AttributeIncidentID)
			assert.Equal(t, "17", incident.Str())
			assert.Equal(t, plog.SeverityNumberWarn, r.Log.SeverityNumber())
		}
	}
}

// A refused alert goes to the dead letters, and one that is refused for now is offered again.
func TestFeedThatIsRefused(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for i := range 30 {
		s.putAlert(fmt.Sprintf("da%d", i), epoch.Add(-time.Duration(i)*time.Minute), epoch)
	}
	s.Sink.Refuse(func(logs plog.Logs) error {
		for _, record := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			if text(record.Body().Map(), "id") == "da7" {
				return consumererror.NewPermanent(errors.New("this one never"))
			}
		}
		return nil
	})
	cfg := s.feedConfig()
	cfg.DeadLetter.Directory = t.TempDir()
	cfg.Feeds.AlertsV2.Audit.Interval = time.Second
	s.start(cfg)
	require.Eventually(t, func() bool { return s.rows(refused) == 1 && s.Sink.Count() == 29 }, wait, 10*time.Millisecond)
	require.Eventually(t, func() bool { return s.audited("refused") >= 1 }, wait, 10*time.Millisecond)
	s.polled(3)
	assert.Equal(t, 1, s.rows(refused), "it is not offered again")
}

// Whatever happens on the way, the final version of each alert is delivered, and in a clean run each version once.
func TestFeedHistories(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			h := newFeedHistory(t, seed, 300, seed%2 == 0)
			if seed%3 == 1 {
				h.Sim.SetSecurityOrder(defendersim.OrderIgnored)
			}
			h.run(12, 25)
			h.check()
		})
	}
}

// Ten thousand alerts with random updates, faults, restarts and kills.
func TestTenThousandAlerts(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("it takes too long under the race detector; `make test` runs it without")
	}
	h := newFeedHistory(t, 1, 10_000, false)
	h.cfg.Feeds.AlertsV2.Page.MaxItems = 200
	began := time.Now()
	h.run(40, 500)
	h.check()
	t.Logf("%d alerts in %d versions, %d records delivered, %d requests, %d restarts of which each forgot its last writes, in %s",
		len(h.finals()), len(h.Sim.Alerts()), h.Sink.Count(), h.Sim.Report().Count("/v1.0/security/alerts_v2", ""), h.restarts, time.Since(began).Round(time.Millisecond))
}

// feedHistory is a random course of events. A clean one has no faults, and its receivers end in order.
type feedHistory struct {
	*stage
	random   *rand.Rand
	alerts   int
	clean    bool
	cfg      *Config
	restarts int
}

func newFeedHistory(t *testing.T, seed uint64, alerts int, clean bool) *feedHistory {
	t.Helper()
	h := &feedHistory{stage: newStage(t, defendersim.Options{Seed: seed}), random: rand.New(rand.NewPCG(seed, 17)), alerts: alerts, clean: clean}
	h.cfg = h.feedConfig()
	h.cfg.Feeds.AlertsV2.Page.MaxItems = 1 + h.random.IntN(60)
	return h
}

// run lets time go by in steps, each with updates of random alerts.
func (h *feedHistory) run(steps, updates int) {
	h.t.Helper()
	stop := h.start(h.cfg)
	for range steps {
		h.Clock.Advance(time.Duration(h.random.IntN(600)) * time.Second)
		h.update(updates)
		if !h.clean {
			kind := []defendersim.FaultKind{
				defendersim.FaultServerError, defendersim.FaultTruncate, defendersim.FaultReset, defendersim.FaultDrop, defendersim.FaultPartial, defendersim.FaultUnauthorized,
			}[h.random.IntN(6)]
			h.Sim.FailNext(1+h.random.IntN(2), defendersim.Fault{Kind: kind})
		}
		if h.random.IntN(4) == 0 {
			before := h.Storage.Snapshot()
			stop()
			if !h.clean {
				h.Storage = before // the process was killed before the last writes
			}
			stop = h.start(h.cfg)
			h.restarts++
		}
		h.polled(2)
	}
	h.Sim.SetFaults()
	h.Clock.Advance(5 * time.Minute)
	h.allFinal()
	h.polled(2)
}

func (h *feedHistory) update(n int) {
	now := h.Clock.Now()
	for range n {
		updated := now.Add(-time.Duration(h.random.IntN(300)) * time.Second)
		h.putAlert(fmt.Sprintf("da%d", h.random.IntN(h.alerts)), updated, now.Add(time.Duration(h.random.IntN(120))*time.Second))
	}
}

func (h *feedHistory) check() {
	h.t.Helper()
	if h.clean {
		h.once()
	}
	uids := map[string]string{}
	for _, r := range h.Sink.Records() {
		version := text(r.Log.Body().Map(), "id") + " " + text(r.Log.Body().Map(), "lastUpdateDateTime")
		assert.Equal(h.t, r.UID, cmp.Or(uids[version], r.UID), "a version that comes again has the same id")
		uids[version] = r.UID
	}
}

func TestFeedSettings(t *testing.T) {
	for key, change := range map[string]func(*Config){
		"'feeds::alerts_v2' needs api: graph":         func(c *Config) { c.API = APILegacy; c.Feeds.AlertsV2.Enabled = true },
		"'feeds::alerts_v2::page::max_items' is 1001": func(c *Config) { c.Feeds.AlertsV2.Page.MaxItems = 1001 },
		"'feeds::incidents::page::max_items' is 51":   func(c *Config) { c.Feeds.Incidents.Page.MaxItems = 51 },
		"'feeds::alerts_v2::overlap' is 0s":           func(c *Config) { c.Feeds.AlertsV2.Overlap = 0 },
		"'feeds::alerts_v2::audit::window' is 1h, shorter than": func(c *Config) {
			c.Feeds.AlertsV2.Audit.Interval, c.Feeds.AlertsV2.Audit.Window = time.Hour, time.Hour
		},
		"'tables' names no table that is read": func(c *Config) { c.Feeds.AlertsV2.Enabled = false },
	} {
		s := newStage(t, defendersim.Options{})
		cfg := s.feedConfig()
		cfg.PollInterval, cfg.Feeds.AlertsV2.PollInterval = minPollInterval, minPollInterval
		require.NoError(t, cfg.Validate())
		change(cfg)
		assert.ErrorContains(t, cfg.Validate(), key)
	}
}

// Receivers of one app registration share a limit, the smaller one, and only while they run.
func TestFeedsShareALimit(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Credentials.TenantID, cfg.Credentials.ClientID = "tenant", t.Name()
	first, release := cfg.listLimit()
	other := *cfg
	other.Quota.Share = 0.1
	second, releaseOther := other.listLimit()
	assert.Same(t, first, second)
	assert.Less(t, float64(first.Limit())*60+float64(first.Burst()), 15.1, "a tenth of 150 requests a minute")
	release()
	release()
	again, releaseAgain := cfg.listLimit()
	assert.Same(t, second, again)
	releaseAgain()
	releaseOther()
	fresh, releaseFresh := cfg.listLimit()
	defer releaseFresh()
	assert.NotSame(t, second, fresh)
	assert.Greater(t, float64(fresh.Limit())*60, 60.0)
}

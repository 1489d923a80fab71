package defenderreceiver

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// controlConfig counts alerts by controls with a table.
func (s *stage) controlConfig(table string) *Config {
	s.t.Helper()
	cfg := s.scoreConfig()
	cfg.Feeds.AlertsV2 = s.feedConfig().Feeds.AlertsV2
	cfg.Feeds.AlertsV2.InitialLookback = 30 * 24 * time.Hour
	path := filepath.Join(s.t.TempDir(), "techniques.csv")
	require.NoError(s.t, os.WriteFile(path, []byte(table), 0o600))
	cfg.Feeds.SecureScores.ControlAlerts.TechniquesFile = path
	return cfg
}

// counts are the bodies of the records of alerts by control, by control and day, and how many there are.
func (s *stage) counts() (bodies map[string]map[string]any, records int) {
	bodies = map[string]map[string]any{}
	for _, r := range s.Sink.Records() {
		if r.Log.EventName() == logrecord.EventSecureScoreControlAlerts {
			body := r.Log.Body().Map().AsRaw()
			bodies[body["controlName"].(string)+" "+body["day"].(string)] = body
			records++
		}
	}
	return bodies, records
}

// Each day of Secure Score gives one record for each control that the table has techniques of, also over restarts.
func TestAlertsOfControls(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	require.NoError(t, s.Sim.PutScore(scoreOf(0, map[string]any{"controlName": "scid-1", "controlCategory": "Device", "score": 1.5}), epoch))
	require.NoError(t, s.Sim.PutProfile(map[string]any{"id": "scid-1", "title": "Block obfuscated scripts", "controlCategory": "Device", "maxScore": 9.0}))
	require.NoError(t, s.Sim.PutProfile(map[string]any{"id": "scid-2", "title": "Passwords"}))
	midnight := epoch.Truncate(24 * time.Hour)
	put := func(id string, created time.Time, techniques ...any) {
		s.putAlert(id, created.Add(time.Minute), epoch, "createdDateTime", created.Format(time.RFC3339), "mitreTechniques", techniques)
	}
	put("a", midnight.Add(-2*time.Hour), "T1059.001", "T1027")
	put("b", midnight.Add(-20*24*time.Hour), "T1059")
	put("today", midnight.Add(time.Hour), "T1059")
	put("other", midnight.Add(-time.Hour), "T10590")
	cfg := s.controlConfig("match,techniques\nscripts,T1059 T1027\n")
	stop := s.start(cfg)
	require.Eventually(t, func() bool { _, n := s.counts(); return n == 1 }, wait, time.Millisecond)
	today := midnight.Format(time.DateOnly)
	bodies, _ := s.counts()
	assert.Equal(t, map[string]any{
		"day": today, "from": midnight.Add(-30 * 24 * time.Hour).Format(time.RFC3339), "to": midnight.Format(time.RFC3339), "controlName": "scid-1",
		"title": "Block obfuscated scripts", "controlCategory": "Device", "state": "Default", "score": 1.5, "maxScore": 9.0,
		"techniques": []any{"T1059", "T1027"}, "alerts": int64(2), "alertsBySeverity": map[string]any{"high": int64(2)},
		"alertsByTechnique": map[string]any{"T1059": int64(1), "T1059.001": int64(1), "T1027": int64(1)},
	}, withoutFrom(t, bodies["scid-1 "+today], midnight.Add(-30*24*time.Hour)))
	s.Polls("secureScores", 2)
	stop()

	s.Clock.Advance(24 * time.Hour)
	require.NoError(t, s.Sim.PutScore(scoreOf(-1), epoch))
	stop = s.start(cfg)
	require.Eventually(t, func() bool { _, n := s.counts(); return n == 2 }, wait, time.Millisecond)
	bodies, _ = s.counts()
	tomorrow := bodies["scid-1 "+midnight.Add(24*time.Hour).Format(time.DateOnly)]
	assert.Equal(t, int64(3), tomorrow["alerts"], "what was read before the restart is remembered")
	assert.NotContains(t, tomorrow, "score", "the control has none on that day")
	stop()
}

// withoutFrom sets where the count begins to a time that it lies near to: the service's clock runs on in a test.
func withoutFrom(t *testing.T, body map[string]any, near time.Time) map[string]any {
	t.Helper()
	from, err := time.Parse(time.RFC3339Nano, body["from"].(string))
	require.NoError(t, err)
	assert.WithinDuration(t, near, from, 24*time.Hour)
	body["from"] = near.Format(time.RFC3339)
	return body
}

// A table that cannot be used keeps the receiver from starting; one that becomes so later is told, and stops nothing else.
func TestTableOfControlsThatCannotBeUsed(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 20})
	cfg := s.controlConfig("match,techniques\nx,T1059\n")
	r := s.create(s.controlConfig("wrong\n"))
	require.ErrorContains(t, r.Start(t.Context(), s.Host()), "feeds::secure_scores::control_alerts::techniques_file")
	require.NoError(t, r.Shutdown(t.Context()))
	s.start(cfg)
	require.NoError(t, os.WriteFile(cfg.Feeds.SecureScores.ControlAlerts.TechniquesFile, []byte("match,techniques\nx,y\n"), 0o600))
	require.Eventually(t, func() bool { return s.Status.Has("line 2") }, wait, time.Millisecond)
	s.Polls("secureScores", 2)
}

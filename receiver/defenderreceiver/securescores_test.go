package defenderreceiver

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

const (
	scoresPath   = "/v1.0/security/secureScores"
	profilesPath = "/v1.0/security/secureScoreControlProfiles"
)

// scoreConfig reads Secure Score all the time, and no table.
func (s *stage) scoreConfig() *Config {
	cfg := s.config()
	cfg.Feeds.SecureScores.Enabled, cfg.Feeds.SecureScores.PollInterval = true, 5*time.Millisecond
	cfg.Feeds.requestsPerMinute = 1_000_000 // so that tests need not wait
	return cfg
}

// scoreRecords are how many records there are of each event.
func (s *stage) scoreRecords() map[string]int {
	found := map[string]int{}
	for _, r := range s.Sink.Records() {
		found[r.Log.EventName()]++
	}
	return found
}

// allScores are how many records the service's scores and profiles make.
func (s *stage) allScores() map[string]int {
	want := map[string]int{logrecord.EventSecureScoreControlProfile: len(s.Sim.ControlProfiles())}
	for _, score := range s.Sim.SecureScores(s.Clock.Now()) {
		want[logrecord.EventSecureScore]++
		if controls := len(score["controlScores"].([]any)); controls > 0 {
			want[logrecord.EventSecureScoreControl] += controls
		}
	}
	return want
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// scoreOf is a score of a day before epoch.
func scoreOf(daysAgo int, controls ...any) map[string]any {
	day := epoch.Truncate(24*time.Hour).AddDate(0, 0, -daysAgo)
	return map[string]any{
		"id": "t_" + day.Format(time.DateOnly), "createdDateTime": day.Format(time.RFC3339), "currentScore": 1.0, "maxScore": 2.0,
		"controlScores": append([]any{}, controls...),
	}
}

// History is delivered once: what is read again, and what is read after a restart, is recognised.
func TestSecureScoresAreDeliveredOnce(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 260})
	s.Sim.SetRoles(defendersim.RoleScores)
	cfg := s.scoreConfig()
	want := s.allScores()
	assert.Greater(t, want[logrecord.EventSecureScoreControlProfile], 250, "there are two pages")
	stop := s.start(cfg)
	s.delivered(total(want))
	assert.Equal(t, want, s.scoreRecords())
	s.Polls("secureScores", 3)
	stop()
	stop = s.start(cfg)
	s.Polls("secureScores", 3)
	stop()
	s.Exactly(total(want))
	report := s.Sim.Report()
	assert.Zero(t, report.Count(scoresPath, defendersim.OutcomeLinkOfTop), "links behind $top are not followed")
	assert.Zero(t, report.Throttled)
}

// Bodies are as the service sends them, and attributes say what they are of.
func TestSecureScoreRecords(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	control := map[string]any{"controlName": "scid-1", "controlCategory": "Device", "score": 1.5, "count": "3", "on": "true", "lastSynced": nil, "extra": map[string]any{}}
	require.NoError(t, s.Sim.PutScore(scoreOf(0, control, control, "odd", map[string]any{"controlName": nil}), epoch))
	require.NoError(t, s.Sim.PutProfile(map[string]any{"id": "scid-1", "title": "T", "remediation": "<p>x</p>", "lastModifiedDateTime": nil}))
	require.NoError(t, s.Sim.PutProfile(map[string]any{"id": "scid-2", "lastModifiedDateTime": "2026-01-02T03:04:05Z"}))
	stop := s.start(s.scoreConfig())
	s.delivered(6)
	stop()
	byEvent := map[string][]plog.LogRecord{}
	for _, r := range s.Sink.Records() {
		byEvent[r.Log.EventName()] = append(byEvent[r.Log.EventName()], r.Log)
	}
	midnight := epoch.Truncate(24 * time.Hour)
	score := byEvent[logrecord.EventSecureScore][0]
	assert.Equal(t, midnight, score.Timestamp().AsTime())
	assert.Equal(t, "secure_scores", score.Attributes().AsRaw()[logrecord.AttributeTable])
	assert.Equal(t, midnight.Format(time.DateOnly), score.Attributes().AsRaw()[logrecord.AttributeScoreDay])
	assert.Len(t, score.Body().Map().AsRaw()["controlScores"], 4, "the whole object")

	controls := byEvent[logrecord.EventSecureScoreControl]
	require.Len(t, controls, 3, "two of one name, and one without a name")
	assert.Equal(t, control, controls[0].Body().Map().AsRaw())
	assert.Equal(t, "scid-1", controls[0].Attributes().AsRaw()[logrecord.AttributeScoreControl])
	assert.Equal(t, midnight, controls[0].Timestamp().AsTime())

	profiles := byEvent[logrecord.EventSecureScoreControlProfile]
	require.Len(t, profiles, 2)
	assert.Equal(t, "<p>x</p>", profiles[0].Body().Map().AsRaw()["remediation"])
	assert.WithinDuration(t, epoch, profiles[0].Timestamp().AsTime(), time.Minute, "when it was read, where the service does not say since when it is so")
	assert.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), profiles[1].Timestamp().AsTime())
}

// A kill in the middle of history loses nothing, and there is no second history.
func TestSecureScoresAfterAKill(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 20})
	cfg := s.scoreConfig()
	want := total(s.allScores())
	for _, until := range []int{want / 4, want / 2} {
		p := s.launch(cfg)
		require.Eventually(t, func() bool { return s.Sink.Count() >= until }, wait, time.Millisecond)
		p.kill()
	}
	p := s.launch(cfg)
	distinct := func() map[string]int {
		times := map[string]int{}
		for _, r := range s.Sink.Records() {
			times[r.UID]++
		}
		return times
	}
	require.Eventually(t, func() bool { return len(distinct()) == want }, wait, 10*time.Millisecond)
	s.Polls("secureScores", 2)
	p.kill()
	again := s.Sink.Count() - want
	assert.Less(t, again, 100, "at most what was not stored yet: a day, and the profiles")
	before := s.Sink.Count()
	s.launch(cfg)
	s.Polls("secureScores", 3)
	assert.Equal(t, before, s.Sink.Count())
}

// Records that the pipeline does not take for the moment come again, and those that it took do not.
func TestSecureScoresThatAreHeld(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 20})
	cfg := s.scoreConfig()
	cfg.Batch.MaxRecords = 7 // a day takes several calls
	calls := 0
	s.Sink.Refuse(func(plog.Logs) error {
		if calls++; calls%5 == 0 && calls < 400 {
			return errors.New("full")
		}
		return nil
	})
	s.start(cfg)
	s.delivered(total(s.allScores()))
}

// Days that appear while nobody reads, or late, or between others, are delivered.
func TestSecureScoresOfMissedDays(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for ago := range 5 {
		require.NoError(t, s.Sim.PutScore(scoreOf(ago+1), epoch))
	}
	cfg := s.scoreConfig()
	stop := s.start(cfg)
	s.delivered(5)
	require.NoError(t, s.Sim.PutScore(scoreOf(0), epoch))
	s.delivered(6)
	stop()

	s.Clock.Advance(40 * 24 * time.Hour)
	for ahead := range 40 {
		require.NoError(t, s.Sim.PutScore(scoreOf(-ahead-1), epoch))
	}
	// What is delivered first are the newest days: a kill in between must not hide those before them.
	p := s.launch(cfg)
	require.Eventually(t, func() bool { return s.Sink.Count() > 10 }, wait, time.Millisecond)
	p.kill()
	stop = s.start(cfg)
	require.Eventually(t, func() bool { return s.scoreRecords()[logrecord.EventSecureScore] >= 46 }, wait, time.Millisecond)
	late := scoreOf(-37)
	late["id"], late["createdDateTime"] = "t_late", epoch.AddDate(0, 0, 37).Truncate(24*time.Hour).Add(time.Hour).Format(time.RFC3339)
	require.NoError(t, s.Sim.PutScore(late, epoch))
	s.Polls("secureScores", 3)
	stop()
	days := map[any]bool{}
	for _, r := range s.Sink.Records() {
		days[r.Log.Attributes().AsRaw()[logrecord.AttributeScoreDay]] = true
	}
	assert.Len(t, days, 46)
}

// A profile is delivered again when it has changed, whether or not the service says so.
func TestProfilesThatChange(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	put := func(state string) {
		require.NoError(t, s.Sim.PutProfile(map[string]any{
			"id": "scid-1", "lastModifiedDateTime": nil, "controlStateUpdates": []any{map[string]any{"state": state, "updatedDateTime": nil}},
		}))
	}
	put("Default")
	cfg := s.scoreConfig()
	stop := s.start(cfg)
	s.delivered(1)
	put("Ignored")
	s.delivered(2)
	stop()
	s.start(cfg)
	s.Polls("secureScoreControlProfiles", 3)
	s.Exactly(2)
}

// Without the permission only this list pauses.
func TestSecureScoresWithoutPermission(t *testing.T) {
	s := newStage(t, defendersim.Options{Controls: 20})
	s.Sim.SetRoles(defendersim.RoleAlerts)
	s.putAlert("da1", epoch.Add(-time.Minute), epoch)
	cfg := s.scoreConfig()
	cfg.Feeds.AlertsV2 = s.feedConfig().Feeds.AlertsV2
	s.start(cfg)
	s.delivered(1)
	require.Eventually(t, func() bool { return s.pausedFor(secureScores) == "permission" }, wait, time.Millisecond)
	assert.Empty(t, s.pausedFor("alerts_v2"))
	require.Eventually(t, func() bool { return s.Status.Has("SecurityEvents.Read.All") }, wait, time.Millisecond)
}

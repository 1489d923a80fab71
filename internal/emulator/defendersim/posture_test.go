package defendersim

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	scoresPath   = "/v1.0/security/secureScores"
	profilesPath = "/v1.0/security/secureScoreControlProfiles"
)

// A score has the days that the service keeps, the newest first, and the sums of its controls.
func TestSecureScores(t *testing.T) {
	h := start(t, Options{Controls: 300})
	all := h.all(t, scoresPath)
	assert.InDelta(t, 90, len(all), 1)
	assert.Equal(t, all, h.objects(t, scoresPath, "$top", "120").Value)
	unknown := 0
	for i, score := range all {
		at, err := time.Parse(time.RFC3339, score["createdDateTime"].(string))
		require.NoError(t, err)
		assert.Equal(t, DefaultTenantID+"_"+at.Format(time.DateOnly), score["id"])
		if i > 0 {
			assert.Less(t, score["createdDateTime"], all[i-1]["createdDateTime"])
		}
		sum := 0.0
		for _, c := range score["controlScores"].([]any) {
			one := c.(map[string]any)
			sum += one["score"].(float64)
			assert.IsType(t, "", one["count"], "numbers as text")
		}
		assert.InDelta(t, sum, score["currentScore"], 0.01)
		for _, peer := range score["averageComparativeScores"].([]any) {
			if math.Signbit(peer.(map[string]any)["averageScore"].(float64)) {
				unknown++
			}
		}
	}
	assert.Positive(t, unknown, "some averages are -1")
}

// The link behind $top=1 leads to yesterday, and who follows it is told.
func TestLinkOfTop(t *testing.T) {
	h := start(t, Options{Controls: 20})
	page := h.objects(t, scoresPath, "$top", "1")
	require.Len(t, page.Value, 1)
	require.NotEmpty(t, page.Next)
	assert.Zero(t, h.Report().Count(scoresPath, OutcomeLinkOfTop))
	yesterday := h.objects(t, page.Next)
	assert.Less(t, yesterday.Value[0]["createdDateTime"], page.Value[0]["createdDateTime"])
	assert.Equal(t, int64(1), h.Report().Count(scoresPath, OutcomeLinkOfTop))

	skipped := h.objects(t, scoresPath, "$top", "1", "$skip", "1", "$count", "true")
	assert.Equal(t, yesterday.Value, skipped.Value)
	assert.Greater(t, *skipped.Count, 80)
}

// There are two pages of profiles, unless $top is asked for: then the link to the second one is refused.
func TestSecureScoreControlProfiles(t *testing.T) {
	h := start(t, Options{Controls: 300})
	first := h.objects(t, profilesPath)
	assert.Len(t, first.Value, 250)
	assert.Len(t, h.all(t, profilesPath), 300)
	topped := h.objects(t, profilesPath, "$top", "100")
	answer := h.security(t, http.MethodGet, topped.Next, "")
	assert.Contains(t, answer.message(t, http.StatusBadRequest), "SkipToken")
	assert.Contains(t, h.security(t, http.MethodGet, profilesPath, "", "$orderby", "rank").message(t, http.StatusBadRequest), "$orderby")

	scored := map[string]bool{}
	for _, c := range h.objects(t, scoresPath, "$top", "1").Value[0]["controlScores"].([]any) {
		scored[c.(map[string]any)["controlName"].(string)] = true
	}
	without, deprecated := 0, 0
	for _, p := range h.ControlProfiles() {
		if !scored[p["id"].(string)] {
			without++
		}
		if p["deprecated"] == true {
			deprecated++
		}
		delete(scored, p["id"].(string))
	}
	assert.Positive(t, without)
	assert.Positive(t, deprecated)
	assert.NotEmpty(t, scored, "scores without a profile")
}

// Alerts can be read without the permission of Secure Score, and the reverse.
func TestSecureScoreHasAPermissionOfItsOwn(t *testing.T) {
	h := start(t, Options{Controls: 20})
	h.SetRoles(RoleAlerts)
	for _, path := range []string{scoresPath, profilesPath} {
		assert.Contains(t, h.security(t, http.MethodGet, path, "").message(t, http.StatusForbidden), RoleScores+","+RoleScoresWrite)
	}
	h.SetRoles(RoleScores)
	h.renew()
	h.objects(t, scoresPath)
	assert.Equal(t, http.StatusForbidden, h.security(t, http.MethodGet, alertsPath, "").StatusCode)
}

// A day's score appears hours after its midnight, and the oldest one goes.
func TestScoresAppearAndGo(t *testing.T) {
	h := start(t, Options{})
	assert.Empty(t, h.objects(t, scoresPath).Value)
	today := noon.Truncate(24 * time.Hour)
	require.NoError(t, h.PutScore(map[string]any{"id": "a", "createdDateTime": today.Format(time.RFC3339)}, noon.Add(time.Hour)))
	require.Error(t, h.PutScore(map[string]any{"id": "a"}, noon))
	assert.Empty(t, h.objects(t, scoresPath).Value)
	h.clock.Advance(time.Hour)
	h.renew()
	assert.Len(t, h.objects(t, scoresPath).Value, 1)
	h.clock.Advance(91 * 24 * time.Hour)
	h.renew()
	assert.Empty(t, h.objects(t, scoresPath).Value)
}

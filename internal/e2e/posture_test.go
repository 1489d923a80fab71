package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

const (
	postureAlertsFile    = "../../docs/posture-alerts.yml"
	postureDashboardFile = "../../docs/posture-dashboard.json"
	postureFile          = "../../docs/posture.md"
)

// postureLine is what the test reads of a record.
type postureLine struct {
	Event      string         `json:"event"`
	Attributes map[string]any `json:"attributes"`
}

// readPosture reads the records, without a line that is not whole.
func readPosture(t *testing.T, path string) (lines []postureLine) {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		var one postureLine
		if json.Unmarshal(line, &one) == nil && one.Event != "" {
			lines = append(lines, one)
		}
	}
	return lines
}

// The shipped configuration gives the figures of Secure Score and its records, of one instance, and no second history after a
// kill. What its rules and its dashboard select is there.
func TestPosture(t *testing.T) {
	// A first start takes the past that it reads from the machine's clock, so the emulator has the same.
	s := newStage(t, defendersim.Options{Now: time.Now, Controls: 60})
	created, resolved := time.Now().Add(-48*time.Hour).Format(time.RFC3339Nano), time.Now().Add(-47*time.Hour).Format(time.RFC3339Nano)
	require.NoError(t, s.sim.PutAlert(map[string]any{
		"id": "da2", "createdDateTime": created, "lastUpdateDateTime": resolved, "resolvedDateTime": resolved, "severity": "high", "status": "resolved",
		"classification": "truePositive", "serviceSource": "microsoftDefenderForEndpoint",
	}, time.Now()))
	require.NoError(t, s.sim.PutAlert(map[string]any{
		"id": "da1", "createdDateTime": created, "lastUpdateDateTime": resolved,
		"severity": "high", "status": "new", "serviceSource": "microsoftDefenderForEndpoint", "mitreTechniques": []any{"T1059.001"},
	}, time.Now()))
	figures := ports.Free(t)
	table, err := filepath.Abs("../../config/control-techniques.csv")
	require.NoError(t, err)
	start := func() *collector {
		return s.startShipped("posture.yaml", []string{"posturehasty.yaml"}, "FIGURES_ENDPOINT=127.0.0.1:"+figures, "CONTROL_TECHNIQUES="+table)
	}
	path := filepath.Join(s.dataDirectory(), "posture.ndjson")
	wanted := map[string]int{"microsoft.defender.secure_score_control_profile": len(s.sim.ControlProfiles()), "microsoft.defender.alert_v2": 2}
	for _, score := range s.sim.SecureScores(time.Now())[:90] {
		wanted["microsoft.defender.secure_score"]++
		wanted["microsoft.defender.secure_score_control"] += len(score["controlScores"].([]any))
	}
	found := func() map[string]int {
		counts := map[string]int{}
		for _, line := range readPosture(t, path) {
			counts[line.Event]++
		}
		return counts
	}
	c := start()
	s.eventually(func() bool {
		counts := found()
		counted := counts["microsoft.defender.secure_score_control_alerts"]
		delete(counts, "microsoft.defender.secure_score_control_alerts")
		return counted > 10 && assert.ObjectsAreEqual(wanted, counts)
	}, "the history, and the alerts of controls")
	var page scrape
	s.eventually(func() bool {
		page = scrapeMetrics(t, "http://127.0.0.1:"+figures+"/metrics")
		return len(page["defender_alerts_open"].GetMetric()) > 0 && page.sum("defender_alerts_created") == 2 && page.sum("defender_alerts_resolved") == 1
	}, "the figures")
	assert.Len(t, page["defender_secure_score_by_category"].GetMetric(), 5)
	newest := s.sim.SecureScores(time.Now())[0]
	assert.InDelta(t, newest["currentScore"], page.sum("defender_secure_score_by_category"), 0.01)
	expressions := dashboardExpressions(t, postureDashboardFile)
	for _, rule := range readRules(t, postureAlertsFile) {
		expressions = append(expressions, rule.Expr)
	}
	for _, expression := range expressions {
		assert.Empty(t, page.unknown(t, expression), expression)
	}
	report := s.sim.Report()
	assert.Equal(t, int64(1), report.Table("secureScores").Queries, "one instance")

	before := found()
	c.kill()
	c = start()
	s.eventually(func() bool { return s.sim.Report().Table("secureScores").Queries >= 2 }, "another poll")
	s.eventually(func() bool {
		return len(scrapeMetrics(t, "http://127.0.0.1:"+figures+"/metrics")["defender_alerts_open"].GetMetric()) > 0
	}, "the figures")
	c.stop()
	assert.Equal(t, before, found(), "there is no second history")
	assert.Zero(t, s.sim.Report().Count("/v1.0/security/runHuntingQuery", ""), "no hunting query")
}

// Each rule has a heading in the document that says what to do.
func TestPostureRulesAreExplained(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(postureFile)
	require.NoError(t, err)
	for _, rule := range readRules(t, postureAlertsFile) {
		assert.Contains(t, string(content), "### "+rule.Alert+"\n")
	}
}

package correlation

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/alert"
	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/execution"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

const (
	uuidOfTest = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
	another    = "1a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
)

var rule = Rule{Match: Technique, Window: time.Hour, Rollup: true, Before: 5 * time.Minute, After: 30 * time.Minute}

// alertOf is an alert of a host, with a file.
func alertOf(t *testing.T, created, updated time.Duration, host string, file map[string]any, techniques ...any) *alert.Alert {
	t.Helper()
	r := plog.NewLogRecord()
	r.SetEventName(logrecord.EventAlertV2)
	require.NoError(t, r.Body().FromRaw(map[string]any{
		"id": "a1", "createdDateTime": noon.Add(created).Format(time.RFC3339Nano), "lastUpdateDateTime": noon.Add(updated).Format(time.RFC3339Nano),
		"mitreTechniques": techniques, "evidence": []any{map[string]any{"deviceDnsName": host}, map[string]any{"fileDetails": file}},
	}))
	a, ok := alert.Read(r)
	require.True(t, ok)
	return &a
}

func TestEvidence(t *testing.T) {
	single := execution.Execution{ID: "e", Test: uuidOfTest, Host: "PC1", Completed: noon, Outcome: execution.Unprotected, Binaries: []string{"tool.exe"}, Hashes: []string{"ab"}}
	part := single
	part.Control, part.Bundle = "T1059-A", uuidOfTest
	named := func(name string) map[string]any { return map[string]any{"fileName": name} }
	for name, c := range map[string]struct {
		execution        execution.Execution
		created, updated time.Duration
		host             string
		file             map[string]any
		want             Attribution
	}{
		"the test itself":           {single, 0, 0, "pc1.acme", named(uuidOfTest + ".exe"), Stage},
		"with a technique":          {single, 0, 0, "pc1.acme", named(uuidOfTest + "-T1059.exe"), Stage},
		"in a path":                 {single, 0, 0, "pc1", map[string]any{"filePath": `C:\F0\` + uuidOfTest + `\`}, Bundle},
		"in the middle of a name":   {single, 0, 0, "pc1", named("x" + uuidOfTest), Bundle},
		"another test":              {single, 0, 0, "pc1", named(another + ".exe"), Unattributed},
		"a declared name":           {single, 0, 0, "pc1", named("TOOL.exe"), Stage},
		"a declared sum":            {single, 0, 0, "pc1", map[string]any{"sha256": "AB"}, Stage},
		"another name":              {single, 0, 0, "pc1", named("atool.exe"), Unattributed},
		"another host":              {single, 0, 0, "pc10", named(uuidOfTest + ".exe"), Unattributed},
		"no host":                   {single, 0, 0, "", named(uuidOfTest + ".exe"), Unattributed},
		"5 minutes before":          {single, -5 * time.Minute, -time.Hour, "pc1", named(uuidOfTest + ".exe"), Stage},
		"earlier":                   {single, -5*time.Minute - 1, -time.Hour, "pc1", named(uuidOfTest + ".exe"), Unattributed},
		"30 minutes after":          {single, 30 * time.Minute, 24 * time.Hour, "pc1", named(uuidOfTest + ".exe"), Stage},
		"later":                     {single, 30*time.Minute + 1, 24 * time.Hour, "pc1", named(uuidOfTest + ".exe"), Unattributed},
		"an old one that is reused": {single, -240 * time.Hour, time.Minute, "pc1", named(uuidOfTest + ".exe"), Stage},
		"the part":                  {part, 0, 0, "pc1", named(uuidOfTest + "-T1059-A.exe"), Stage},
		"a file of the part":        {part, 0, 0, "pc1", named(uuidOfTest + "-t1059-a-x.exe"), Stage},
		"another part":              {part, 0, 0, "pc1", named(uuidOfTest + "-T1059-AB.exe"), Bundle},
		"the bundle":                {part, 0, 0, "pc1", named(uuidOfTest + ".exe"), Bundle},
	} {
		e := c.execution
		a := alertOf(t, c.created, c.updated, c.host, c.file)
		x := NewIndex(rule, slices.Values([]*alert.Alert{a}))
		o := x.Evaluate(&e)
		assert.Equal(t, c.want, o.Attribution, name)
		assert.Equal(t, c.want != Unattributed, o.Tier == Evidence, name)
		assert.False(t, o.Correlated(), "%s: it has no technique", name)
		matches, total := x.Matches(&e)
		assert.Len(t, matches, total)
		assert.Equal(t, c.want != Unattributed, total == 1, name)
	}
	for _, outcome := range []execution.Outcome{execution.Inconclusive, execution.Skipped, execution.Failed, execution.Unknown} {
		e := single
		e.Outcome = outcome
		x := NewIndex(rule, slices.Values([]*alert.Alert{alertOf(t, 0, 0, "pc1", named(uuidOfTest+".exe"))}))
		assert.Equal(t, None, x.Evaluate(&e).Tier, outcome)
	}
	// An id that is no UUID stands in names by chance.
	e := single
	e.Test = "cmd"
	x := NewIndex(rule, slices.Values([]*alert.Alert{alertOf(t, 0, 0, "pc1", named("cmd.exe"))}))
	assert.Equal(t, None, x.Evaluate(&e).Tier)
}

func TestTiers(t *testing.T) {
	e := execution.Execution{ID: "e", Test: uuidOfTest, Host: "pc1.acme.local", Completed: noon, Outcome: execution.Protected, Techniques: []string{"T1003", "T1059.001"}}
	far := alertOf(t, -time.Hour, 0, "pc2", nil, "T1059")
	near := alertOf(t, time.Hour, 0, "PC1", nil, "T1003")
	file := alertOf(t, time.Minute, 0, "pc1.acme.local", map[string]any{"fileName": uuidOfTest + ".exe"})
	late := alertOf(t, time.Hour+1, 0, "pc1", nil, "T1003", "T1059.001")
	for i, a := range []*alert.Alert{far, near, file, late} {
		a.ID = string(rune('a' + i))
	}
	all := slices.Values([]*alert.Alert{far, near, file, late})
	for match, want := range map[Tier][]string{Technique: {"T1003", "T1059.001"}, TechniqueHost: {"T1003"}, Evidence: {"T1003", "T1059.001"}} {
		r := rule
		r.Match = match
		x := NewIndex(r, all)
		o := x.Evaluate(&e)
		assert.Equal(t, want, o.DetectedOf(&e), match)
		assert.Equal(t, Outcome{Detected: o.Detected, Tier: Evidence, Attribution: Stage, Evidence: []string{"c"}}, o)
		matches, total := x.Matches(&e)
		assert.Equal(t, 3, total)
		assert.Equal(t, []Match{
			{"c", Evidence, Stage, nil, time.Minute},
			{"b", TechniqueHost, Unattributed, []string{"T1003"}, time.Hour},
			{"a", Technique, Unattributed, nil, -time.Hour},
		}, withoutTechniquesOf("a", matches))
	}
	x := NewIndex(Rule{Match: Technique, Window: time.Hour}, slices.Values([]*alert.Alert{far}))
	assert.Equal(t, None, x.Evaluate(&e).Tier, "no roll-up")
}

func withoutTechniquesOf(id string, matches []Match) []Match {
	for i := range matches {
		if matches[i].AlertID == id {
			matches[i].Techniques = nil
		}
	}
	return matches
}

func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"PC1", "pc1", true},
		{"pc1", "pc1.acme.local", true},
		{"pc1.acme.local", "PC1", true},
		{"pc1", "pc10", false},
		{"pc1.acme", "pc1.other", false},
		{"", "", false},
		{"pc1", "", false},
		{"", "pc1", false},
	} {
		assert.Equal(t, c.want, sameHost(c.a, c.b), "%q %q", c.a, c.b)
	}
}

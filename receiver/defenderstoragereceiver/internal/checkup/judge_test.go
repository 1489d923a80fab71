package checkup

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// grown are the facts of a container that grew last some time ago.
func grown(ago time.Duration) facts {
	return facts{blobs: 168, bytes: 5 << 20, newest: export.Blob{Name: "y=2026/m=11/d=21/h=09/m=00/PT1H.json", Size: 1, Modified: now.Add(-ago)}, oldest: now.AddDate(0, 0, -7)}
}

func TestJudge(t *testing.T) {
	const logons, alerts = export.Prefix + "devicelogonevents", export.Prefix + "alertinfo"
	for name, c := range map[string]struct {
		container string
		facts     facts
		silent    bool // no container grows
		outcome   diagnosis.Outcome
		severity  diagnosis.Severity
		detail    string
		remedy    string
	}{
		"grows":              {logons, grown(4 * time.Minute), false, diagnosis.OK, diagnosis.Fine, "168 blobs, 5.0 MiB, from 7 d ago on; the newest, of 2026-11-21 09:00 UTC, grew 4 min ago", ""},
		"a day, to the hour": {logons, grown(24 * time.Hour), false, diagnosis.OK, diagnosis.Fine, "grew 24 h ago", ""},
		"fell silent":        {logons, grown(25 * time.Hour), false, diagnosis.Stale, diagnosis.Warning, "grew 25 h ago", "still ticked"},
		"all fell silent":    {logons, grown(25 * time.Hour), true, diagnosis.Stale, diagnosis.Fine, "grew 25 h ago", ""},
		"no alerts for days": {alerts, grown(90 * time.Hour), false, diagnosis.Stale, diagnosis.Fine, "grew 3 d ago", ""},
		"too many":           {logons, facts{blobs: 20_000, more: true}, false, diagnosis.TooMany, diagnosis.Warning, "more than 20,000 blobs", "lifecycle rule"},
		"no blob":            {logons, facts{}, false, diagnosis.Empty, diagnosis.Warning, "no blob", "Streaming API"},
		"blobs without rows": {logons, facts{blobs: 2}, false, diagnosis.Empty, diagnosis.Warning, "nothing was written into its 2 blobs", "wait"},
		"another tenant's": {
			logons, facts{others: 3, tenants: map[string]bool{"b": true, "a": true}}, false, diagnosis.Empty, diagnosis.Warning, "they are of a, b", "check 'tenants'",
		},
		"no tenant's": {logons, facts{others: 3}, false, diagnosis.Empty, diagnosis.Warning, "say no tenant", "remove 'tenants'"},
		"copies":      {logons, facts{skipped: 9}, false, diagnosis.Empty, diagnosis.Warning, "none is an append blob", "'account_url'"},
	} {
		t.Run(name, func(t *testing.T) {
			f := judge(c.container, c.facts, now, !c.silent)
			assert.Equal(t, c.outcome, f.Outcome)
			assert.Equal(t, c.severity, f.Severity)
			assert.Contains(t, f.Detail, c.detail)
			assert.Contains(t, f.Remedy, c.remedy)
			assert.Equal(t, f.Severity > diagnosis.Fine, f.Remedy != "", "what is wrong has its remedy")
		})
	}
}

func TestFacts(t *testing.T) {
	at := func(ago time.Duration) string { return now.Add(-ago).Format(http.TimeFormat) }
	f := facts{tenants: map[string]bool{}}
	f.add([]export.Blob{
		{Name: "tenantId=a/1", Size: 5, Modified: now.Add(-time.Hour), Created: at(9 * time.Hour)},
		{Name: "tenantId=a/2", Size: 7, Modified: now.Add(-time.Minute), Created: at(30 * time.Hour)},
		{Name: "tenantId=b/1", Size: 100, Modified: now, Created: at(90 * time.Hour)},
	}, 2, func(blob string) bool { return export.Tenant(blob) == "a" })
	f.add([]export.Blob{
		{Name: "tenantId=a/3", Size: 1, Modified: now.Add(-2 * time.Minute), Created: at(time.Hour)},
		{Name: "tenantId=a/4", Modified: now}, // without rows
	}, 1, func(string) bool { return true })
	assert.Equal(t, "tenantId=a/2", f.newest.Name)
	assert.Equal(t, now.Add(-30*time.Hour), f.oldest.UTC())
	f.newest, f.oldest = export.Blob{}, time.Time{}
	assert.Equal(t, facts{blobs: 4, bytes: 13, others: 1, tenants: map[string]bool{"b": true}, skipped: 3}, f)
}

func TestExported(t *testing.T) {
	for name, c := range map[string]struct {
		newest     time.Time
		containers int
		outcome    diagnosis.Outcome
		detail     string
	}{
		"goes on":         {now.Add(-4 * time.Minute), 5, diagnosis.OK, "written 4 min ago"},
		"switched off":    {now.Add(-7 * time.Hour), 5, diagnosis.Stale, "no container has grown for 7 h"},
		"nothing yet":     {time.Time{}, 5, diagnosis.Empty, "no container has rows"},
		"no containers":   {time.Time{}, 0, diagnosis.NoContainer, export.Prefix},
		"a clock is late": {now.Add(time.Minute), 5, diagnosis.OK, "0 s ago"},
	} {
		f := exported(c.newest, now, c.containers)
		assert.Equal(t, c.outcome, f.Outcome, name)
		assert.Contains(t, f.Detail, c.detail, name)
	}
}

func TestTablesWithoutAContainer(t *testing.T) {
	missing := without([]string{export.Container("DeviceLogonEvents"), export.Container("AlertInfo")})
	assert.Contains(t, missing, "DeviceProcessEvents")
	assert.Contains(t, missing, "AlertEvidence")
	assert.NotContains(t, missing, "DeviceLogonEvents")
	assert.NotContains(t, missing, "AlertInfo")
	assert.NotContains(t, missing, "Alerts", "which is a join")
	assert.NotContains(t, missing, "Users", "which are Graph's")
}

func TestSizes(t *testing.T) {
	for want, n := range map[string]int64{"0 B": 0, "1023 B": 1023, "1.0 KiB": 1024, "1.5 GiB": 3 << 29} {
		assert.Equal(t, want, bytesText(n))
	}
	for want, d := range map[string]time.Duration{"0 s": -time.Hour, "59 min": 59*time.Minute + 59*time.Second, "47 h": 47 * time.Hour, "2 d": 48 * time.Hour} {
		assert.Equal(t, want, rounded(d))
	}
}

package defendercontrolextension

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

func TestWords(t *testing.T) {
	assert.Equal(t, []string{"0", "999", "1,000", "-12,345", "1,234,567"},
		[]string{grouped(0), grouped(999), grouped(1000), grouped(-12345), grouped(1234567)})
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 0: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 130 * time.Second: "2 min 10 s",
		23*time.Minute + 5*time.Second: "23 min", 90 * time.Minute: "1 h 30 min", 75 * time.Hour: "3 d 3 h",
	} {
		assert.Equal(t, want, short(d))
	}
	assert.Equal(t, []string{"21 / 75 s", "1.5 / 5 min", "0.36 / 2 h"}, []string{cpuFigure(21, 75), cpuFigure(88, 300), cpuFigure(1300, 7200)})
}

func TestChart(t *testing.T) {
	c := newChart([]int{0, 10, 5})
	assert.Equal(t, "0.0,27.0 60.0,2.0 120.0,14.5", c.Line)
	assert.Equal(t, []string{"15", "15 rows in the last hour, at most 10 in a minute"}, []string{c.Total, c.Label})
	assert.Equal(t, "0.0,27.0 120.0,27.0", newChart([]int{0, 0}).Line, "no rows are a line at the bottom")
	assert.Empty(t, newChart(nil).Line)
}

// A container of a storage export has its blobs in the place of audits, and no rate.
func TestViewOfAContainer(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	grown := now.Add(-4 * time.Minute)
	show := func(b control.Blobs) receiverView {
		return viewOf(func(r *control.ReceiverStatus) {
			r.Tables = []control.Table{{Name: "DeviceEvents", Kind: "container", State: control.Running, Blobs: &b}}
		}).Receivers[0]
	}
	r := show(control.Blobs{Number: 1168, LastGrowth: &grown, BytesUnread: 4096, RowsRepeated: 31})
	assert.Equal(t, "Blobs", r.Checked())
	assert.Equal(t, auditView{Matched: "1,168 blobs", Found: "4,096 bytes unread, 31 rows repeated", Age: "grew 4 min ago"}, r.Tables[0].Audit)
	assert.Equal(t, chart{Total: "–"}, r.Tables[0].Rate, "no rate is counted")
	assert.True(t, show(control.Blobs{BytesLost: 5}).Tables[0].Audit.Bad)
	assert.Equal(t, "Last audit", viewOf(func(*control.ReceiverStatus) {}).Receivers[0].Checked())
}

// viewOf is what the page says after a change to a receiver all of whose tables are fine.
func viewOf(change func(r *control.ReceiverStatus)) view {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	r := newFake(now).status
	change(&r)
	return newView(control.Status{Time: now, Receivers: []control.ReceiverStatus{r}, Processors: []control.ProcessorStatus{fakeProcessor{}.Status()}}, now)
}

func TestView(t *testing.T) {
	fine := viewOf(func(*control.ReceiverStatus) {})
	r := fine.Receivers[0]
	assert.Equal(t, "defender: Running.", fine.Summary)
	assert.Empty(t, r.Reason.Text)
	assert.Equal(t, []string{"Users"}, r.Disabled)
	assert.Equal(t, "Credentials end 2027-02-19 (in 90 d 0 h)", r.Expiry.Text)
	assert.False(t, r.Expiry.Soon)
	assert.Equal(t, []dropView{{"total_normalize", "DeviceEvents", "no account", "5,140"}, {"total_normalize", "DeviceLogonEvents", "system", "12"}}, fine.Drops,
		"the most first, and what a directory takes in is none")

	paused := viewOf(func(r *control.ReceiverStatus) {
		r.Tables[0].State, r.Tables[0].Reason = control.Paused, control.ReasonUser
		r.Tables[1].State, r.Tables[1].Reason = control.Paused, "not_in_plan"
	})
	one, two := paused.Receivers[0].Tables[0], paused.Receivers[0].Tables[1]
	assert.Equal(t, "defender: Running. DeviceLogonEvents: Paused by a user. Alerts: Paused not in the tenant's plan.", paused.Summary)
	assert.Equal(t, []any{"5 of 7 tables run", true}, []any{paused.Receivers[0].Reason.Text, paused.Receivers[0].Reason.Bad})
	assert.Equal(t, []bool{true, false}, []bool{one.Paused, one.Reason.Bad})
	assert.True(t, two.Reason.Bad)
	assert.Contains(t, two.Detail.Advice, "tables::Alerts::enabled: false")

	refused := viewOf(func(r *control.ReceiverStatus) {
		r.State, r.Reason = control.Paused, "credentials"
		for i := range r.Tables {
			r.Tables[i].State, r.Tables[i].Reason, r.Tables[i].LastError = control.Paused, "credentials", "x"
		}
		soon := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		r.Credentials.Expires = &soon
	})
	assert.Contains(t, refused.Receivers[0].Advice, "Renew the secret")
	assert.Empty(t, refused.Receivers[0].Tables[0].Detail.Advice, "one cause is said once")
	assert.Empty(t, refused.Receivers[0].Tables[0].Detail.Error)
	assert.True(t, refused.Receivers[0].Expiry.Soon)

	troubled := viewOf(func(r *control.ReceiverStatus) {
		r.Quota.Short = true
		r.Quota.Windows[0].Ratio, r.Quota.Windows[1].Ratio = 1.2, 0.8
		t := &r.Tables[0]
		t.State, t.LastError, t.Audit.Missing, t.Audit.Refused, t.RowsRefused = control.BackingOff, "503", 3, 2, 2
		t.DeadLetters, t.Unreadable = control.DeadLetters{Written: 1, Failed: 1}, 1
		t.Backfill = &control.Backfill{State: control.Running, Progress: 0.639}
	})
	first := troubled.Receivers[0].Tables[0]
	assert.Contains(t, troubled.Receivers[0].Quota, "quota::share")
	assert.Equal(t, []any{100, "full", "high"}, []any{troubled.Receivers[0].Windows[0].Percent, troubled.Receivers[0].Windows[0].Level, troubled.Receivers[0].Windows[1].Level})
	assert.Equal(t, []any{"next try in 40 s", "3 missing, 2 refused", true, "2 refused"}, []any{first.Next, first.Audit.Found, first.Audit.Bad, first.Refused})
	assert.Contains(t, first.Detail.Letters, "dead_letter::directory")
	require.NotNil(t, first.Detail.Backfill)
	assert.Equal(t, []any{63, "no forecast yet, 0 rows"}, []any{first.Detail.Backfill.Percent, first.Detail.Backfill.Text})
	assert.True(t, strings.HasPrefix(troubled.Receivers[0].Advice, "A table that backs off"))
}

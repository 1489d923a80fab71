package defendercontrolextension

import (
	"math"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

// tableView is a row of the list of tables.
type tableView struct {
	Name, Kind, Anchor string
	State              stateView
	Reason             reasonView
	Next               string
	Lag, Complete      string
	Rate               chart
	Delivered, Refused string
	Audit              auditView
	LastPoll           string
	Paused             bool
	Detail             detailView
}

// auditView is what the last audit found; of a container, what is known of its blobs.
type auditView struct {
	Matched, Found, Age string
	Bad                 bool
}

// detailView is what stands below the row, where there is something to say.
type detailView struct {
	Advice, Error  string
	Backfill       *backfillView
	Letters, Aside string
}

type backfillView struct {
	State   stateView
	Percent int
	Text    string
}

func newTableView(receiver string, t control.Table, now time.Time) tableView {
	v := tableView{
		Name: t.Name, Kind: t.Kind, Anchor: receiver + "-" + t.Name, State: stateOf(t.State), Rate: newChart(t.RowsPerMinute),
		Delivered: grouped(t.RowsDelivered), LastPoll: since(t.LastPoll, now), Lag: "–", Paused: t.State == control.Paused,
		Audit: newAuditView(t.Audit, now), Detail: newDetailView(t, now),
	}
	if t.Blobs != nil {
		v.Audit = newBlobsView(*t.Blobs, now)
	}
	if v.Paused {
		v.Reason = reasonView{Text: t.Reason, Bad: t.Reason != control.ReasonUser}
		if known, ok := reasons[t.Reason]; ok {
			v.Reason.Text = known.label
		}
	}
	if t.NextPoll != nil && t.State != control.Running {
		v.Next = "next try " + until(*t.NextPoll, now)
	}
	if t.LagSeconds != nil {
		v.Lag = short(time.Duration(*t.LagSeconds * float64(time.Second)))
	}
	if t.CompleteUntil != nil {
		v.Complete = "complete until " + t.CompleteUntil.UTC().Format("2006-01-02 15:04:05") + " UTC"
	}
	if t.RowsRefused > 0 {
		v.Refused = grouped(t.RowsRefused) + " refused"
	}
	return v
}

func newDetailView(t control.Table, now time.Time) detailView {
	v := detailView{Error: t.LastError, Letters: letters(t.DeadLetters)}
	if t.State == control.Paused {
		v.Advice = strings.ReplaceAll(reasons[t.Reason].advice, "NAME", t.Name)
	}
	if t.Unreadable > 0 {
		v.Aside = "Ranges of time that cannot be read at present, and are tried again: " + grouped(t.Unreadable)
	}
	if t.Backfill != nil {
		v.Backfill = newBackfillView(*t.Backfill, now)
	}
	return v
}

func newAuditView(a *control.Audit, now time.Time) auditView {
	switch {
	case a == nil:
		return auditView{Matched: "–"}
	case a.Last == nil:
		return auditView{Matched: "none yet"}
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{a.Missing, "missing"}, {a.Refused, "refused"}, {a.Recovered, "recovered"}} {
		if part.n > 0 {
			parts = append(parts, grouped(part.n)+" "+part.what)
		}
	}
	return auditView{
		Matched: grouped(a.Matched) + " matched", Found: strings.Join(parts, ", "), Age: since(a.Last, now), Bad: a.Missing+a.Refused > 0,
	}
}

// newBlobsView is what a container has in the place of audits.
func newBlobsView(b control.Blobs, now time.Time) auditView {
	v := auditView{Matched: grouped(b.Number) + " blobs", Age: "none has grown"}
	if b.LastGrowth != nil {
		v.Age = "grew " + since(b.LastGrowth, now)
	}
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{b.BytesLost, "bytes lost"}, {b.BytesUnread, "bytes unread"}, {int64(b.LinesBroken), "lines broken"}, {int64(b.RowsRepeated), "rows repeated"}} {
		if part.n > 0 {
			parts = append(parts, grouped(int(part.n))+" "+part.what)
		}
	}
	v.Found, v.Bad = strings.Join(parts, ", "), b.BytesLost > 0
	return v
}

func letters(l control.DeadLetters) string {
	var parts []string
	if l.Written > 0 {
		parts = append(parts, grouped(l.Written)+" refused rows kept as dead letters: defenderctl replay sends them")
	}
	if l.Failed > 0 {
		parts = append(parts, grouped(l.Failed)+" refused rows could not be kept: look at dead_letter::directory")
	}
	return strings.Join(parts, "; ")
}

func newBackfillView(b control.Backfill, now time.Time) *backfillView {
	v := &backfillView{State: stateOf(b.State), Percent: int(math.Floor(100 * b.Progress))}
	switch {
	case b.Done:
		v.Percent, v.Text = 100, "history is read"
	case b.State == control.Paused:
		v.Text = "paused"
	case b.Ends != nil:
		v.Text = "ends " + until(*b.Ends, now)
	default:
		v.Text = "no forecast yet"
	}
	v.Text += ", " + grouped(b.RowsDelivered) + " rows"
	return v
}

package defendercontrolextension

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

// view is what stands on the page, in words.
type view struct {
	Version, Time string
	// Summary is said to who cannot see the page when it changes.
	Summary   string
	Receivers []receiverView
	Drops     []dropView
}

type receiverView struct {
	ID, Anchor  string
	State       stateView
	Reason      string
	ReasonBad   bool
	Advice      string
	Troubles    []string
	Windows     []windowView
	Quota       string // a sentence if it is short, or the service asked to wait
	Expiry      string // of the credentials; empty: not known
	ExpiresSoon bool
	Tables      []tableView
	Disabled    []string
	CanTest     bool
	CanReport   bool
	Yesterday   string
	Today       string
}

// stateView is a state in a word, with the name of its sign.
type stateView struct {
	Name  string // as in the API
	Label string
}

type windowView struct {
	Name, Figure string
	Percent      int // of the bar, at most 100
	Level        string
}

type tableView struct {
	Name, Kind, Anchor string
	State              stateView
	Reason, Advice     string
	ReasonBad          bool // it is not what a user wants
	Next               string
	Error              string
	Lag, Complete      string
	Rate               chart
	Delivered          string
	Refused            string
	LastPoll           string
	Audit              string
	AuditFound         string // besides
	AuditBad           bool
	AuditAge           string
	Letters            string
	Aside              string
	Backfill           *backfillView
	CanPause           bool
	CanResume          bool
}

type backfillView struct {
	State   stateView
	Percent int
	Text    string
}

// chart is the rate of the last hour as the points of a line in a box of 120 by 28.
type chart struct {
	Line, Area, Label, Total string
}

type dropView struct {
	Processor, Table, Reason, Records string
}

var stateLabels = map[control.State]string{
	control.Running: "Running", control.WaitingQuota: "Waits for quota", control.BackingOff: "Backing off",
	control.Refused: "Refused by the pipeline", control.Paused: "Paused", control.Disabled: "Disabled",
}

func stateOf(s control.State) stateView { return stateView{string(s), stateLabels[s]} }

// reasons say why a table is paused, and what is to be done about it.
var reasons = map[string]struct{ label, advice string }{
	control.ReasonUser: {"by a user", "It goes on where it stands when a user resumes it."},
	"failures":         {"after failures", "It tries again by itself: every 5 minutes if the cause can pass, else every hour. Resume tries at once."},
	"credentials": {"credentials refused", "Renew the secret or certificate of the app registration. One table tries once an hour, and at once " +
		"when a credential file changes; all go on together."},
	"permission": {"permission missing", "Give the app registration the permission ThreatHunting.Read.All with admin consent (Users: User.Read.All). " +
		"It is tried once an hour."},
	"not_in_plan":       {"not in the tenant's plan", "The tenant has no such table. It is looked for once a day; tables::NAME::enabled: false leaves it out."},
	"no_ingestion_time": {"no time of arrival", "Set late_arrival::mode to auto or event_time."},
}

func newView(s control.Status, now time.Time) view {
	v := view{Version: s.Version, Time: s.Time.Format("2006-01-02 15:04:05") + " UTC"}
	var summary []string
	for i, r := range s.Receivers {
		shown := newReceiverView(i, r, now)
		v.Receivers = append(v.Receivers, shown)
		summary = append(summary, summarize(shown))
	}
	v.Summary = strings.Join(summary, " ")
	for _, p := range s.Processors {
		v.Drops = append(v.Drops, drops(p)...)
	}
	return v
}

// summarize is a sentence about a receiver, which changes only when a state does.
func summarize(r receiverView) string {
	var text strings.Builder
	text.WriteString(r.ID + ": " + r.State.Label + ".")
	for _, t := range r.Tables {
		if t.State.Name != string(control.Running) && t.State.Name != string(control.WaitingQuota) {
			text.WriteString(" " + t.Name + ": " + strings.TrimSpace(t.State.Label+" "+t.Reason) + ".")
		}
	}
	return text.String()
}

func newReceiverView(index int, r control.ReceiverStatus, now time.Time) receiverView {
	v := receiverView{
		ID: r.ID, Anchor: "receiver-" + strconv.Itoa(index), State: stateOf(r.State), Reason: reasons[r.Reason].label, Troubles: r.Troubles,
		CanTest: r.CanTest, CanReport: r.CanReport,
		Today: now.UTC().Format(time.DateOnly), Yesterday: now.UTC().AddDate(0, 0, -1).Format(time.DateOnly),
	}
	for _, w := range r.Quota.Windows {
		v.Windows = append(v.Windows, newWindowView(w))
	}
	v.ReasonBad = r.Reason != control.ReasonUser
	if r.Reason == "" {
		v.Reason, v.ReasonBad = stateCount(r.Tables)
	}
	v.Quota = quotaSentence(r.Quota, now)
	if expires := r.Credentials.Expires; expires != nil {
		v.Expiry = "Credentials end " + expires.UTC().Format(time.DateOnly) + " (" + until(*expires, now) + ")"
		if expires.Before(now) {
			v.Expiry = "Credentials ended " + expires.UTC().Format(time.DateOnly)
		}
		v.ExpiresSoon = expires.Sub(now) < 14*24*time.Hour
	}
	for _, t := range r.Tables {
		if t.State == control.Disabled {
			v.Disabled = append(v.Disabled, t.Name)
			continue
		}
		table := newTableView(v.Anchor, t, now)
		if r.Reason != "" && r.Reason != control.ReasonUser {
			// It is said once, of the whole receiver.
			v.Advice, table.Advice, table.Error = table.Advice, "", ""
		}
		if advice := stateAdvice[t.State]; v.Advice == "" {
			v.Advice = advice
		}
		v.Tables = append(v.Tables, table)
	}
	return v
}

// stateAdvice is said once of a receiver that has such a table.
var stateAdvice = map[control.State]string{
	control.BackingOff: "A table that backs off tries again by itself, after growing pauses. No rows are lost: its cursor waits.",
	control.Refused: "The pipeline or the storage takes nothing at present: look at the exporter's log and the disk. No rows are lost: the cursors wait, " +
		"and it is tried again.",
}

// stateCount says how many tables run, if not all do. bad: a table is in trouble.
func stateCount(tables []control.Table) (text string, bad bool) {
	running, all := 0, 0
	for _, t := range tables {
		if t.State == control.Disabled {
			continue
		}
		all++
		if t.State == control.Running || t.State == control.WaitingQuota {
			running++
		} else if t.Reason != control.ReasonUser {
			bad = true
		}
	}
	if running == all {
		return "", false
	}
	return fmt.Sprintf("%d of %d tables run", running, all), bad
}

func quotaSentence(q control.Quota, now time.Time) string {
	switch {
	case q.BlockedUntil != nil:
		return "The service asked to wait: queries go on " + until(*q.BlockedUntil, now) + "."
	case q.Short:
		return "The quota does not suffice for all tables: those of low priority are read less often, and nothing is skipped. Raise quota::share, or " +
			"disable tables."
	default:
		return ""
	}
}

func newWindowView(w control.Window) windowView {
	v := windowView{Percent: int(math.Round(100 * min(max(w.Ratio, 0), 1))), Level: "low"}
	switch {
	case w.Ratio >= 0.95:
		v.Level = "full"
	case w.Ratio >= 0.75:
		v.Level = "high"
	}
	if w.Resource == "cpu" {
		v.Name = "CPU in " + w.Window
		v.Figure = cpuFigure(w.Used, w.Limit)
	} else {
		v.Name = "Requests in " + w.Window
		v.Figure = grouped(int(w.Used)) + " / " + grouped(int(w.Limit))
	}
	return v
}

// cpuFigure is seconds of CPU in one unit, which the limit decides.
func cpuFigure(used, limit float64) string {
	switch {
	case limit < 2*time.Minute.Seconds():
		return fmt.Sprintf("%.0f / %.0f s", used, limit)
	case limit < 2*time.Hour.Seconds():
		return fmt.Sprintf("%.1f / %.4g min", used/60, limit/60)
	default:
		return fmt.Sprintf("%.2f / %.4g h", used/3600, limit/3600)
	}
}

func newTableView(receiver string, t control.Table, now time.Time) tableView {
	v := tableView{
		Name: t.Name, Kind: t.Kind, Anchor: receiver + "-" + t.Name, State: stateOf(t.State), Rate: newChart(t.RowsPerMinute),
		Delivered: grouped(t.RowsDelivered), Error: t.LastError, LastPoll: since(t.LastPoll, now), Lag: "–",
		CanPause: t.State != control.Paused, CanResume: t.State == control.Paused,
	}
	if t.State == control.Paused {
		v.Reason, v.Advice = t.Reason, ""
		if known, ok := reasons[t.Reason]; ok {
			v.Reason, v.Advice = known.label, strings.ReplaceAll(known.advice, "NAME", t.Name)
		}
		v.ReasonBad = t.Reason != control.ReasonUser
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
	v.addAudit(t.Audit, now)
	v.Letters = letters(t.DeadLetters)
	if t.Unreadable > 0 {
		v.Aside = "Ranges of time that cannot be read at present, and are tried again: " + grouped(t.Unreadable)
	}
	if t.Backfill != nil {
		v.Backfill = newBackfillView(*t.Backfill, now)
	}
	return v
}

func (v *tableView) addAudit(a *control.Audit, now time.Time) {
	switch {
	case a == nil:
		v.Audit = "–"
	case a.Last == nil:
		v.Audit = "none yet"
	default:
		var parts []string
		for _, part := range []struct {
			n    int
			what string
		}{{a.Missing, "missing"}, {a.Refused, "refused"}, {a.Recovered, "recovered"}} {
			if part.n > 0 {
				parts = append(parts, grouped(part.n)+" "+part.what)
			}
		}
		v.AuditBad = a.Missing+a.Refused > 0
		v.Audit, v.AuditFound, v.AuditAge = grouped(a.Matched)+" matched", strings.Join(parts, ", "), since(a.Last, now)
	}
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

// drops are those of a processor by reason and table, the most first. What a directory takes in is no drop.
func drops(p control.ProcessorStatus) []dropView {
	records := slices.DeleteFunc(slices.Clone(p.Records), func(c control.Count) bool {
		return c.Outcome != "dropped" || c.Records == 0 || c.Reason == "directory"
	})
	slices.SortStableFunc(records, func(a, b control.Count) int { return int(b.Records - a.Records) })
	var list []dropView
	for _, c := range records {
		list = append(list, dropView{p.ID, c.Table, strings.ReplaceAll(c.Reason, "_", " "), grouped(int(c.Records))})
	}
	return list
}

// The box of a chart.
const (
	chartWidth  = 120.0
	chartHeight = 28.0
)

func newChart(perMinute []int) chart {
	most, sum := 0, 0
	for _, rows := range perMinute {
		most, sum = max(most, rows), sum+rows
	}
	c := chart{Total: grouped(sum), Label: fmt.Sprintf("%s rows in the last hour, at most %s in a minute", grouped(sum), grouped(most))}
	if len(perMinute) < 2 {
		return c
	}
	points := make([]string, 0, len(perMinute))
	for i, rows := range perMinute {
		x := chartWidth * float64(i) / float64(len(perMinute)-1)
		y := chartHeight - 1 - (chartHeight-3)*float64(rows)/float64(max(most, 1))
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
	}
	c.Line = strings.Join(points, " ")
	c.Area = fmt.Sprintf("0,%.0f %s %.0f,%.0f", chartHeight, c.Line, chartWidth, chartHeight)
	return c
}

// grouped is a number with its thousands apart.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short is a duration as precise as it matters.
func short(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 10*time.Minute && d%time.Minute >= time.Second:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
	}
}

func since(t *time.Time, now time.Time) string {
	if t == nil {
		return "–"
	}
	return short(now.Sub(*t)) + " ago"
}

func until(t, now time.Time) string {
	if !t.After(now) {
		return "now"
	}
	return "in " + short(t.Sub(now))
}

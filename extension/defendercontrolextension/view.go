package defendercontrolextension

import (
	"fmt"
	"maps"
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
	Resolvers []resolverView
	Drops     []dropView
}

// resolverView is what writes to the tenant.
type resolverView struct {
	ID, Anchor string
	// Text says what it does, Numbers what it has done.
	Text, Numbers, Error string
	Stopped              bool
}

type receiverView struct {
	ID, Anchor string
	State      stateView
	Reason     reasonView
	Advice     string
	Troubles   []string
	Worker     string // a sentence; empty: there is one worker
	Standby    bool   // it does not run here
	Windows    []windowView
	Quota      string // a sentence if it is short, or the service asked to wait
	Expiry     expiryView
	Tables     []tableView
	Disabled   []string
	CanTest    bool
	Report     *reportView // nil: it makes none
}

// expiryView is when the credentials end; without a text it is not known.
type expiryView struct {
	Text string
	Soon bool
}

// reportView is of which days a report can be asked for.
type reportView struct {
	Yesterday, Today string
}

type windowView struct {
	Name, Figure string
	Percent      int // of the bar, at most 100
	Level        string
}

type dropView struct {
	Processor, Table, Reason, Records string
}

func newView(s control.Status, now time.Time) view {
	v := view{Version: s.Version, Time: s.Time.Format("2006-01-02 15:04:05") + " UTC"}
	var summary []string
	for i, r := range s.Receivers {
		shown := newReceiverView(i, r, now)
		v.Receivers = append(v.Receivers, shown)
		summary = append(summary, summarize(shown))
	}
	for i, r := range s.Resolvers {
		v.Resolvers = append(v.Resolvers, newResolverView(i, r))
	}
	v.Summary = strings.Join(summary, " ")
	for _, p := range s.Processors {
		v.Drops = append(v.Drops, drops(p)...)
	}
	return v
}

func newResolverView(index int, r control.ResolverStatus) resolverView {
	v := resolverView{ID: r.ID, Anchor: "resolver-" + strconv.Itoa(index), Stopped: r.Stopped, Error: r.LastError}
	switch {
	case r.Stopped:
		v.Text = "A user has stopped it: no alert is resolved."
	case r.Mode == "enabled":
		v.Text = "It resolves alerts of security tests in the tenant."
	default:
		v.Text = "A dry run: it says which alerts it would resolve, and writes nothing."
	}
	v.Numbers = grouped(r.Pending) + " alerts wait"
	for _, result := range slices.Sorted(maps.Keys(r.Decisions)) {
		v.Numbers += ", " + grouped(int(r.Decisions[result])) + " " + strings.ReplaceAll(result, "_", " ")
	}
	v.Numbers += " since its start."
	return v
}

// summarize is a sentence about a receiver, which changes only when a state does.
func summarize(r receiverView) string {
	var text strings.Builder
	text.WriteString(r.ID + ": " + r.State.Label + ".")
	for _, t := range r.Tables {
		if t.State.Name != string(control.Running) && t.State.Name != string(control.WaitingQuota) {
			text.WriteString(" " + t.Name + ": " + strings.TrimSpace(t.State.Label+" "+t.Reason.Text) + ".")
		}
	}
	return text.String()
}

func newReceiverView(index int, r control.ReceiverStatus, now time.Time) receiverView {
	v := receiverView{
		ID: r.ID, Anchor: "receiver-" + strconv.Itoa(index), State: stateOf(r.State), Troubles: r.Troubles,
		Reason: newReceiverReason(r), Quota: quotaSentence(r.Quota, now), Expiry: newExpiryView(r.Credentials.Expires, now), CanTest: r.CanTest,
		Worker: workerSentence(r.Lease), Standby: r.State == control.Standby,
	}
	if r.CanReport {
		v.Report = &reportView{Today: now.UTC().Format(time.DateOnly), Yesterday: now.UTC().AddDate(0, 0, -1).Format(time.DateOnly)}
	}
	for _, w := range r.Quota.Windows {
		v.Windows = append(v.Windows, newWindowView(w))
	}
	for _, t := range r.Tables {
		if t.State == control.Disabled {
			v.Disabled = append(v.Disabled, t.Name)
			continue
		}
		table := newTableView(v.Anchor, t, now)
		if r.Reason != "" && r.Reason != control.ReasonUser {
			// It is said once, of the whole receiver.
			v.Advice, table.Detail.Advice, table.Detail.Error = table.Detail.Advice, "", ""
		}
		if advice := stateAdvice[t.State]; v.Advice == "" {
			v.Advice = advice
		}
		v.Tables = append(v.Tables, table)
	}
	return v
}

// Checked is the title of what shows that nothing is missing.
func (v receiverView) Checked() string {
	if slices.ContainsFunc(v.Tables, func(t tableView) bool { return t.Kind == "container" }) {
		return "Blobs"
	}
	return "Last audit"
}

// workerSentence says which worker runs a receiver.
func workerSentence(lease *control.Lease) string {
	switch {
	case lease == nil:
		return ""
	case lease.Worker == "":
		return "No worker runs it at this moment."
	case lease.Here:
		return fmt.Sprintf("It runs on this worker, %s, since %s UTC (term %d).", lease.Worker, lease.Since.UTC().Format("2006-01-02 15:04:05"), lease.Epoch)
	default:
		return fmt.Sprintf("It runs on worker %s since %s UTC (term %d). Its status page shows its tables.",
			lease.Worker, lease.Since.UTC().Format("2006-01-02 15:04:05"), lease.Epoch)
	}
}

// newReceiverReason is why a receiver is paused, else how many of its tables run.
func newReceiverReason(r control.ReceiverStatus) reasonView {
	if r.Reason == "" && r.State != control.Standby {
		return stateCount(r.Tables)
	}
	return reasonView{Text: reasons[r.Reason].label, Bad: r.Reason != control.ReasonUser}
}

func newExpiryView(expires *time.Time, now time.Time) expiryView {
	if expires == nil {
		return expiryView{}
	}
	v := expiryView{
		Text: "Credentials end " + expires.UTC().Format(time.DateOnly) + " (" + until(*expires, now) + ")",
		Soon: expires.Sub(now) < 14*24*time.Hour,
	}
	if expires.Before(now) {
		v.Text = "Credentials ended " + expires.UTC().Format(time.DateOnly)
	}
	return v
}

// stateAdvice is said once of a receiver that has such a table.
var stateAdvice = map[control.State]string{
	control.BackingOff: "A table that backs off tries again by itself, after growing pauses. No rows are lost: its cursor waits.",
	control.Refused: "The pipeline or the storage takes nothing at present: look at the exporter's log and the disk. No rows are lost: the cursors wait, " +
		"and it is tried again.",
}

// stateCount says how many tables run, if not all do. It is bad if a table is in trouble.
func stateCount(tables []control.Table) reasonView {
	running, all, bad := 0, 0, false
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
		return reasonView{}
	}
	return reasonView{fmt.Sprintf("%d of %d tables run", running, all), bad}
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

package pivot

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Rules are how the context of alerts is looked for.
type Rules struct {
	// MinSeverity is the least severity, in Graph's words.
	MinSeverity string
	// Delays are the times of the rounds after the evidence came.
	Delays []time.Duration
	// Before and After bound the rows around the activity.
	Before, After time.Duration
	// Tables are asked in this order.
	Tables []*tables.Table
	// MaxRows of an alert.
	MaxRows int
	// Fallback are the relations that are looked for beside self and child.
	Fallback []Relation
}

// Severities are Graph's words, the least first.
var Severities = []string{"unknown", "informational", "low", "medium", "high"}

const (
	// longestSpan is the most time that one query looks at.
	longestSpan = 24 * time.Hour
	// aroundDevice is the time around an activity in which everything on a device is asked for.
	aroundDevice = 5 * time.Minute
	// mostDevices bounds the devices on which an address or a person is looked for.
	mostDevices = 5
	// retention is how long the service keeps rows.
	retention = tables.Retention
)

// Takes reports whether an alert is severe enough, and not so old that no row is left.
func (r Rules) Takes(a Alert, now time.Time) bool {
	if a.ID == "" || a.Last.Before(now.Add(-retention)) {
		return false
	}
	// A severity that is not known here is new: it may be a high one.
	severity := slices.Index(Severities, strings.ToLower(a.Severity))
	return severity < 0 || severity >= slices.Index(Severities, r.MinSeverity)
}

// tasks are those of all evidence of an alert.
func (r Rules) tasks(a Alert, now time.Time) []Task {
	devices, platforms := a.devices()
	var tasks []Task
	for _, e := range a.Evidence {
		if !r.looksFor(e.Kind) {
			continue
		}
		on := []string{device(e.Device)}
		if e.Device == "" && e.Kind.anywhere() {
			on = devices
		}
		for _, id := range on {
			t := Task{Kind: e.Kind, Device: id, Process: e.Process, Value: shaped(e.Kind, e.Value), Base: now, Coarse: coarse(platforms[id])}
			tasks = append(tasks, r.timed(a, e, t)...)
		}
	}
	oldest := now.Add(-retention)
	return slices.DeleteFunc(tasks, func(t Task) bool { return !t.possible() || t.To.Before(oldest) })
}

// looksFor reports whether rows of a kind are looked for.
func (r Rules) looksFor(kind Kind) bool {
	return kind == Running || slices.Contains(r.Fallback, relations[kind])
}

// anywhere reports whether evidence of a kind names no device, so that it is looked for on those of the alert.
func (k Kind) anywhere() bool {
	return k == File || k == Address || k == Host || k == User || k == Account
}

// possible reports whether a task can find what it means, and nothing else.
func (t Task) possible() bool {
	switch {
	case t.Device == "":
		return false
	case t.Kind == Running, t.Kind == Created, t.Kind == Parent:
		return t.known()
	case t.Kind == Device:
		return true
	}
	return t.Value != ""
}

// timed gives a task its time, and the first round's. A process that began long before the activity has its creation asked
// for apart.
func (r Rules) timed(a Alert, e Evidence, t Task) []Task {
	from, to := r.activity(a, e)
	t.Due = t.Base.Add(r.Delays[0])
	switch t.Kind {
	case Parent:
		t.From, t.To = t.Created.Add(-r.Before), t.Created.Add(r.Before)
		return []Task{t}
	case Device:
		t.From, t.To = from.Add(-aroundDevice), to.Add(aroundDevice)
		return []Task{t}
	}
	t.From, t.To = from.Add(-r.Before), to.Add(r.After)
	if t.Kind != Running || !t.known() {
		return []Task{t}
	}
	began := t.Created.Add(-r.Before)
	if !began.Before(t.From) || t.To.Sub(began) <= longestSpan {
		t.From = earlier(t.From, began)
		return []Task{t}
	}
	creation := t
	creation.Kind, creation.From, creation.To = Created, began, t.Created.Add(r.Before)
	return []Task{t, creation}
}

// activity is the time of the activity that evidence stands for: the alert's, if that is short. Of a long one it is when the
// process was created or the evidence was attached.
func (r Rules) activity(a Alert, e Evidence) (from, to time.Time) {
	from, to = a.First, a.Last
	created := e.Process.Created
	if e.Kind == Parent {
		created = time.Time{}
	}
	if longest := longestSpan - r.Before - r.After; to.Sub(from) > longest {
		at := e.Attached
		if !created.Before(from) && !created.After(to) {
			at = created
		}
		at = earlier(later(at, from), to)
		from, to = at, at
	}
	if created.After(to) && created.Sub(from) <= longestSpan-r.Before-r.After {
		to = created
	}
	return from, to
}

// devices are those of all evidence, and the platforms of those that say it.
func (a Alert) devices() (ids []string, platforms map[string]string) {
	platforms = map[string]string{}
	for _, e := range a.Evidence {
		id := device(e.Device)
		if id == "" {
			continue
		}
		if e.platform != "" {
			platforms[id] = e.platform
		}
		if !slices.Contains(ids, id) && len(ids) < mostDevices {
			ids = append(ids, id)
		}
	}
	return ids, platforms
}

// coarse reports whether a platform may write times of processes in steps of 10 ms. One that is not known may.
func coarse(platform string) bool {
	return !strings.HasPrefix(platform, "Windows") && !strings.HasPrefix(platform, "mac")
}

// finds reports whether rows of a table can be found by a kind.
func finds(kind Kind, t *tables.Table) bool {
	for _, column := range columnsOf(kind, t) {
		if _, has := t.Schema.Column(column); has {
			return true
		}
	}
	return false
}

// columnsOf are the columns by which rows of a kind are found, those of a process without its times.
func columnsOf(kind Kind, t *tables.Table) []string {
	switch kind {
	case Running:
		return []string{processID, initiatingID}
	case Created, Parent:
		if t.Name == processTable {
			return []string{processID}
		}
	case File:
		return []string{"SHA1", "SHA256", "InitiatingProcessSHA1", "InitiatingProcessSHA256"}
	case Address:
		return []string{"RemoteIP"}
	case Host:
		return []string{"RemoteUrl"}
	case User:
		return []string{"AccountSid", "InitiatingProcessAccountSid", "RequestAccountSid"}
	case Account:
		return []string{"AccountName"}
	case Device:
		return []string{deviceID}
	}
	return nil
}

// The columns that tell processes apart, and the table of their creation.
const (
	processTable      = "DeviceProcessEvents"
	deviceID          = "DeviceId"
	processID         = "ProcessId"
	processCreated    = "ProcessCreationTime"
	initiatingID      = "InitiatingProcessId"
	initiatingCreated = "InitiatingProcessCreationTime"
)

// Suits reports whether rows of a table can be found by the evidence of alerts.
func Suits(t *tables.Table) bool {
	return t.Kind == tables.Events && t.Source == tables.Hunting && t.Schema != nil && finds(Device, t) && finds(Running, t)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

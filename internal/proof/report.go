package proof

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Version is that of the report's JSON form.
const Version = 1

// Report is a day of a receiver.
type Report struct {
	Version  int    `json:"version"`
	Receiver string `json:"receiver"`
	// Worker is the one that runs the receiver; empty: there is only one, or it is not known.
	Worker   string    `json:"worker,omitempty"`
	TenantID string    `json:"tenant_id"`
	Day      Day       `json:"day"`
	Made     time.Time `json:"made"`
	Tables   []Table   `json:"tables"`
	// Drops are what processors dropped of the rows; nil: no processor was asked.
	Drops   *Drops  `json:"drops,omitempty"`
	Journal Journal `json:"journal"`
}

// Table is what is known of a table's day.
type Table struct {
	Name string `json:"name"`
	// Parts are what audits say. There is none if the day was never audited.
	Parts []Part `json:"parts"`
}

// Part is the rows of a table that one lane reads along one time. Parts are not summed up: a row may lie in a part by its
// arrival, and in another one by its event's time.
type Part struct {
	// Lane is "backfill" for what had come before the receiver was first started, and empty for all that came later.
	Lane string `json:"lane,omitempty"`
	// TimeBasis is the time that the day means: "ingestion_time" (arrival) or "event_time".
	TimeBasis string `json:"time_basis"`
	Counts
	// Left is what filters left on the server; nil: it was not counted.
	Left *Left `json:"left_on_server,omitempty"`
	// Audits is the number of complete audits that counted some of the day, LastAudit the end of the last one.
	Audits    int       `json:"audits"`
	LastAudit time.Time `json:"last_audit"`
	// NotAudited are the times of the day that no complete audit has counted. Nothing is known of them.
	NotAudited []Gap `json:"not_audited"`
}

// Counts are rows that the service counts, by what became of them.
type Counts struct {
	Counted     int `json:"counted"`
	Delivered   int `json:"delivered"`    // in their time
	Recovered   int `json:"recovered"`    // delivered after an audit had found them
	RefusedKept int `json:"refused_kept"` // by the pipeline for good; they are in the dead letters
	RefusedLost int `json:"refused_lost"` // by the pipeline for good, while there was no place for dead letters
	Missing     int `json:"missing"`      // the service counts them and, asked again without an error, does not give them
	SetAside    int `json:"set_aside"`    // lie in ranges that cannot be read, which are tried again
}

// Refused is what the pipeline refused for good.
func (c Counts) Refused() int { return c.RefusedKept + c.RefusedLost }

// SetWorker says which worker runs the receiver.
func (r *Report) SetWorker(name string) { r.Worker = name }

// maker is the end of a sentence about when the report was made.
func (r *Report) maker() string {
	if r.Worker == "" {
		return ""
	}
	return ", on worker " + r.Worker
}

// AddUp reports whether each counted row is in exactly one of the others.
func (c Counts) AddUp() bool {
	return c.Counted == c.Delivered+c.Recovered+c.Refused()+c.Missing+c.SetAside
}

// Left is what filters left on the server, of the whole day.
type Left struct {
	// System are rows of system accounts alone (human_accounts_only), Filter those that the table's own filter leaves out.
	System int `json:"human_accounts_only"`
	Filter int `json:"filter"`
	// Counted is when they were counted, by the filters of that time.
	Counted time.Time `json:"counted"`
}

// Gap is a time of a day that no complete audit has counted.
type Gap struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason GapReason `json:"reason"`
}

// GapReason says why nothing is known of a time.
type GapReason string

const (
	// OutsideLane is before the lane's beginning, or behind the end of history: rows of this time are none of the lane's.
	OutsideLane GapReason = "outside_lane"
	// NotYet is later than the last complete audit.
	NotYet GapReason = "not_yet"
	// NeverAudited is everything else: the collector stood, or was behind by more than the audit's window.
	NeverAudited GapReason = "never_audited"
)

// Drops are what processors dropped, by the day of the row as Part.TimeBasis has it.
type Drops struct {
	// Since is from when on drops are known. What was dropped before is not in Reasons.
	Since   time.Time `json:"known_since"`
	Reasons []Drop    `json:"reasons"`
}

// Drop is the number of rows of a table that one processor dropped for one reason.
type Drop struct {
	Processor string `json:"processor"`
	Table     string `json:"table"`
	Reason    string `json:"reason"`
	Rows      int    `json:"rows"`
}

// Journal says whether what the report was made from is what audits wrote.
type Journal struct {
	// Head is the hash over all complete audits, each with the one before it; empty: there was none yet. A later report
	// has another one.
	Head string `json:"head"`
	// Entries is the number of complete audits in the chain.
	Entries int `json:"entries"`
	// Intact: nothing was changed, removed or exchanged since it was written. Problems says what was.
	Intact   bool     `json:"intact"`
	Problems []string `json:"problems,omitempty"`
}

// Verdict is what a report comes to.
type Verdict string

const (
	// Delivered: each row that the service counts was delivered or is in the dead letters, and the whole day was counted.
	Delivered Verdict = "delivered"
	// Unknown: some of the day was not counted.
	Unknown Verdict = "unknown"
	// Undelivered: rows are missing, lost or in ranges that cannot be read.
	Undelivered Verdict = "undelivered"
	// Changed: the journal is not what was written.
	Changed Verdict = "changed"
)

// Verdict is the gravest of what the report says.
func (r *Report) Verdict() Verdict {
	switch {
	case !r.Journal.Intact:
		return Changed
	case slices.ContainsFunc(r.Tables, func(t Table) bool { return slices.ContainsFunc(t.Parts, Part.undelivered) }):
		return Undelivered
	case len(r.Tables) == 0 || slices.ContainsFunc(r.Tables, Table.unknown):
		return Unknown
	default:
		return Delivered
	}
}

func (p Part) undelivered() bool { return p.Missing+p.RefusedLost+p.SetAside > 0 }

func (t Table) unknown() bool { return len(t.Parts) == 0 || slices.ContainsFunc(t.Parts, Part.unknown) }

func (p Part) unknown() bool {
	return slices.ContainsFunc(p.NotAudited, func(g Gap) bool { return g.Reason != OutsideLane })
}

// Day is a day of UTC, as 2026-11-21.
type Day string

var errDay = errors.New("a day is written as YYYY-MM-DD")

// ParseDay reads a day.
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("%q: %w, e.g. 2026-11-21", s, errDay)
	}
	return Day(s), nil
}

// DayOf is the day of an instant.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Start is the day's first instant.
func (d Day) Start() time.Time {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return at
}

// End is the first instant after the day.
func (d Day) End() time.Time { return d.Start().AddDate(0, 0, 1) }

package diagnosis

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Severity is what a check, or a whole test, means for the running of the receiver.
type Severity int

// The severities. Their numbers are the exit statuses of defenderctl test.
const (
	Fine    Severity = iota // nothing to do
	Warning                 // the receiver runs, with loss, gaps or delays
	Fatal                   // the receiver cannot read anything
)

var severityNames = []string{"fine", "warning", "fatal"}

func (s Severity) String() string {
	if s < Fine || s > Fatal {
		return fmt.Sprintf("severity %d", int(s))
	}
	return severityNames[s]
}

// MarshalText writes fine, warning or fatal.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	for i, name := range severityNames {
		if name == string(text) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no severity: fine, warning or fatal", text)
}

// Group is the part of a test that a check belongs to.
type Group string

// The groups, in the order in which they are walked.
const (
	Connection Group = "connection" // settings, proxy, DNS, TCP, TLS
	Access     Group = "access"     // token, roles, clock, a first query
	Tables     Group = "tables"     // each enabled table and feed
	Containers Group = "containers" // each container of the storage export
)

// Outcome is what a check found, as a word for programs. The words do not change.
type Outcome string

// The outcomes.
const (
	OK            Outcome = "ok"
	Skipped       Outcome = "skipped"        // an earlier failure left nothing to look at
	BadSettings   Outcome = "bad_settings"   // the receiver's configuration or a file that it names
	Unresolved    Outcome = "unresolved"     // no address for a host's name
	Unreachable   Outcome = "unreachable"    // no connection, or it broke
	TimedOut      Outcome = "timed_out"      // no answer in time
	Untrusted     Outcome = "untrusted"      // a certificate that is not trusted, of another host, or not valid today
	Intercepted   Outcome = "intercepted"    // something on the way opens TLS
	WrongService  Outcome = "wrong_service"  // something else answers in the service's place
	ProxyRefused  Outcome = "proxy_refused"  // the proxy wants a login or opens no tunnel
	Credentials   Outcome = "credentials"    // Entra ID refuses the credentials
	NoPermission  Outcome = "permission"     // an app role is missing
	NoLicence     Outcome = "licence"        // the tenant has no advanced hunting
	NotInPlan     Outcome = "not_in_plan"    // the tenant has no such table
	UnknownColumn Outcome = "unknown_column" // the table lacks a column that the query names
	BadQuery      Outcome = "bad_query"      // the service does not take the query, mostly because of tables::X::filter
	Throttled     Outcome = "throttled"      // the tenant's quota is used up for the moment
	QuotaSpent    Outcome = "quota_spent"    // the receiver's own share is used up for the moment
	ServiceFailed Outcome = "service_failed" // an outage of the service
	Empty         Outcome = "empty"          // the table has no recent rows
	NoArrival     Outcome = "no_arrival"     // the service does not say when rows arrived
	NoContainer   Outcome = "no_container"   // the storage export has made no container of the table
	Stale         Outcome = "stale"          // the storage export has written nothing lately
	TooMany       Outcome = "too_many"       // a container has more blobs than a test looks at
	WrongClock    Outcome = "wrong_clock"    // this machine's clock differs from the service's
	Failed        Outcome = "failed"         // any other error
)

// Check is one thing that was looked at. Detail and Remedy hold no secrets.
type Check struct {
	Group Group `json:"group"`
	// Name is what was looked at: settings, proxy, dns, connect, tls, token, roles, query, clock, devices, table, feed; of the
	// storage export list, read, container, export, tables.
	Name string `json:"name"`
	// Subject is the host, the table (of a container, too) or the feed; empty where there is only one of the name.
	Subject  string   `json:"subject,omitempty"`
	Outcome  Outcome  `json:"outcome"`
	Severity Severity `json:"severity"`
	// Detail says in a sentence what was found.
	Detail string `json:"detail"`
	// Remedy says what to do about it; empty where there is nothing to do.
	Remedy string `json:"remedy,omitempty"`
	// Rows is how many recent rows a table has; nil where they were not counted.
	Rows     *int64  `json:"rows,omitempty"`
	Duration Seconds `json:"duration_seconds"`
}

// Seconds is a duration that JSON shows as seconds, to the millisecond.
type Seconds time.Duration

// MarshalJSON writes a number of seconds.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(math.Round(time.Duration(s).Seconds()*1000) / 1000)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return fmt.Errorf("read a number of seconds: %w", err)
	}
	*s = Seconds(math.Round(seconds * float64(time.Second)))
	return nil
}

// Result is a whole test of one receiver.
type Result struct {
	// Receiver is the component's id, e.g. defender/acme.
	Receiver string    `json:"receiver"`
	Started  time.Time `json:"started"`
	Duration Seconds   `json:"duration_seconds"`
	// Severity is the worst of the checks'.
	Severity Severity `json:"severity"`
	// Devices is how many devices the tenant has shown lately; nil if they could not be counted.
	Devices *int64 `json:"devices"`
	// RecentEvents is how many rows the enabled event tables have taken in lately; nil if none could be counted.
	RecentEvents *int64 `json:"recent_events"`
	// RecentHours is what "lately" means for RecentEvents and the tables' Rows.
	RecentHours int `json:"recent_hours"`
	// Queries is how many requests of the tenant's hunting quota the test has spent.
	Queries int     `json:"queries"`
	Checks  []Check `json:"checks"`
	// Export is what the storage account has; nil for a receiver that sends queries.
	Export *Export `json:"export,omitempty"`
}

// Export is what a storage account has for a receiver, as far as its containers were listed.
type Export struct {
	Containers int   `json:"containers"`
	Blobs      int64 `json:"blobs"`
	Bytes      int64 `json:"bytes"`
	// Newest is when a blob grew last; nil: there is none with rows.
	Newest *time.Time `json:"newest"`
	// Requests are those that the test has sent to the account, which bills them.
	Requests int `json:"requests"`
}

// Add takes a check in and keeps the result's severity at the worst.
func (r *Result) Add(c Check) {
	r.Checks = append(r.Checks, c)
	r.Severity = max(r.Severity, c.Severity)
}

// Count is the number of checks of a severity.
func (r *Result) Count(s Severity) int {
	n := 0
	for i := range r.Checks {
		if r.Checks[i].Severity == s {
			n++
		}
	}
	return n
}

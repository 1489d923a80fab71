package control

import "time"

// State is what a table, or a whole receiver, does.
type State string

// The states.
const (
	Running      State = "running"
	WaitingQuota State = "waiting_quota" // the quota is used up, or the service throttles
	BackingOff   State = "backing_off"   // after a failure
	Refused      State = "refused"       // the pipeline takes nothing, or cursors cannot be stored
	Paused       State = "paused"
	Disabled     State = "disabled" // by the configuration
	// Standby is the state of a receiver that another worker runs.
	Standby State = "standby"
)

// ReasonUser is why a table is paused that a user has paused.
const ReasonUser = "user"

// Status is everything that is shown. A time that is not known is null; durations are in seconds.
type Status struct {
	Version    string            `json:"version"`
	Time       time.Time         `json:"time"` // of this machine
	Receivers  []ReceiverStatus  `json:"receivers"`
	Processors []ProcessorStatus `json:"processors"`
	Resolvers  []ResolverStatus  `json:"resolvers"`
}

// ReceiverStatus is a receiver's part.
type ReceiverStatus struct {
	ID string `json:"id"`
	// State is that of the receiver as a whole: running as long as one of its tables is. Reason is why all are paused.
	State  State  `json:"state"`
	Reason string `json:"reason"`
	// Troubles are the present ones, one line for each cause, with what can be done about it.
	Troubles    []string    `json:"troubles"`
	Quota       Quota       `json:"quota"`
	Credentials Credentials `json:"credentials"`
	Tables      []Table     `json:"tables"` // and feeds
	// Lease says which worker runs the receiver; null: there are no others.
	Lease *Lease `json:"lease"`
	// CanTest and CanReport say what the receiver offers beside commands.
	CanTest   bool `json:"can_test"`
	CanReport bool `json:"can_report"`
}

// Quota is what a receiver has spent of its share of the tenant's quota.
type Quota struct {
	Share        float64    `json:"share"`         // of the tenant's figures
	Short        bool       `json:"short"`         // it does not suffice for all tables
	BlockedUntil *time.Time `json:"blocked_until"` // the service asked to wait
	BlockedBy    string     `json:"blocked_by"`
	Windows      []Window   `json:"windows"`
}

// Window is one figure of the quota. Used and Limit are requests, or seconds of CPU.
type Window struct {
	Resource string  `json:"resource"` // requests or cpu
	Window   string  `json:"window"`   // 1m, 15m, 1h, 24h
	Used     float64 `json:"used"`
	Limit    float64 `json:"limit"` // the receiver's share
	Ratio    float64 `json:"ratio"`
}

// Credentials says until when the receiver can prove who it is. It holds no secret.
type Credentials struct {
	Method  string     `json:"method"` // e.g. client_secret; empty if another component authenticates
	Expires *time.Time `json:"expires"`
}

// Table is a table or feed.
type Table struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"` // table, directory, feed or container
	State State  `json:"state"`
	// Reason is why it is paused: user, failures, credentials, permission, not_in_plan, ...
	Reason string `json:"reason"`
	Lane   string `json:"lane"` // live; the lane of history is Backfill
	// CompleteUntil is up to when all rows were delivered, on the service's clock; of a container: when the last list began after
	// which nothing was unread.
	CompleteUntil *time.Time `json:"complete_until"`
	LagSeconds    *float64   `json:"lag_seconds"`
	Rows
	Polls
	Unreadable  int         `json:"ranges_aside"` // ranges that are passed over and tried again
	Audit       *Audit      `json:"audit"`        // null: it is not audited
	DeadLetters DeadLetters `json:"dead_letters"`
	Backfill    *Backfill   `json:"backfill"` // null: no history is read
	Blobs       *Blobs      `json:"blobs"`    // null: it is no container of the storage export
}

// Blobs are those of a container of the storage export, as far as they were heard of. What is counted is so since the
// receiver's start.
type Blobs struct {
	Container    string     `json:"container"` // its name in the account
	Number       int        `json:"number"`
	BytesUnread  int64      `json:"bytes_unread"`
	UnreadSince  *time.Time `json:"unread_since"`  // since when the oldest unread byte is there; null: nothing is unread
	LastGrowth   *time.Time `json:"last_growth"`   // when one of them grew last
	LastList     *time.Time `json:"last_list"`     // when the last complete list began
	BytesLost    int64      `json:"bytes_lost"`    // deleted before they were read
	RowsRepeated int        `json:"rows_repeated"` // handed on before, and left out
	LinesBroken  int        `json:"lines_broken"`  // no rows; handed on as texts
}

// Rows are those that a table had since the receiver's start, in both lanes.
type Rows struct {
	RowsDelivered int `json:"rows_delivered"`
	RowsRefused   int `json:"rows_refused"`
	// RowsPerMinute are the rows that were delivered in each of the last 60 minutes, the present one last.
	RowsPerMinute []int `json:"rows_per_minute"`
}

// Polls is how a table is polled.
type Polls struct {
	Interval            float64    `json:"poll_interval_seconds"`
	LastPoll            *time.Time `json:"last_poll"`
	NextPoll            *time.Time `json:"next_poll"`
	LastError           string     `json:"last_error"` // empty once a poll has succeeded
	ConsecutiveFailures int        `json:"consecutive_failures"`
}

// Audit is the last complete audit of a table.
type Audit struct {
	Matched   int        `json:"matched"`
	Recovered int        `json:"recovered"`
	Refused   int        `json:"refused"`
	Missing   int        `json:"missing"`
	Last      *time.Time `json:"last"` // when it ended; null: there was none since the start
}

// DeadLetters are the refused rows since the receiver's start that were kept, or could not be.
type DeadLetters struct {
	Written int `json:"written"`
	Failed  int `json:"failed"`
}

// Backfill is the lane of a table that reads history.
type Backfill struct {
	State         State      `json:"state"`
	Reason        string     `json:"reason"`
	LastError     string     `json:"last_error"`
	Progress      float64    `json:"progress"` // 0 to 1
	Done          bool       `json:"done"`
	Ends          *time.Time `json:"ends"` // the forecast; null while there is none
	RowsDelivered int        `json:"rows_delivered"`
}

// ProcessorStatus is what a processor has done with records since its start.
type ProcessorStatus struct {
	ID      string  `json:"id"`
	Records []Count `json:"records"`
}

// Count is a number of records.
type Count struct {
	Table   string `json:"table"`
	Outcome string `json:"outcome"` // mapped, dropped or passed
	Reason  string `json:"reason"`
	Records int64  `json:"records"`
}

// Lease says which worker runs a receiver, where several share the receivers of one configuration.
type Lease struct {
	Receiver string    `json:"-"`
	Worker   string    `json:"worker"` // empty: none, at present
	Here     bool      `json:"here"`   // it is the worker that answers
	Epoch    int64     `json:"epoch"`
	Since    time.Time `json:"since"`
}

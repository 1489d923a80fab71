package tables

import (
	"slices"
	"time"
)

// Retention is how long the service keeps rows.
const Retention = 30 * 24 * time.Hour

// Kind says how a table is read and what becomes of its rows.
type Kind uint8

const (
	// Events are rows that happened once: read in order of arrival, each delivered.
	Events Kind = iota
	// Alerts are AlertInfo and AlertEvidence rows joined on the server.
	Alerts
	// Directory rows describe devices and people; the processor keeps the newest of each.
	Directory
	// Passed rows are read whole, with whatever columns the service has, in order of arrival, and are passed on as they
	// came. They become no events.
	Passed
)

// Source is where a table is read.
type Source uint8

const (
	// Hunting is the hunting API.
	Hunting Source = iota
	// Graph is a collection of Microsoft Graph. Its columns have Graph's names.
	Graph
)

// Columns that the project itself reads.
const (
	TimestampColumn  = "Timestamp"
	ReportIDColumn   = "ReportId"
	AlertUsersColumn = "AlertUsers"
)

// Table is what the receiver polls and a user configures.
type Table struct {
	Name         string // the key under `tables`, and the attribute microsoft.defender.table
	Kind         Kind
	Source       Source
	Priority     int           // 1 is served first
	PollInterval time.Duration // 0: the receiver's poll_interval
	Schema       *Schema       // where its columns are declared; of Alerts, the evidence side
	Info         *Schema       // Alerts only: the side that names the alert

	// Identity are the columns that tell one row from another, ReportId among them. Nil, and a row whose ReportId is
	// missing: the whole row does.
	Identity []string
	// Key is the column whose newest row counts; directories only.
	Key string
	// Whole is a column that is empty in partial rows, which do not replace what is known; directories
	// only, empty if all rows are whole.
	Whole string
	// Accounts in the order in which they are asked who acted.
	Accounts []Account
	// AccountActions are beginnings of the ActionTypes of events about accounts. In those the first of Accounts is what
	// was changed, not who changed it.
	AccountActions []string
	// rowBytes is about how many bytes a row of the default projection has in an answer; 0: as its columns let one expect.
	rowBytes int
	// Extra are columns read beside those that identity, accounts and event need.
	Extra []string
	// Event is what the TOTAL event takes; nil where rows become none.
	Event *Event
}

// Account names the columns of one account. An empty name: the table has no such column.
type Account struct {
	Domain, Name, SID, UPN, ObjectID string
	// RemoteOnly accounts count only where the row's RequestProtocol names a network protocol.
	RemoteOnly bool
	// Initiating is the account of the process that did what the row tells.
	Initiating bool
}

func (a Account) columns() []string {
	return []string{a.Domain, a.Name, a.SID, a.UPN, a.ObjectID}
}

// Event declares a TOTAL event.
type Event struct {
	Type        string   // AUTH, ENDPOINT, NETWORK, DATA_ACCESS, ALERT
	PlatformID  string   // the column of platform_event_id
	Payload     []Field  // in the order of the contract, after `user`
	RawMetadata []string // columns, each under its snake_case name
	// RemoteOnly are columns that count only where the row's RequestProtocol names a network protocol.
	RemoteOnly []string
}

// Field is one key of a payload.
type Field struct {
	Key, Column string
	Parse       bool // the column holds JSON text that the payload shows parsed
}

// EventName is the record's EventName, e.g. microsoft.defender.device_logon_events.
func (t *Table) EventName() string { return EventName(t.Name) }

// EventName is the EventName of records of any table, also of one that is not declared.
func EventName(table string) string { return "microsoft.defender." + SnakeCase(table) }

// columnBytes is what a column takes in an answer, with its name.
const columnBytes = 45

// RowBytes is about how many bytes a row has in an answer, before one has come that tells.
func (t *Table) RowBytes() int {
	if t.rowBytes > 0 {
		return t.rowBytes
	}
	return columnBytes * len(t.Columns())
}

// Sources are the service's tables that t reads.
func (t *Table) Sources() []*Schema {
	if t.Info != nil {
		return []*Schema{t.Info, t.Schema}
	}
	return []*Schema{t.Schema}
}

// Columns is the default projection: all columns that identity, accounts, event and extras name, in
// the service's order. Of Alerts it holds those of AlertInfo too, after the evidence's. Of a table that is read whole it
// is what is known of its columns.
func (t *Table) Columns() []Column {
	if t.Kind == Passed {
		return slices.Clone(t.Schema.Columns)
	}
	wanted := append([]string{TimestampColumn, t.Key}, t.Identity...)
	wanted = append(wanted, t.Extra...)
	for _, a := range t.Accounts {
		wanted = append(wanted, a.columns()...)
	}
	if t.Event != nil {
		wanted = append(wanted, t.Event.RawMetadata...)
		wanted = append(wanted, t.Event.PlatformID)
		for _, f := range t.Event.Payload {
			wanted = append(wanted, f.Column)
		}
	}
	var columns []Column
	seen := map[string]bool{}
	for _, s := range []*Schema{t.Schema, t.Info} {
		if s == nil {
			continue
		}
		for _, c := range s.Columns {
			if slices.Contains(wanted, c.Name) && !seen[c.Name] {
				seen[c.Name] = true
				columns = append(columns, c)
			}
		}
	}
	return columns
}

// Column looks a column up in all of t's sources.
func (t *Table) Column(name string) (Column, bool) {
	if t.Kind == Alerts && name == AlertUsersColumn {
		return Column{Name: AlertUsersColumn, Type: Dynamic}, true
	}
	for _, s := range t.Sources() {
		if c, ok := s.Column(name); ok {
			return c, true
		}
	}
	return Column{}, false
}

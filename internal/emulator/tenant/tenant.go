package tenant

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// Tenant is the company and its tables. It is safe for concurrent use.
type Tenant struct {
	cfg     Config
	domain  string // the Windows domain
	company string
	people  []*Person
	fleet   fleet
	roster  roster
	service []serviceAccount
	tables  map[string]*table
}

var _ engine.Database = (*Tenant)(nil)

// table is one table of the service, computed.
type table struct {
	tenant  *Tenant
	key     uint64
	since   int64 // rows were ingested from this tick on
	columns []engine.Column
	values  []valueFunc
	streams []*stream
	kind    tableKind
}

// Table implements engine.Database; names are case-sensitive, as in Kusto.
func (t *Tenant) Table(name string) (engine.Table, bool) {
	tab, ok := t.tables[name]
	if !ok {
		return nil, false
	}
	return tab, true
}

// People are all who work in the company. Accounts that exist on one device only are not among them.
func (t *Tenant) People() []Person {
	people := make([]Person, len(t.people))
	for i, p := range t.people {
		people[i] = *p
	}
	return people
}

// Columns implements engine.Table.
func (t *table) Columns() []engine.Column { return slices.Clone(t.columns) }

// Since is when the tenant's history begins.
func (t *Tenant) Since() time.Time { return t.cfg.Start.Add(-t.cfg.History) }

package tenant

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
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

// The directories' rows recur within a day. Whatever the history, a client finds each person once.
const directoryHistory = 25 * time.Hour

// New builds the people and devices; no row is computed. Errors name the field of Config.
func New(cfg Config) (*Tenant, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	t := &Tenant{cfg: cfg, domain: cfg.windowsDomain(), company: cfg.company(), tables: map[string]*table{}}
	t.people = newPeople(cfg)
	t.service = newServiceAccounts(cfg)
	t.fleet = newFleet(cfg, t.people)
	t.roster = newRoster(cfg.Seed, t.people)
	since := value.Ticks(cfg.Start.Add(-cfg.History))
	for _, s := range tables.Schemas() {
		kind, ok := tableKinds[s.Name]
		if !ok {
			continue
		}
		tab := &table{tenant: t, key: deriveText(cfg.Seed, s.Name), since: since, kind: kind, columns: Columns(s)}
		if kind.directory {
			tab.since = value.Ticks(cfg.Start.Add(-max(cfg.History, directoryHistory)))
		}
		for _, c := range s.Columns {
			tab.values = append(tab.values, kind.value(c))
		}
		tab.streams = kind.streams(tab)
		t.tables[s.Name] = tab
	}
	return t, nil
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

package rows

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Database holds all rows: each table is the generated tenant's and the planted one, one after the other.
type Database struct {
	sources         map[string]*tableSources
	retentionTicks  int64 // 0: rows never grow too old
	noIngestionTime bool

	mu      sync.Mutex // guards without
	without map[string]bool
}

type tableSources struct {
	schema  *tables.Schema
	columns []engine.Column
	planted *plantedTable
	parts   []engine.Table // planted, and generated if there is a tenant
}

// Options are what a database is made with.
type Options struct {
	Generated       *tenant.Tenant // nil: no rows but those planted
	Retention       time.Duration  // 0: rows never grow too old
	NoIngestionTime bool           // ingestion_time() is null for every row
	WithoutTables   []string       // tables that the tenant's plan lacks
	// Extra are tables that Microsoft's schema does not have; rows can be planted there.
	Extra []*tables.Schema
}

// New returns a database of every table of the service.
func New(o Options) (*Database, error) {
	db := &Database{
		sources: map[string]*tableSources{}, noIngestionTime: o.NoIngestionTime, retentionTicks: int64(o.Retention / 100),
	}
	for _, schema := range append(tables.Schemas(), o.Extra...) {
		columns := tenant.Columns(schema)
		planted := newPlantedTable(schema, columns)
		sources := &tableSources{schema: schema, columns: columns, planted: planted, parts: []engine.Table{planted}}
		if o.Generated != nil {
			if t, ok := o.Generated.Table(schema.Name); ok {
				sources.parts = append(sources.parts, t)
			}
		}
		db.sources[schema.Name] = sources
	}
	return db, db.SetWithout(o.WithoutTables)
}

// SetWithout names the tables that the tenant's plan lacks.
func (db *Database) SetWithout(names []string) error {
	without := map[string]bool{}
	for _, name := range names {
		if _, ok := db.sources[name]; !ok {
			return fmt.Errorf("the service has no table %q", name)
		}
		without[name] = true
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.without = without
	return nil
}

// lookup finds a table whatever the tenant's plan.
func (db *Database) lookup(name string) (*tableSources, error) {
	if s, ok := db.sources[name]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("the service has no table %q", name)
}

// Plant puts rows into a table of the service. Many rows in one call are cheaper than many calls.
// Errors name the row and the column; then none of the rows is planted.
func (db *Database) Plant(table string, now time.Time, rows ...Planted) error {
	sources, err := db.lookup(table)
	if err != nil {
		return err
	}
	packed := make([]plantedRow, len(rows))
	for i, row := range rows {
		if packed[i], err = sources.planted.pack(row, now); err != nil {
			return fmt.Errorf("plant row %d of %s: %w", i, table, err)
		}
	}
	sources.planted.add(packed)
	return nil
}

// View returns what one query sees of db, and remembers what it read.
func (db *Database) View() *View {
	db.mu.Lock()
	defer db.mu.Unlock()
	return &View{db: db, without: db.without}
}

// View is the engine.Database of one query.
type View struct {
	db      *Database
	without map[string]bool

	mu    sync.Mutex // guards everything below
	names []string
	scans []engine.Bounds
}

// Table implements engine.Database.
func (v *View) Table(name string) (engine.Table, bool) {
	sources, ok := v.db.sources[name]
	if !ok || v.without[name] {
		return nil, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Contains(v.names, name) {
		v.names = append(v.names, name)
		slices.Sort(v.names)
	}
	return &viewTable{view: v, sources: sources}, true
}

// Read returns the names that the query asked for, sorted, and the bounds of the scans so far.
func (v *View) Read() ([]string, []engine.Bounds) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.names), slices.Clone(v.scans)
}

type viewTable struct {
	view    *View
	sources *tableSources
}

// Columns implements engine.Table.
func (t *viewTable) Columns() []engine.Column { return t.sources.columns }

// Scan implements engine.Table: all parts' rows, without those that have grown too old.
func (t *viewTable) Scan(ctx context.Context, b engine.Bounds, yield func(engine.Row) bool) error {
	v := t.view
	v.mu.Lock()
	v.scans = append(v.scans, b)
	v.mu.Unlock()

	oldest := int64(math.MinInt64)
	if v.db.retentionTicks > 0 {
		oldest = b.AsOf - v.db.retentionTicks
	}
	if v.db.noIngestionTime {
		b.IngestionTime = engine.Range{}
	}
	timestamp := t.sources.planted.timestamp
	going := true
	keep := func(r engine.Row) bool {
		if ts := r.Value(timestamp); !ts.IsNull() && ts.Ticks() < oldest {
			return true
		}
		if v.db.noIngestionTime {
			r = withoutIngestionTime{r}
		}
		going = yield(r)
		return going
	}
	for _, part := range t.sources.parts {
		if err := part.Scan(ctx, b, keep); err != nil {
			return fmt.Errorf("scan %s: %w", t.sources.schema.Name, err)
		}
		if !going {
			return nil
		}
	}
	return nil
}

// withoutIngestionTime is a row of a service that has no ingestion times.
type withoutIngestionTime struct{ engine.Row }

func (r withoutIngestionTime) IngestionTime() value.Value { return value.Null(value.DateTime) }
func (r withoutIngestionTime) Clone() engine.Row          { return withoutIngestionTime{r.Row.Clone()} }

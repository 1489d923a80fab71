package defendersim

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// database holds all rows: each table is the generated tenant's and the planted one, one after the other.
type database struct {
	generated       *tenant.Tenant // nil: there is none
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

func newDatabase(o Options) (*database, error) {
	var generated *tenant.Tenant
	if o.Tenant != nil {
		var err error
		cfg := *o.Tenant
		cfg.TenantID = o.TenantID
		if cfg.Start.IsZero() {
			cfg.Start = o.Now()
		}
		if generated, err = tenant.New(cfg); err != nil {
			return nil, fmt.Errorf("generate the tenant: %w", err)
		}
	}
	db := &database{
		generated: generated,
		sources:   map[string]*tableSources{}, noIngestionTime: o.NoIngestionTime,
		retentionTicks: int64(o.Limits.Retention / 100),
	}
	for _, schema := range tables.Schemas() {
		columns := tenant.Columns(schema)
		planted := newPlantedTable(schema, columns)
		sources := &tableSources{schema: schema, columns: columns, planted: planted, parts: []engine.Table{planted}}
		if generated != nil {
			if t, ok := generated.Table(schema.Name); ok {
				sources.parts = append(sources.parts, t)
			}
		}
		db.sources[schema.Name] = sources
	}
	return db, db.setWithout(o.WithoutTables)
}

// users are the tenant's, as Graph knows them.
func (db *database) users() []map[string]any {
	if db.generated == nil {
		return nil
	}
	return db.generated.Users()
}

// setWithout names the tables that the tenant's plan lacks.
func (db *database) setWithout(names []string) error {
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
func (db *database) lookup(name string) (*tableSources, error) {
	if s, ok := db.sources[name]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("the service has no table %q", name)
}

// view returns what one query sees of db, and remembers what it read.
func (db *database) view() *view {
	db.mu.Lock()
	defer db.mu.Unlock()
	return &view{db: db, without: db.without}
}

// view is the engine.Database of one query.
type view struct {
	db      *database
	without map[string]bool

	mu    sync.Mutex // guards everything below
	names []string
	scans []scan
}

// scan is one reading of a table.
type scan struct {
	table  string
	bounds engine.Bounds
}

// Table implements engine.Database.
func (v *view) Table(name string) (engine.Table, bool) {
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

// read returns the names that the query asked for, sorted, and the scans so far.
func (v *view) read() ([]string, []scan) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.names), slices.Clone(v.scans)
}

type viewTable struct {
	view    *view
	sources *tableSources
}

// Columns implements engine.Table.
func (t *viewTable) Columns() []engine.Column { return t.sources.columns }

// Scan implements engine.Table: all parts' rows, without those that have grown too old.
func (t *viewTable) Scan(ctx context.Context, b engine.Bounds, yield func(engine.Row) bool) error {
	v := t.view
	v.mu.Lock()
	v.scans = append(v.scans, scan{table: t.sources.schema.Name, bounds: b})
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

func isTimestamp(c engine.Column) bool { return c.Name == tables.TimestampColumn }

package defenderreceiver

import (
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// declared are all tables that the configuration has settings of: those that have defaults, most urgent first, and after
// them by name those that the user has named beside them.
func (t TablesConfig) declared() []*tables.Table {
	list := declaredTables()
	own := len(list)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if !slices.ContainsFunc(list[:own], func(d *tables.Table) bool { return d.Name == name }) {
			list = append(list, tables.Named(name))
		}
	}
	return list
}

// defaultsOf are the settings of a table before the user's. To name a table that has none of its own is to want it.
func (t TablesConfig) defaultsOf(name string) TableConfig {
	if own, ok := t[name]; ok {
		return own
	}
	return TableConfig{Enabled: true, Priority: tables.Named(name).Priority}
}

// validateOther refuses what has no meaning where a table is read whole.
func (c TableConfig) validateOther() error {
	if len(c.Columns) == 0 {
		return nil
	}
	return settings.Problemf("columns", "must be empty: the table is read whole, with all of its columns")
}

// warnOfUnknownTables tells of tables that no list knows: they may be new, or misspelt.
func (c *Config) warnOfUnknownTables(logger *zap.Logger) {
	for _, declared := range c.Tables.declared() {
		_, known := tables.ByName(declared.Name)
		if !known && declared.Kind == tables.Passed && c.Tables[declared.Name].Enabled {
			logger.Warn("A table is configured that Microsoft's schema did not have when this release was made. It is read with whatever "+
				"columns it has. If the service does not have it, it pauses as not_in_plan: check its spelling then.",
				zap.String("table", declared.Name))
		}
	}
}

package defenderreceiver

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// columnName is what names of Defender's columns look like.
var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// partsOfAlerts are the service's tables that the table Alerts reads.
var partsOfAlerts = []string{"AlertInfo", "AlertEvidence"}

// tableOf is the table that a user calls name. One that no list knows is taken to be new, unless its name is like a
// known one's, is none of a table, or may be something else.
func tableOf(name string) (*tables.Table, error) {
	if isUsers(name) {
		return tables.Users(), nil
	}
	if known, ok := tables.ByName(name); ok {
		return known, nil
	}
	meant, resembles := settings.Closest(name, knownTables())
	known := "the tables that are read by default are " + strings.Join(tableNames(), ", ") + "; another one needs its name as Microsoft's schema has it"
	switch {
	case slices.Contains(partsOfAlerts, meant):
		return nil, settings.Problemf(name, "is read as a part of the table Alerts: write 'tables::Alerts'")
	case meant == name:
		return nil, settings.Problemf(name, "is a table without Timestamp, which says what is now and not what is new, so it cannot be read: remove it")
	case resembles && slices.Contains(tables.Snapshots(), meant):
		return nil, settings.Problemf(name, "is no table: did you mean '%s'? That one cannot be read: it has no Timestamp", meant)
	case resembles:
		return nil, settings.Problemf(name, "is no table: did you mean '%s'?", meant)
	case maybeSecret(name):
		return nil, settings.Problemf("", "names a table that there is not, and that may be a secret, so it is not repeated: %s", known)
	case !tableName.MatchString(name):
		return nil, settings.Problemf(name, "is no table: %s", known)
	default:
		return tables.Named(name), nil
	}
}

// maybeSecret reports whether a name may be a secret: one of a table has digits in two places at most.
func maybeSecret(name string) bool { return settings.MaybeSecret(name) && !fewDigits.MatchString(name) }

var fewDigits = regexp.MustCompile(`^[A-Z][A-Za-z_]{3,}([0-9]{1,4}[A-Za-z_]+){0,2}$`)

// tableName is what names of hunting tables look like. A word in lower case is a key in the wrong place.
var tableName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]{2,}$`)

// knownTables are the names that a misspelt one may stand for.
func knownTables() []string {
	names := slices.Concat(tableNames(), partsOfAlerts, tables.Snapshots())
	for _, t := range tables.Others() {
		names = append(names, t.Name)
	}
	return names
}

func tableNames() []string {
	var names []string
	for _, t := range declaredTables() {
		names = append(names, t.Name)
	}
	return names
}

// misspelt refuses columns that differ from one of the schema in case, or in a letter or two. Others may be new:
// Microsoft adds columns, and the service itself will say.
func (c TableConfig) misspelt(declared *tables.Table) error {
	var errs []error
	check := func(key string, names []string) {
		for _, name := range names {
			if !columnName.MatchString(name) || !isNew(declared, name) {
				continue
			}
			if meant, ok := settings.Closest(name, columnsOf(declared)); ok {
				errs = append(errs, settings.Problemf(key, "names the column %s, which %s does not have: did you mean '%s'?", name, declared.Name, meant))
			}
		}
	}
	check("columns", c.Columns)
	check("filter", c.filterColumns())
	return errors.Join(errs...)
}

// undocumented are the columns that the table's schema does not have.
func (c TableConfig) undocumented(declared *tables.Table) []string {
	var names []string
	for _, name := range slices.Concat(c.Columns, c.filterColumns()) {
		if isNew(declared, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// filterColumns are the columns that the filter names.
func (c TableConfig) filterColumns() []string {
	if _, err := kusto.Predicate(c.Filter); err != nil {
		return nil
	}
	return slices.DeleteFunc(kusto.Columns(c.Filter), isTable)
}

// isTable: a predicate may name one, as in `DeviceId in (DeviceInfo)`.
func isTable(name string) bool { return slices.Contains(knownTables(), name) }

func isNew(declared *tables.Table, column string) bool {
	_, known := declared.Column(column)
	return !known
}

func columnsOf(declared *tables.Table) []string {
	var names []string
	for _, s := range declared.Sources() {
		for _, c := range s.Columns {
			names = append(names, c.Name)
		}
	}
	return names
}

// warnOfUndocumented tells of columns that may be new, or be no columns.
func (c *Config) warnOfUndocumented(logger *zap.Logger) {
	for _, declared := range tables.All() {
		cfg := c.Tables[declared.Name]
		if columns := cfg.undocumented(declared); cfg.Enabled && len(columns) > 0 {
			logger.Warn("Columns are configured that Microsoft's schema did not have when this release was made. "+
				"If the service does not have them either, the table cannot be read.",
				zap.String("table", declared.Name), zap.Strings("columns", columns))
		}
	}
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

package defenderreceiver

import (
	"errors"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// isUsers reports whether a table is Graph's /users, which is not read by queries.
func isUsers(name string) bool { return name == tables.Users().Name }

// validateUsers refuses what only queries can do.
func (c TableConfig) validateUsers() error {
	var errs []error
	if len(c.Columns) > 0 {
		errs = append(errs, settings.Problemf("columns", "must be empty: of Graph's users the receiver reads what the processor needs"))
	}
	if c.Filter != "" {
		errs = append(errs, settings.Problemf("filter", "must be empty: Graph's users are read by no query"))
	}
	return errors.Join(errs...)
}

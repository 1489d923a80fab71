package defenderreceiver

import (
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// advise adds what an operator can do about an error by a table's own settings. What takes no knowledge
// of the table is said by the error itself. The advice comes first, so that the service's request id
// stays at the end.
func advise(err error, table string) error {
	switch {
	case isUsers(table) && failure.Is(err, hunting.Forbidden, hunting.Unlicensed):
		return fmt.Errorf("set tables::%s::enabled: false if it is not to be read: %w", table, err)
	case isUsers(table) && isRefused(err):
		return fmt.Errorf("set tables::%s::enabled: false if this tenant's Graph has no delta query of users: %w", table, err)
	case failure.Is(err, hunting.UnknownColumn) && failure.Refusal(err).Name != "":
		name := failure.Refusal(err).Name
		if declared, ok := tables.ByName(table); ok && declared.Needs(name) {
			return fmt.Errorf("the service has no column %s, without which the table cannot be read: set tables::%s::enabled: false until it has: %w", name, table, err)
		}
		return fmt.Errorf("the service has no column %s: if tables::%s::columns or tables::%s::filter name it, take it out there: %w", name, table, table, err)
	case isRefused(err):
		return fmt.Errorf("the service does not take the query as it stands: look at tables::%s::columns and tables::%s::filter, if they are set: %w", table, table, err)
	default:
		return err
	}
}

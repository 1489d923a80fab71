package defenderreceiver

import (
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Advise adds what an operator can do about an error by a table's own settings. What takes no knowledge
// of the table is said by the error itself. The advice comes first, so that the service's request id
// stays at the end.
func (t *reader) Advise(err error) error {
	switch {
	case failure.Is(err, hunting.UnknownColumn) && failure.Refusal(err).Name != "":
		name := failure.Refusal(err).Name
		if declared, ok := tables.ByName(t.name); ok && declared.Needs(name) {
			return fmt.Errorf("the service has no column %s, without which the table cannot be read: set tables::%s::enabled: false until it has: %w", name, t.name, err)
		}
		return fmt.Errorf("the service has no column %s: if tables::%s::columns or tables::%s::filter name it, take it out there: %w", name, t.name, t.name, err)
	case isRefused(err):
		return fmt.Errorf("the service does not take the query as it stands: look at tables::%s::columns and tables::%s::filter, if they are set: %w", t.name, t.name, err)
	default:
		return err
	}
}

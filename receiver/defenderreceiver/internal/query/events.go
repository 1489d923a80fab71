package query

import (
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// events reads one table. Along arrival there is no filter on event time: a row may be days older than
// its arrival.
func (t Table) events(p Page) kusto.Fragment {
	var extend, bound kusto.Fragment
	if t.knowsArrival() {
		extend = kusto.Format("extend ? = ingestion_time()", kusto.Name(IngestionTime))
	}
	if !t.ArrivedBefore.IsZero() {
		bound = kusto.Format("where ?", t.before(IngestionTime, p))
	}
	return kusto.Join("\n| ",
		kusto.Name(t.Schema.Name),
		extend,
		kusto.Format("where ?", within(t.TimeColumn(), p)),
		bound,
	)
}

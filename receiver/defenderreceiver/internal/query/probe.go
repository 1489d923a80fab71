package query

import (
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// The names of ProbeColumns.
const (
	ProbeRows    = "Rows"
	ProbeUnknown = "Unknown"
)

// ProbeColumns are the columns of a probe's one row.
func ProbeColumns() []tables.Column {
	return []tables.Column{{Name: ProbeRows, Type: tables.Long}, {Name: ProbeUnknown, Type: tables.Long}}
}

// Probe asks whether the service knows when rows of t arrived: of some rows, how many have no
// ingestion time. It also shows whether the tenant has the table.
func (t Table) Probe() string {
	return kusto.Format("?\n| take 100\n| summarize ? = count(), ? = countif(isnull(ingestion_time()))",
		kusto.Name(t.Schema.Name), kusto.Name(ProbeRows), kusto.Name(ProbeUnknown)).String()
}

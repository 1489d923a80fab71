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
	return []tables.Column{
		{Name: ProbeRows, Type: tables.Long}, {Name: ProbeUnknown, Type: tables.Long}, {Name: ServiceNow, Type: tables.DateTime},
	}
}

// Probe asks whether the service knows when rows of t arrived: of some recent rows of each table that
// t reads, how many have no ingestion time. It also shows whether the tenant has the tables.
func (t Table) Probe() string {
	var samples []kusto.Fragment
	for _, source := range t.Sources() {
		// ingestion_time() is taken before the union, which loses it.
		samples = append(samples, kusto.Format("(?\n| where Timestamp > ago(1d)\n| take 100\n| project ? = isnull(ingestion_time()))",
			kusto.Name(source.Name), kusto.Name(ProbeUnknown)))
	}
	return kusto.Format("union ?\n| summarize ? = count(), ? = countif(?)\n| extend ? = now()",
		kusto.Join(", ", samples...), kusto.Name(ProbeRows), kusto.Name(ProbeUnknown), kusto.Name(ProbeUnknown),
		kusto.Name(ServiceNow)).String()
}

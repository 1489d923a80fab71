package query

import (
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// The names of CountColumns.
const (
	CountBin  = "Bin"
	CountRows = "Rows"
)

// CountColumns are the columns of a count's rows.
func CountColumns() []tables.Column {
	return []tables.Column{
		{Name: CountBin, Type: tables.DateTime}, {Name: CountRows, Type: tables.Long}, {Name: ServiceNow, Type: tables.DateTime},
	}
}

// Count counts the rows of p's range per bin, with the filters of Read.
func (t Table) Count(p Page) string {
	return kusto.Join("\n| ",
		t.rows(p),
		kusto.Format("summarize ? = count() by ? = bin(?, ?)", kusto.Name(CountRows), kusto.Name(CountBin),
			kusto.Name(t.TimeColumn()), kusto.Timespan(ledger.BinWidth)),
		withTime(),
	).String()
}

// Filter is the row filter, for telling whether it has changed.
func (t Table) Filter() string { return t.filter().clauses().String() }

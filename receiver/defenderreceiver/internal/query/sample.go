package query

import (
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// First is the smallest query: it shows that the service answers this app, and its time.
func First() string {
	return kusto.Format("print ? = 1, ? = now()", kusto.Name(ProbeRows), kusto.Name(ServiceNow)).String()
}

// Sample counts what happened in p's range and would be read, with the filters and columns of Read. Its one row has the
// ProbeColumns: of a directory the devices or people, else the rows; and how many of them have no ingestion time, which
// stays 0 along event time and of alerts.
func (t Table) Sample(p Page) string {
	s := sample{t, p}
	switch t.Kind {
	case tables.Alerts:
		// The halves are joined along event time; whether they say when they arrived is for Probe to ask.
		s.TimeBasis = EventTime
		return kusto.Join("\n| ",
			pairs{s.Table, p}.rows(),
			s.project(),
			kusto.Format("summarize ? = count(), ?", kusto.Name(ProbeRows), s.countUnknown()),
			withTime(),
		).String()
	case tables.Directory:
		key := kusto.Name(t.Key)
		return kusto.Join("\n| ",
			s.rows(),
			kusto.Format("where isnotempty(?)", key),
			kusto.Format("summarize ? by ?", s.countUnknown(), key),
			kusto.Format("summarize ? = count(), ? = countif(? > 0)",
				kusto.Name(ProbeRows), kusto.Name(ProbeUnknown), kusto.Name(ProbeUnknown)),
			withTime(),
		).String()
	default:
		return kusto.Join("\n| ",
			s.rows(),
			kusto.Format("summarize ? = count(), ?", kusto.Name(ProbeRows), s.countUnknown()),
			withTime(),
		).String()
	}
}

// sample is a range of event time, which is looked at for a connection test.
type sample struct {
	Table
	page Page
}

// rows are the rows with the columns of a page.
func (s sample) rows() kusto.Fragment {
	var extend kusto.Fragment
	if s.knowsArrival() {
		extend = kusto.Format("extend ? = ingestion_time()", kusto.Name(IngestionTime))
	}
	return kusto.Join("\n| ",
		kusto.Name(s.Schema.Name),
		extend,
		kusto.Format("where ?", within(tables.TimestampColumn, s.page)),
		s.filter().clauses(),
		s.project(),
	)
}

// countUnknown counts the rows that do not say when they arrived. Along event time they are not asked.
func (s sample) countUnknown() kusto.Fragment {
	column := tables.TimestampColumn
	if s.knowsArrival() {
		column = IngestionTime
	}
	return kusto.Format("? = countif(isnull(?))", kusto.Name(ProbeUnknown), kusto.Name(column))
}

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
	switch t.Kind {
	case tables.Alerts:
		return t.sampleAlerts(p).String()
	case tables.Directory:
		key := kusto.Name(t.Key)
		return kusto.Join("\n| ",
			t.sampled(p),
			kusto.Format("where isnotempty(?)", key),
			kusto.Format("summarize ? by ?", t.countUnknown(), key),
			kusto.Format("summarize ? = count(), ? = countif(? > 0)",
				kusto.Name(ProbeRows), kusto.Name(ProbeUnknown), kusto.Name(ProbeUnknown)),
			withTime(),
		).String()
	default:
		return kusto.Join("\n| ",
			t.sampled(p),
			kusto.Format("summarize ? = count(), ?", kusto.Name(ProbeRows), t.countUnknown()),
			withTime(),
		).String()
	}
}

// sampled are the rows with the columns of a page.
func (t Table) sampled(p Page) kusto.Fragment {
	var extend kusto.Fragment
	if t.knowsArrival() {
		extend = kusto.Format("extend ? = ingestion_time()", kusto.Name(IngestionTime))
	}
	return kusto.Join("\n| ",
		kusto.Name(t.Schema.Name),
		extend,
		kusto.Format("where ?", within(tables.TimestampColumn, p)),
		t.where(),
		kusto.Format("project ?", kusto.Names(names(t.Projection())...)),
	)
}

// countUnknown counts the rows that do not say when they arrived. Along event time they are not asked.
func (t Table) countUnknown() kusto.Fragment {
	column := tables.TimestampColumn
	if t.knowsArrival() {
		column = IngestionTime
	}
	return kusto.Format("? = countif(isnull(?))", kusto.Name(ProbeUnknown), kusto.Name(column))
}

// sampleAlerts joins the halves along event time; whether they say when they arrived is for Probe to ask.
func (t Table) sampleAlerts(p Page) kusto.Fragment {
	t.TimeBasis = EventTime
	return kusto.Join("\n| ",
		t.alerts(p),
		kusto.Format("project ?", kusto.Names(names(t.Projection())...)),
		kusto.Format("summarize ? = count(), ?", kusto.Name(ProbeRows), t.countUnknown()),
		withTime(),
	)
}

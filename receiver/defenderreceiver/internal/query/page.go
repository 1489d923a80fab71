package query

import (
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// Read is the KQL that reads p: of a directory its snapshot, else all rows, in order of the time basis.
func (t Table) Read(p Page) string {
	if t.Kind == tables.Directory {
		return t.snapshot(p)
	}
	return kusto.Join("\n| ",
		t.rows(p),
		t.part(p),
		kusto.Format("project ?", kusto.Names(names(t.Projection())...)),
		t.order(),
		kusto.Format("take ?", kusto.Int(p.MaxRows)),
		withServiceNow(),
		t.order(),
	).String()
}

// order is that of the time basis. Whole batches of rows arrive at one time: within it they stand in the order of their
// events, which a page and a delivery may cut.
func (t Table) order() kusto.Fragment {
	if t.TimeColumn() == tables.TimestampColumn {
		return kusto.Format("order by ? asc", kusto.Name(t.TimeColumn()))
	}
	return kusto.Format("order by ? asc, ? asc", kusto.Name(t.TimeColumn()), kusto.Name(tables.TimestampColumn))
}

// rows are all rows of the range that belong to the table as it is read.
func (t Table) rows(p Page) kusto.Fragment {
	return kusto.Join("\n| ", t.unfiltered(p), t.filter().clauses())
}

// unfiltered are all rows of the range.
func (t Table) unfiltered(p Page) kusto.Fragment {
	if t.Kind == tables.Alerts {
		return pairs{t, p}.rows()
	}
	return t.events(p)
}

// part keeps the rows of one part, so that an instant with more rows than a page holds can be read.
func (t Table) part(p Page) kusto.Fragment {
	if p.Parts <= 1 {
		return kusto.Fragment{}
	}
	identity := t.Identity
	if identity == nil {
		identity = names(t.Table.Columns())
	}
	var values []kusto.Fragment
	for _, name := range identity {
		values = append(values, kusto.Format("tostring(?)", kusto.Name(name)))
	}
	return kusto.Format("where hash(strcat(?), ?) == ?",
		kusto.Join(`, "|", `, values...), kusto.Int(p.Parts), kusto.Int(p.Part))
}

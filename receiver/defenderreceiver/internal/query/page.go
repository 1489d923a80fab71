package query

import (
	"slices"

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
		t.project(),
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
	return kusto.Format("where hash(?, ?) == ?", concatenated(dividers(t)), kusto.Int(p.Parts), kusto.Int(p.Part))
}

// dividers are the columns by which rows are put into parts. They must not change from one part to the next, so of a table
// that is read whole they are those that an answer had once. It has come before an instant is divided, but for one that
// is tried again after a restart: there the event time must do.
func dividers(t Table) []string {
	switch {
	case t.Kind == tables.Passed && t.Learned == nil:
		return []string{tables.TimestampColumn}
	case t.Kind == tables.Passed:
		return t.Learned
	case t.Identity == nil:
		return names(t.Table.Columns())
	default:
		return t.Identity
	}
}

// mostConcatenated columns with their separators are fewer than the 64 arguments that strcat takes.
const mostConcatenated = 30

// concatenated is the text of some columns.
func concatenated(columns []string) kusto.Fragment {
	var texts []kusto.Fragment
	for some := range slices.Chunk(columns, mostConcatenated) {
		var values []kusto.Fragment
		for _, name := range some {
			values = append(values, kusto.Format("tostring(?)", kusto.Name(name)))
		}
		texts = append(texts, kusto.Format("strcat(?)", kusto.Join(`, "|", `, values...)))
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return kusto.Format("strcat(?)", kusto.Join(`, "|", `, texts...))
}

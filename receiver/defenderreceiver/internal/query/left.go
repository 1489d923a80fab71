package query

import (
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// The names of LeftColumns.
const (
	LeftAll   = "AllRows"
	LeftHuman = "HumanRows"
	LeftRead  = "ReadRows"
)

// LeftColumns are the columns of the one row that CountLeft gives.
func LeftColumns() []tables.Column {
	return []tables.Column{
		{Name: LeftAll, Type: tables.Long},
		{Name: LeftHuman, Type: tables.Long},
		{Name: LeftRead, Type: tables.Long},
		{Name: ServiceNow, Type: tables.DateTime},
	}
}

// IsFiltered reports whether filters leave rows on the server.
func (t Table) IsFiltered() bool { return !t.filter().clauses().IsZero() }

// CountLeft counts the rows of p's range without filters, those that are not of system accounts alone, and those of them
// that are read.
func (t Table) CountLeft(p Page) string {
	f, count := t.filter(), kusto.Text("count()")
	human, read := count, count
	if h := f.human(); !h.IsZero() {
		human = kusto.Format("countif(?)", h)
		read = human
	}
	if !f.user.IsZero() {
		read = kusto.Format("countif(?)", f.user)
		if h := f.human(); !h.IsZero() {
			read = kusto.Format("countif((?) and (?))", h, f.user)
		}
	}
	return kusto.Join("\n| ",
		t.unfiltered(p),
		kusto.Format("summarize ? = ?, ? = ?, ? = ?", kusto.Name(LeftAll), count, kusto.Name(LeftHuman), human, kusto.Name(LeftRead), read),
		withTime(),
	).String()
}

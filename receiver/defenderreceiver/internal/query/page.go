package query

import (
	"slices"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// Columns that the queries add to a row for the receiver's own use.
const (
	// IngestionTime is when the service took the row in; of an alert, when its later half came.
	IngestionTime = "IngestionTime"
	// LaterTimestamp is the later event time of an alert's two halves.
	LaterTimestamp = "LaterTimestamp"
	// InfoTimestamp is the Timestamp of the AlertInfo row that an alert's record was made with. It
	// tells apart two states of an alert that say the same with another one between them.
	InfoTimestamp = "InfoTimestamp"
	// ServiceNow is the service's time when it began the query. A page has it in a row of its own, which holds
	// nothing else; the rows of probes and counts have it beside their figures.
	ServiceNow = "ServiceNow"
)

// IsOwn reports whether a column was added by a query and is not the service's.
func IsOwn(column string) bool {
	return column == IngestionTime || column == InfoTimestamp || column == LaterTimestamp || column == ServiceNow
}

// MaxRows is the most rows that one page can ask for. The service cuts an answer at 100,000 rows without a word, and
// one of them says its time.
const MaxRows = 100_000 - 1

// TimeBasis is the time that a table is read along.
type TimeBasis uint8

const (
	// Arrival is ingestion_time(): however late a row comes, it comes at the end.
	Arrival TimeBasis = iota
	// EventTime is Timestamp, for a service that does not say when rows arrived.
	EventTime
)

// Table is a table as one receiver reads it.
type Table struct {
	*tables.Table
	// TimeBasis is what ranges are of.
	TimeBasis TimeBasis
	// UserColumns are read beside the default projection.
	UserColumns []string
	// UserFilter is the user's own predicate, empty if there is none.
	UserFilter kusto.Fragment
	// ArrivedBefore leaves rows to another reader that arrived from then on; zero: no row is left. It is for
	// reading along event time. Rows that do not say when they arrived are read if they happened before it.
	ArrivedBefore time.Time
	// AsOf is the time whose state of alerts is read; zero: a page's end. It makes the pages of a range say the same as
	// the range would.
	AsOf time.Time
	// System tells the accounts whose rows are left on the server; nil: all rows are read.
	System *accounts.Server
}

// knowsArrival reports whether rows are asked when they arrived.
func (t Table) knowsArrival() bool { return t.TimeBasis == Arrival || !t.ArrivedBefore.IsZero() }

// TimeColumn is the column that holds a row's place on the time basis.
func (t Table) TimeColumn() string {
	switch {
	case t.TimeBasis == Arrival:
		return IngestionTime
	case t.Kind == tables.Alerts && !t.knowsArrival():
		return LaterTimestamp
	default:
		return tables.TimestampColumn
	}
}

// Page is a half-open range of the time basis, or one part of it.
type Page struct {
	From, To time.Time
	// MaxRows is the number of rows asked for, at most the constant of that name.
	MaxRows int
	// Part of Parts by a hash of the row's identity. Parts is 0 or 1 where the range is read whole.
	Part, Parts int
}

// Projection is the columns that a page of t has, in order. The type of one that the user added is
// the declared one, or String where Microsoft has added the column since.
func (t Table) Projection() []tables.Column {
	columns := t.Table.Columns()
	for _, name := range t.UserColumns {
		column, ok := t.Column(name)
		if !ok {
			column = tables.Column{Name: name}
		}
		if !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
	}
	if t.Kind == tables.Alerts {
		users, _ := t.Column(tables.AlertUsersColumn)
		columns = append(columns, users, tables.Column{Name: InfoTimestamp, Type: tables.DateTime})
	}
	switch {
	case t.knowsArrival():
		columns = append(columns, tables.Column{Name: IngestionTime, Type: tables.DateTime})
	case t.TimeColumn() != tables.TimestampColumn:
		columns = append(columns, tables.Column{Name: t.TimeColumn(), Type: tables.DateTime})
	}
	return columns
}

// AnswerColumns is what an answer to Read has: the projection, and the service's time.
func (t Table) AnswerColumns() []tables.Column {
	return append(t.Projection(), tables.Column{Name: ServiceNow, Type: tables.DateTime})
}

func names(columns []tables.Column) []string {
	var list []string
	for _, c := range columns {
		list = append(list, c.Name)
	}
	return list
}

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

// withServiceNow adds the row that says the service's time. It is there even if there is no other row. In ascending
// order it is the first, because its columns are null.
func withServiceNow() kusto.Fragment {
	return kusto.Format("union (print ? = now())", kusto.Name(ServiceNow))
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
func (t Table) rows(p Page) kusto.Fragment { return kusto.Join("\n| ", t.unfiltered(p), t.where()) }

// unfiltered are all rows of the range.
func (t Table) unfiltered(p Page) kusto.Fragment {
	if t.Kind == tables.Alerts {
		return t.alerts(p)
	}
	return t.events(p)
}

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

// before is true of what arrived before ArrivedBefore. Of a row that does not say when, the page decides.
func (t Table) before(column string, p Page) kusto.Fragment {
	arrived := kusto.Format("? < ?", kusto.Name(column), kusto.DateTime(t.ArrivedBefore))
	if !p.From.Before(t.ArrivedBefore) {
		return arrived
	}
	return kusto.Format("(isnull(?) or ?)", kusto.Name(column), arrived)
}

func within(column string, p Page) kusto.Fragment {
	return kusto.Format("? >= ? and ? < ?",
		kusto.Name(column), kusto.DateTime(p.From), kusto.Name(column), kusto.DateTime(p.To))
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

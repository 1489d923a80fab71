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
	// Learned are the columns that an answer had, of a table that is read whole; nil: none has come yet.
	Learned []string
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

// Projection is the columns that a page of t has, in order. The type of one that the user added is
// the declared one, or String where Microsoft has added the column since. Of a table that is read whole it is what is
// known of its columns.
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

// project keeps the columns of a page. Of a table that is read whole that is all that there are.
func (t Table) project() kusto.Fragment {
	if t.Kind == tables.Passed {
		return kusto.Fragment{}
	}
	return kusto.Format("project ?", kusto.Names(names(t.Projection())...))
}

func names(columns []tables.Column) []string {
	var list []string
	for _, c := range columns {
		list = append(list, c.Name)
	}
	return list
}

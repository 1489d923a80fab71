package query

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// MaxRows is the most rows that one page can ask for. The service cuts an answer at 100,000 rows without a word, and
// one of them says its time.
const MaxRows = 100_000 - 1

// Page is a half-open range of the time basis, or one part of it.
type Page struct {
	From, To time.Time
	// MaxRows is the number of rows asked for, at most the constant of that name.
	MaxRows int
	// Part of Parts by a hash of the row's identity. Parts is 0 or 1 where the range is read whole.
	Part, Parts int
}

// within is true of rows whose time lies in the page.
func within(column string, p Page) kusto.Fragment {
	return kusto.Format("? >= ? and ? < ?",
		kusto.Name(column), kusto.DateTime(p.From), kusto.Name(column), kusto.DateTime(p.To))
}

// before is true of what arrived before ArrivedBefore. Of a row that does not say when, the page decides.
func (t Table) before(column string, p Page) kusto.Fragment {
	arrived := kusto.Format("? < ?", kusto.Name(column), kusto.DateTime(t.ArrivedBefore))
	if !p.From.Before(t.ArrivedBefore) {
		return arrived
	}
	return kusto.Format("(isnull(?) or ?)", kusto.Name(column), arrived)
}

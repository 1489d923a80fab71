package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// Visible is what a row of this tenant tells beside the query contract: the tick from which on
// queries see it. A test compares with it what a client could have read.
type Visible interface{ Visible() int64 }

var (
	_ engine.Row = (*row)(nil)
	_ Visible    = (*row)(nil)
)

// row is one row: its key, its times, and where it was recorded.
type row struct {
	table *table
	key   uint64

	ingestion, event, visible int64 // ticks

	device   *device
	person   *Person // who sits at the device; nil: nobody
	reportID int64
	alert    *alert // of alert rows
	evidence int    // which of the alert's evidence

	act     *activity // what happened; nil until a column asks for it
	scratch *activity // where act is drawn; each scan has one
}

// Value implements engine.Row.
func (r *row) Value(column int) value.Value { return r.table.values[column](r) }

// IngestionTime implements engine.Row.
func (r *row) IngestionTime() value.Value { return value.NewDateTime(r.ingestion) }

// Visible implements Visible.
func (r *row) Visible() int64 { return r.visible }

// Clone implements engine.Row. The clone draws its activity anew, so that it stays small until read.
func (r *row) Clone() engine.Row {
	c := *r
	c.act, c.scratch = nil, nil
	return &c
}

func (r *row) draw(what uint64) uint64 { return derive(r.key, what) }

// activity is what happened, drawn on the first call.
func (r *row) activity() *activity {
	if r.act == nil {
		if r.scratch == nil {
			r.scratch = new(activity)
		}
		*r.scratch = activity{}
		r.act = r.scratch
		r.table.kind.play(r, r.act)
	}
	return r.act
}

// accountNamed resolves a scene's account on the row's device; nil for "none".
func (r *row) accountNamed(who string) *account {
	switch who {
	case byNobody:
		return nil
	case byUser:
		if r.person == nil {
			return r.device.accounts[bySystem]
		}
		return r.device.accountOf(r.person)
	case byColleague:
		return pick(r.draw(drawRemote), r.table.tenant.people).account
	}
	return r.device.accounts[who]
}

// sessionID is the LUID of an account's logon session, which lasts a day.
func (r *row) sessionID(a *account) int64 {
	if a == nil {
		return 0
	}
	if a.logonID != 0 {
		return a.logonID
	}
	return int64(deriveText(derive(r.device.key, uint64(r.event/day)), a.name)%4_000_000_000) + 100_000
}

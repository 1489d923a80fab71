package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// valueFunc computes one column of a row.
type valueFunc func(*row) value.Value

// valueFuncs are the columns of a table by name. One that is missing is empty in every row, as the
// service leaves it: "" for text, null for the rest.
type valueFuncs map[string]valueFunc

// tableKind is how the rows of one table of the service come about.
type tableKind struct {
	directory bool
	shared    []valueFuncs
	own       valueFuncs
	streams   func(*table) []*stream
	scenes    *scenes // event tables: what happens
	tell      func(*row, *scene, *activity)
}

// play draws what happened in a row.
func (k tableKind) play(r *row, a *activity) {
	s := k.scenes.of(r)
	a.initiating = process{program: s.program, account: r.accountNamed(s.who)}
	k.tell(r, s, a)
}

func (k tableKind) value(c tables.Column) valueFunc {
	if f, ok := k.own[c.Name]; ok {
		return f
	}
	for _, s := range k.shared {
		if f, ok := s[c.Name]; ok {
			return f
		}
	}
	empty := value.Null(kqlType(c.Type))
	return func(*row) value.Value { return empty }
}

func text(f func(*row) string) valueFunc {
	return func(r *row) value.Value { return value.NewString(f(r)) }
}

func fixed(s string) valueFunc {
	v := value.NewString(s)
	return func(*row) value.Value { return v }
}

func long(f func(*row) int64) valueFunc {
	return func(r *row) value.Value { return value.NewLong(f(r)) }
}

// nullIfZero gives a value of type t, null for 0.
func nullIfZero[N int32 | int64](t value.Type, of func(N) value.Value, f func(*row) N) valueFunc {
	null := value.Null(t)
	return func(r *row) value.Value {
		if n := f(r); n != 0 {
			return of(n)
		}
		return null
	}
}

// moment gives a datetime, null at tick 0.
func moment(f func(*row) int64) valueFunc { return nullIfZero(value.DateTime, value.NewDateTime, f) }

// port gives an int, null for 0.
func port(f func(*row) int32) valueFunc { return nullIfZero(value.Int, value.NewInt, f) }

func boolean(f func(*row) bool) valueFunc {
	return func(r *row) value.Value { return value.NewBool(f(r)) }
}

// recordColumns are those of every event table.
var recordColumns = valueFuncs{
	"Timestamp":  moment(func(r *row) int64 { return r.event }),
	"DeviceId":   text(func(r *row) string { return r.device.id }),
	"DeviceName": text(func(r *row) string { return r.device.fqdn }),
	"ActionType": text(func(r *row) string { return r.activity().action }),
	"ReportId":   long(func(r *row) int64 { return r.reportID }),
}

package tenant

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// The tables of mail, identities, cloud apps and images are not about devices alone: their scenes tell most columns.
const anyKind = "csfjdqiml"

// tellFields keeps the scene's own fields, for columns that are no more than one of them.
func tellFields(_ *row, s *scene, a *activity) { a.action, a.told = s.fields[0], s.fields }

// field is a field of the scene, with its placeholders filled.
func field(n int) valueFunc { return text(func(r *row) string { return toldBy(r, n) }) }

func toldBy(r *row, n int) string { return r.expand(r.activity().told[n]) }

// concerned is whose row it is, also where nobody sits at a device.
func concerned(r *row) *Person {
	if r.person != nil {
		return r.person
	}
	return pick(r.draw(drawPerson), r.table.tenant.people)
}

func ofConcerned(f func(*Person) string) valueFunc {
	return text(func(r *row) string { return f(concerned(r)) })
}

// report is a ReportId of a table whose ids are text.
var report = text(func(r *row) string { return guid(derive(r.key, drawText)) })

// publicIP is the address under which the services see somebody.
func publicIP(r *row) string { return concerned(r).devices[0].publicIP }

var told = valueFuncs{
	"Timestamp":  moment(func(r *row) int64 { return r.event }),
	"ActionType": text(func(r *row) string { return r.activity().action }),
	"ReportId":   report,
	"IPAddress":  text(publicIP),
}

// toldTable is a table of events that its scenes tell.
func toldTable(share float64, own valueFuncs, sc *scenes) tableKind {
	return tableKind{
		shared:  []valueFuncs{told},
		own:     own,
		streams: func(t *table) []*stream { return t.eventStreams(share) },
		scenes:  sc,
		tell:    tellFields,
	}
}

func count(f func(*row) int32) valueFunc {
	return func(r *row) value.Value { return value.NewInt(f(r)) }
}

package totalnormalizeprocessor

import (
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/event"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// table is how rows of a table are read.
type table struct {
	*event.Plan

	signs *actor.Signs // nil: its rows become no events
	// readers are those that calls have given back. There is one for each call that is under way, until the garbage collector
	// comes.
	readers sync.Pool
}

func newTables(plans map[string]*event.Plan) map[string]*table {
	known := make(map[*event.Plan]*table, len(plans)) // a plan may have two names
	named := make(map[string]*table, len(plans))
	for name, plan := range plans {
		if known[plan] == nil {
			known[plan] = &table{Plan: plan}
			if plan.IsEvent() {
				known[plan].signs = actor.NewSigns(plan.Table, plan.Layout)
			}
		}
		named[name] = known[plan]
	}
	return named
}

// tableOfRow is the table of a record that is a row. A record without the table's attribute, of an unknown table or
// without columns is none.
func (n *normalizer) tableOfRow(record plog.LogRecord) *table {
	if record.Body().Type() != pcommon.ValueTypeMap {
		return nil
	}
	return n.tables[tableOf(record)]
}

func (t *table) row(record plog.LogRecord) row.Row {
	return row.New(t.Table, record.Body().Map(), record.Timestamp().AsTime())
}

func tableOf(record plog.LogRecord) string {
	name, ok := record.Attributes().Get(logrecord.AttributeTable)
	if !ok || name.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return name.Str()
}

// reader reads the rows of a table in one call.
type reader struct {
	*row.Reader

	table *table
	acts  map[string]*act // by the keys of actor.Signs
	spare []*act
}

func (t *table) newReader() *reader {
	if d, ok := t.readers.Get().(*reader); ok {
		return d
	}
	return &reader{Reader: t.Layout.NewReader(), table: t, acts: map[string]*act{}}
}

// giveBack lets the next call use a reader, without the memory of this call's rows.
func (t *table) giveBack(d *reader) {
	d.Forget()
	for _, a := range d.acts {
		*a = act{}
		d.spare = append(d.spare, a)
	}
	clear(d.acts)
	t.readers.Put(d)
}

// newAct makes what the rows with a key have in common.
func (d *reader) newAct(key string) *act {
	a := new(act)
	if last := len(d.spare) - 1; last >= 0 {
		a, d.spare = d.spare[last], d.spare[:last]
	}
	a.key = key
	d.acts[key] = a
	return a
}

// appendKey adds what the record's row has in common with others; false: nothing.
func (d *reader) appendKey(key []byte, record plog.LogRecord) ([]byte, bool) {
	columns := record.Body().Map()
	return d.table.signs.AppendKey(key, d.Row(d.table.Table, columns, record.Timestamp().AsTime()), d.Read(columns))
}

// act is what rows with the same signs have in common, in one call.
type act struct {
	key     string
	verdict *verdict // nil: it was not found yet
	// with is what was known when the verdict was found.
	with knowledge
	// events are the person's, of rows of that source.
	events plog.LogRecordSlice
	source int
	mapped int64
}

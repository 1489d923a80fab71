package engine

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

// argMaxAccumulator holds the row whose first column is largest.
type argMaxAccumulator struct {
	columns []*expr
	best    value.Value
	held    *heldRow // nil: there is none
}

func (a *argMaxAccumulator) add(r *record) {
	v := a.columns[0].eval(r)
	if v.IsNull() {
		return
	}
	if a.held == nil || value.Compare(v, a.best) > 0 {
		a.best, a.held = v, &heldRow{row: r.keep()}
	}
}

func (a *argMaxAccumulator) value(r *record, part int) value.Value {
	switch {
	case a.held == nil:
		return value.Null(a.columns[part].typ)
	case part == 0:
		return a.best
	}
	a.held.show(r)
	return a.columns[part].eval(r)
}

package kql

// heldColumns are the columns that an aggregate takes from the row it holds.
type heldColumns struct{ values []*expr }

// heldRow is a row held by an aggregate. Its columns are computed when the result asks for them.
type heldRow struct {
	row   kept
	found bool
}

func (h *heldRow) get(r *record, e *expr) Value {
	if !h.found {
		return Null(e.typ)
	}
	if r.holder != h {
		r.restore(h.row)
		r.holder = h
	}
	return e.eval(r)
}

type argAccumulator struct {
	heldRow
	by     *expr
	wanted int
	best   Value
	held   *heldColumns
}

func (a *argAccumulator) add(r *record) {
	v := a.by.eval(r)
	if v.null {
		return
	}
	if !a.found || compareValues(v, a.best)*a.wanted > 0 {
		a.best, a.found = v, true
		a.row = r.keep()
	}
}

func (a *argAccumulator) value(r *record, part int) Value {
	if part == 0 && a.found {
		return a.best
	}
	return a.get(r, a.held.values[part])
}

type anyRowAccumulator struct {
	heldRow
	held *heldColumns
}

func (a *anyRowAccumulator) add(r *record) {
	if !a.found {
		a.found = true
		a.row = r.keep()
	}
}

func (a *anyRowAccumulator) value(r *record, part int) Value { return a.get(r, a.held.values[part]) }

// anyValueAccumulator takes the first value that is not null.
type anyValueAccumulator struct {
	of   *expr
	best Value
}

func (a *anyValueAccumulator) add(r *record) {
	if a.best.null {
		a.best = a.of.eval(r)
	}
}
func (a *anyValueAccumulator) value(*record, int) Value { return a.best }

func bindAnyValue(_ *exprBinder, _ *node, args []*expr) (boundAggregate, error) {
	of := args[0]
	return boundAggregate{typ: of.typ, new: func() accumulator {
		return &anyValueAccumulator{of: of, best: Value{typ: of.typ, null: true}}
	}}, nil
}

package kql

// joinRow is a pair of rows; a side without a partner is nil. Columns are computed when asked for.
type joinRow struct {
	j           *joining
	left, right *heldRow
	records     *joinRecords
}

// joinRecords are the free records that joined rows are read with.
type joinRecords struct{ left, right *record }

func (p joinRow) Value(column int) Value {
	i := p.j.columns[column]
	if n := len(p.j.left.columns); i >= n {
		return sideValue(p.right, p.records.right, p.j.right.columns[i-n])
	}
	return sideValue(p.left, p.records.left, p.j.left.columns[i])
}

func sideValue(row *heldRow, r *record, c relationColumn) Value {
	if row == nil {
		return Null(c.Type)
	}
	if r.holder != row {
		r.restore(row.row)
		r.holder = row
	}
	return r.get(c.slot)
}

func (p joinRow) IngestionTime() Value { return Null(DateTime) }
func (p joinRow) Clone() Row           { return p }

// bucket is the right rows of one key.
type bucket struct {
	rows    []*heldRow
	matched bool
}

// joinRun is one run of a join.
type joinRun struct {
	*joining
	x       *execution
	out     *record
	records *joinRecords
	yield   func(*record) bool
	stopped bool
	buckets map[string]*bucket
	order   []*bucket
	nulls   []*heldRow // right rows whose key is null: they have no partner
	scratch []byte
}

func (j *joining) produce(x *execution, f *frame, yield func(*record) bool) {
	run := &joinRun{
		joining: j, x: x, out: f.record(x), yield: yield, buckets: map[string]*bucket{},
		records: &joinRecords{left: j.left.frame.record(x), right: j.right.frame.record(x)},
	}
	run.readRight()
	run.readLeft()
	run.rightSide()
}

func (run *joinRun) emit(left, right *heldRow) bool {
	run.out.begin(joinRow{j: run.joining, left: left, right: right, records: run.records})
	if !run.x.step() || !run.yield(run.out) {
		run.stopped = true
	}
	return !run.stopped
}

// key is the record's join key, or false if a part of it is null.
func (run *joinRun) key(r *record, keys []*expr) (string, bool) {
	run.scratch = run.scratch[:0]
	for _, k := range keys {
		v := k.eval(r)
		if v.null {
			return "", false
		}
		run.scratch = appendKey(run.scratch, v)
	}
	return string(run.scratch), true
}

func (run *joinRun) readRight() {
	run.right.produce(run.x, func(r *record) bool {
		key, ok := run.key(r, run.rightKeys)
		held := &heldRow{row: r.keep(), found: true}
		if !ok {
			run.nulls = append(run.nulls, held)
			return run.x.err == nil
		}
		b := run.buckets[key]
		if b == nil {
			b = &bucket{}
			run.buckets[key] = b
			run.order = append(run.order, b)
		}
		b.rows = append(b.rows, held)
		return run.x.err == nil
	})
}

func (run *joinRun) readLeft() {
	seen := map[string]struct{}{}
	if run.x.err != nil {
		run.stopped = true
		return
	}
	run.left.produce(run.x, func(r *record) bool {
		var b *bucket
		if key, ok := run.key(r, run.leftKeys); ok {
			b = run.buckets[key]
			if run.kind.oneOfEach && b != nil {
				if _, again := seen[key]; again {
					return true
				}
				seen[key] = struct{}{}
			}
		}
		if b != nil {
			b.matched = true
		}
		return run.leftRow(r, b)
	})
}

// leftRow gives what one left row, whose partners are in b, brings about.
func (run *joinRun) leftRow(r *record, b *bucket) bool {
	if run.kind.right {
		return run.x.err == nil
	}
	wanted := b != nil
	switch {
	case run.kind.anti:
		wanted = b == nil
	case run.kind.leftRest:
		wanted = true
	}
	if !wanted {
		return run.x.err == nil
	}
	left := &heldRow{row: r.keep(), found: true}
	if !run.kind.pairs || b == nil {
		return run.emit(left, nil)
	}
	for _, right := range b.rows {
		if !run.emit(left, right) {
			return false
		}
	}
	return true
}

// rightSide gives the right rows that come for themselves.
func (run *joinRun) rightSide() {
	for _, b := range run.order {
		wanted := run.kind.rightRest && !b.matched || run.kind.right && b.matched == run.kind.semi
		for _, right := range b.rows {
			if run.stopped || wanted && !run.emit(nil, right) {
				return
			}
		}
	}
	if run.kind.rightRest || run.kind.right && run.kind.anti {
		for _, right := range run.nulls {
			if run.stopped || !run.emit(nil, right) {
				return
			}
		}
	}
}

package kql

// window collects the functions of one operator that look at other rows. Each gets a pinned slot,
// filled before the operator runs.
type window struct {
	rel   *relation
	items []windowItem
}

type windowItem struct {
	slot     int
	value    *expr
	offset   int // prev: negative
	fallback Value
	fill     func(r *record, rows []kept, pin int) // of functions that run along; nil: look up by offset
}

func (c *exprBinder) bindWindow(n *node) (*expr, error) {
	if c.window == nil || !c.window.rel.serialized {
		return nil, c.fail(n, "Function '%s' cannot be invoked in current context. Details: the row set must be serialized.", n.text)
	}
	args, err := c.bindArguments(n)
	if err != nil {
		return nil, err
	}
	item := windowItem{}
	var typ Type
	if n.text == "prev" || n.text == "next" {
		typ, err = c.bindNeighbour(n, args, &item)
	} else {
		typ, err = c.bindRunning(n, args, &item)
	}
	if err != nil {
		return nil, err
	}
	item.slot = c.window.rel.frame.pin()
	c.window.items = append(c.window.items, item)
	return readSlot(relationColumn{Column: Column{Type: typ}, slot: item.slot}), nil
}

func (c *exprBinder) bindNeighbour(n *node, args []*expr, item *windowItem) (Type, error) {
	if len(args) < 1 || len(args) > 3 {
		return Unknown, c.arity(n, 1, 3)
	}
	item.value, item.offset, item.fallback = args[0], 1, Null(args[0].typ)
	if len(args) > 1 {
		if !args[1].constant || !args[1].typ.isInteger() || args[1].value.n < 0 || args[1].value.n > 1<<30 {
			return Unknown, c.fail(n, "The function '%s' expects a constant offset.", n.text)
		}
		item.offset = int(args[1].value.n)
	}
	if len(args) > 2 {
		preset, err := c.convert(n, args[2], args[0].typ)
		if err != nil {
			return Unknown, err
		}
		if !preset.constant {
			return Unknown, c.fail(n, "The function '%s' expects a constant default.", n.text)
		}
		item.fallback = preset.value
	}
	if n.text == "prev" {
		item.offset = -item.offset
	}
	return args[0].typ, nil
}

// bindRunning binds row_number([start [, restart]]) and row_cumsum(value [, restart]).
func (c *exprBinder) bindRunning(n *node, args []*expr, item *windowItem) (Type, error) {
	least := 0
	step, start := constant(NewLong(1)), int64(1)
	typ := Long
	if n.text == "row_cumsum" {
		least = 1
	}
	if len(args) < least || len(args) > 2 {
		return Unknown, c.arity(n, least, 2)
	}
	if len(args) > 0 {
		if err := c.check(n, args[:1], numbers); err != nil {
			return Unknown, err
		}
		if n.text == "row_cumsum" {
			step, start = args[0], 0
			if typ = step.typ; typ == Int {
				typ = Long
			}
		} else {
			if !args[0].constant {
				return Unknown, c.fail(n, "The function 'row_number' expects a constant start.")
			}
			start = args[0].value.n
		}
	}
	restart := constant(NewBool(false))
	if len(args) > 1 {
		restart = args[1]
		if restart.typ != Bool {
			return Unknown, c.fail(n, "The function '%s' expects a restart condition of type bool.", n.text)
		}
	}
	counts := n.text == "row_number"
	add := arithmetic("+", typ)
	initial := convert(NewLong(start), typ)
	item.fill = func(r *record, rows []kept, pin int) {
		sum := initial
		for i := range rows {
			r.restore(rows[i])
			if v := restart.eval(r); i > 0 && v.Bool() {
				sum = initial
			} else if counts && i > 0 {
				sum = add(sum, step.value)
			}
			if !counts {
				if v := step.eval(r); !v.null {
					sum = add(sum, v)
				}
			}
			rows[i].pinned[pin] = sum
		}
	}
	return typ, nil
}

// apply is rel with the window functions' slots filled.
func (w *window) apply(rel *relation) *relation {
	if w == nil || len(w.items) == 0 {
		return rel
	}
	out := rel.after(func(x *execution, yield func(*record) bool) {
		rows := collect(x, rel)
		r := rel.frame.record(x)
		for _, item := range w.items {
			item.run(r, rows)
		}
		replay(x, r, rows, yield)
	})
	out.scan, out.sort = nil, nil
	return out
}

func (item windowItem) run(r *record, rows []kept) {
	pin := 0
	for r.frame.pinned[pin] != item.slot {
		pin++
	}
	if item.fill != nil {
		item.fill(r, rows, pin)
		return
	}
	values := make([]Value, len(rows))
	for i := range rows {
		r.restore(rows[i])
		values[i] = item.value.eval(r)
	}
	for i := range rows {
		v := item.fallback
		if j := i + item.offset; j >= 0 && j < len(rows) {
			v = values[j]
		}
		rows[i].pinned[pin] = v
	}
}

// collect holds all of rel's rows.
func collect(x *execution, rel *relation) []kept {
	var rows []kept
	rel.produce(x, func(r *record) bool {
		rows = append(rows, r.keep())
		return x.err == nil
	})
	return rows
}

// replay yields rows held back.
func replay(x *execution, r *record, rows []kept, yield func(*record) bool) {
	for _, k := range rows {
		r.restore(k)
		if !x.step() || !yield(r) {
			return
		}
	}
}

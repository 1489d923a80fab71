package kql

// operator binds one tabular operator over its input, which is nil where it begins a query.
func (b *binder) operator(o *operator, in *relation, s *scope) (*relation, error) {
	b.operators++
	if err := b.enter(o.start); err != nil {
		return nil, err
	}
	defer b.leave()
	if in == nil {
		switch o.name {
		case "print":
			return b.print(o, s)
		case "datatable":
			return b.datatable(o, s)
		case "range":
			return b.rangeValues(o, s)
		case "union":
			return b.union(o, nil, s)
		}
		return nil, semanticError(o.start, o.name, "The operator needs an input.")
	}
	switch o.name {
	case "where", "filter":
		return b.where(o, in, s)
	case "extend", "serialize":
		return b.extend(o, in, s)
	case "project":
		return b.project(o, in, s)
	case "project-away", "project-keep", "project-reorder":
		return b.selectColumns(o, in)
	case "project-rename":
		return b.rename(o, in)
	case "take", "limit", "sample":
		return b.take(o, in, s)
	case "top", "sort", "order":
		return b.sort(o, in, s)
	case "distinct":
		return b.distinct(o, in, s)
	case "count":
		return b.count(in), nil
	case "summarize":
		return b.summarize(o, in, s)
	case "join", "lookup":
		return b.join(o, in, s)
	case "union":
		return b.union(o, in, s)
	case "mv-expand", "mvexpand":
		return b.mvExpand(o, in, s)
	case "getschema":
		return b.getSchema(in), nil
	}
	return nil, semanticError(o.start, o.name, "The operator cannot be used here.")
}

// over begins binding an operator's expressions over its input.
func (b *binder) over(o *operator, in *relation, s *scope) *exprBinder {
	return &exprBinder{b: b, scope: s, operator: o.name, rel: in, window: &window{rel: in}}
}

func (b *binder) where(o *operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	filter, err := c.bind(o.columns[0])
	if err != nil {
		return nil, err
	}
	if filter.typ != Bool {
		return nil, c.fail(o.columns[0], "The expression must have the type bool, not %s.", filter.typ)
	}
	in = c.window.apply(in)
	if in.scan != nil {
		in.scan.narrow(in.frame, filter)
	}
	out := in.after(func(x *execution, yield func(*record) bool) {
		in.produce(x, func(r *record) bool {
			if v := filter.eval(r); v.null || !v.Bool() {
				return x.err == nil
			}
			return yield(r)
		})
	})
	out.sort = nil // a take after it counts only the rows that pass
	return out, nil
}

func (b *binder) extend(o *operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	list := &columnList{operator: o.name, columns: append([]relationColumn(nil), in.columns...)}
	declared := map[string]bool{}
	for _, n := range o.columns {
		named, body := assigned(n)
		e, err := c.bind(body)
		if err != nil {
			return nil, err
		}
		if len(named) > 1 {
			return nil, c.fail(n, "The expression gives one column, not %d.", len(named))
		}
		column := in.with(e)
		if len(named) == 0 {
			list.put(list.orNumbered(resultName(body)), column)
			continue
		}
		if declared[named[0]] {
			return nil, c.fail(n, "A column with the name '%s' is already declared.", named[0])
		}
		declared[named[0]] = true
		list.put(named[0], column)
	}
	out := c.window.apply(in).columnsReplaced(list.columns)
	if o.name == "serialize" {
		out.serialized, out.scan, out.sort = true, nil, nil
	}
	return out, nil
}

// columnsReplaced is r with other columns over the same slots.
func (r *relation) columnsReplaced(columns []relationColumn) *relation {
	next := *r
	next.columns = columns
	return &next
}

func (b *binder) project(o *operator, in *relation, s *scope) (*relation, error) {
	c := b.over(o, in, s)
	list := &columnList{operator: o.name}
	for _, n := range o.columns {
		named, body := assigned(n)
		e, err := c.bind(body)
		if err != nil {
			return nil, err
		}
		if err = list.addNamed(n, named, resultName(body), in.with(e)); err != nil {
			return nil, err
		}
	}
	return c.window.apply(in).columnsReplaced(list.columns), nil
}

func (b *binder) distinct(o *operator, in *relation, s *scope) (*relation, error) {
	grouping := &operator{name: o.name, start: o.start, hasBy: true}
	for _, n := range o.columns {
		if n.kind != starNode {
			grouping.by = append(grouping.by, n)
			continue
		}
		for _, column := range in.columns {
			grouping.by = append(grouping.by, &node{kind: nameNode, start: n.start, text: column.Name})
		}
	}
	return b.summarize(grouping, in, s)
}

func (b *binder) count(in *relation) *relation {
	return newRelation([]Column{{Name: "Count", Type: Long}}, func(x *execution, f *frame, yield func(*record) bool) {
		var n int64
		in.produce(x, func(*record) bool { n++; return x.err == nil })
		r := f.record(x)
		r.begin(tuple{NewLong(n)})
		yield(r)
	})
}

package kql

import (
	"maps"
	"slices"
)

func dynamicFunctions() map[string]function {
	bag := plain(Dynamic, 2, anyNumber, func(v []Value) Value {
		bag := make(map[string]any, len(v)/2)
		for i := 0; i+1 < len(v); i += 2 {
			bag[text(v[i])] = toObject(v[i+1])
		}
		return NewDynamic(bag)
	}, anything)
	bindBag := bag.bind
	bag.bind = func(c *exprBinder, n *node, args []*expr) (*expr, error) {
		if len(args)%2 != 0 {
			return nil, c.fail(n, "The function '%s' expects an even number of arguments.", n.text)
		}
		for i := 0; i < len(args); i += 2 {
			if args[i].typ != String {
				return nil, c.fail(n.args[i], "The function '%s' expects keys of type string, not %s.", n.text, args[i].typ)
			}
		}
		return bindBag(c, n, args)
	}
	return map[string]function{
		"bag_pack": bag,
		"pack":     bag,
		"pack_array": plain(Dynamic, 1, anyNumber, func(v []Value) Value {
			array := make([]any, len(v))
			for i := range v {
				array[i] = toObject(v[i])
			}
			return NewDynamic(array)
		}, anything),
		"array_length": plain(Long, 1, 1, func(v []Value) Value {
			if array, ok := v[0].d.([]any); ok {
				return NewLong(int64(len(array)))
			}
			return Null(Long)
		}, objects),
		"array_concat": plain(Dynamic, 1, anyNumber, func(v []Value) Value {
			all := []any{}
			for _, part := range v {
				if array, ok := part.d.([]any); ok {
					all = append(all, array...)
				}
			}
			return NewDynamic(all)
		}, objects),
		"set_has_element": plain(Bool, 2, 2, func(v []Value) Value {
			array, ok := v[0].d.([]any)
			if !ok {
				return Null(Bool)
			}
			wanted := dynamicText(toObject(v[1]))
			return NewBool(slices.ContainsFunc(array, func(item any) bool { return dynamicText(item) == wanted }))
		}, objects, anything),
		"bag_keys": plain(Dynamic, 1, 1, func(v []Value) Value {
			bag, ok := v[0].d.(map[string]any)
			if !ok {
				return Null(Dynamic)
			}
			keys := []any{}
			for _, k := range slices.Sorted(maps.Keys(bag)) {
				keys = append(keys, k)
			}
			return NewDynamic(keys)
		}, objects),
		"bag_has_key": plain(Bool, 2, 2, func(v []Value) Value {
			bag, ok := v[0].d.(map[string]any)
			if !ok {
				return Null(Bool)
			}
			_, has := bag[v[1].s]
			return NewBool(has)
		}, objects, texts),
		"bag_merge": plain(Dynamic, 2, anyNumber, func(v []Value) Value {
			merged := map[string]any{}
			for _, part := range slices.Backward(v) { // the first to name a key wins
				bag, _ := part.d.(map[string]any)
				maps.Copy(merged, bag)
			}
			return NewDynamic(merged)
		}, objects),
	}
}

// bindPackAll packs the columns there are; pack_all(true) leaves out nulls and empty strings.
func (c *exprBinder) bindPackAll(n *node) (*expr, error) {
	if len(n.args) > 1 {
		return nil, c.arity(n, 0, 1)
	}
	skipEmpty := false
	if len(n.args) == 1 {
		flag, err := c.bind(n.args[0])
		if err != nil {
			return nil, err
		}
		if !flag.constant || flag.typ != Bool {
			return nil, c.fail(n, "The function 'pack_all' expects a constant bool.")
		}
		skipEmpty = flag.value.Bool()
	}
	if c.rel == nil {
		return nil, c.fail(n, "The function 'pack_all' is not allowed in this context.")
	}
	columns := slices.Clone(c.rel.columns)
	return &expr{typ: Dynamic, slot: -1, eval: func(r *record) Value {
		bag := make(map[string]any, len(columns))
		for _, column := range columns {
			v := r.get(column.slot)
			if skipEmpty && (v.null || v.typ == String && v.s == "") {
				continue
			}
			bag[column.Name] = toObject(v)
		}
		return NewDynamic(bag)
	}}, nil
}

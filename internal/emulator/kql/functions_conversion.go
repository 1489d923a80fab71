package kql

func conversionFunctions() map[string]function {
	all := map[string]function{
		"gettype": plain(String, 1, 1, func(v []Value) Value { return NewString(typeOf(v[0])) }, anything).named("type_"),
	}
	for name, typ := range map[string]Type{
		"tostring": String, "toint": Int, "tolong": Long, "toreal": Real, "todouble": Real, "tobool": Bool, "toboolean": Bool,
		"todatetime": DateTime, "totimespan": TimeSpan, "toguid": GUID,
	} {
		all[name] = function{min: 1, max: 1, namesResult: true, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if typ == GUID && args[0].typ != GUID {
				if err := c.check(n, args, texts); err != nil {
					return nil, err
				}
			}
			return convertExpr(args[0], typ), nil
		}}
	}
	for _, name := range []string{"parse_json", "todynamic", "parsejson"} {
		all[name] = function{min: 1, max: 1, namesResult: true, bind: func(c *exprBinder, n *node, args []*expr) (*expr, error) {
			if err := c.check(n, args, texts); err != nil {
				return nil, err
			}
			return unaryExpr(Dynamic, args[0], func(v Value) Value {
				if v.typ == String {
					return parseJSON(v.s)
				}
				return convert(v, Dynamic)
			}), nil
		}}
	}
	return all
}

func typeOf(v Value) string {
	if v.typ != Dynamic {
		return v.typ.String()
	}
	switch d := v.d.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "dictionary"
	case []any:
		return "array"
	default:
		return fromObject(d).typ.String()
	}
}

package alert

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Object is a JSON object. The zero value has no properties.
type Object struct {
	value   pcommon.Map
	present bool
}

// Of returns the object of a map.
func Of(m pcommon.Map) Object { return Object{value: m, present: true} }

// Text is the property at the path as text. It is empty where there is none, and where the property is an object or a list.
func (o Object) Text(path ...string) string {
	v, ok := o.at(path)
	if !ok {
		return ""
	}
	return text(v)
}

// Texts are the texts of the list at the path that are not empty.
func (o Object) Texts(path ...string) []string {
	var all []string
	for _, v := range o.list(path) {
		if t := text(v); t != "" {
			all = append(all, t)
		}
	}
	return all
}

// Object is the object at the path. Where there is none, it has no properties.
func (o Object) Object(path ...string) Object {
	v, ok := o.at(path)
	if !ok || v.Type() != pcommon.ValueTypeMap {
		return Object{}
	}
	return Of(v.Map())
}

// Objects are the objects of the list at the path.
func (o Object) Objects(path ...string) []Object {
	var all []Object
	for _, v := range o.list(path) {
		if v.Type() == pcommon.ValueTypeMap {
			all = append(all, Of(v.Map()))
		}
	}
	return all
}

// Properties are all properties, as Go's own types.
func (o Object) Properties() map[string]any {
	if !o.present {
		return map[string]any{}
	}
	return o.value.AsRaw()
}

func (o Object) at(path []string) (pcommon.Value, bool) {
	if !o.present || len(path) == 0 {
		return pcommon.Value{}, false
	}
	v, ok := o.value.Get(path[0])
	if !ok || len(path) == 1 {
		return v, ok
	}
	if v.Type() != pcommon.ValueTypeMap {
		return pcommon.Value{}, false
	}
	return Of(v.Map()).at(path[1:])
}

func (o Object) list(path []string) []pcommon.Value {
	v, ok := o.at(path)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	all := make([]pcommon.Value, 0, v.Slice().Len())
	for _, element := range v.Slice().All() {
		all = append(all, element)
	}
	return all
}

// text is a scalar as JSON would show it, without quotes.
func text(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64)
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool())
	default:
		return ""
	}
}

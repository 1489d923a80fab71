package row

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// AdditionalFieldsColumn holds an object whose fields depend on the kind of the event.
const AdditionalFieldsColumn = "AdditionalFields"

// Fields is the object in AdditionalFields; false: there is none.
func (r Row) Fields() (pcommon.Map, bool) {
	if !r.fields.parsed {
		r.fields.object, r.fields.found = r.Object(AdditionalFieldsColumn)
		r.fields.parsed = true
	}
	return r.fields.object, r.fields.found
}

// Mentions reports whether AdditionalFields may hold one of these words. Text is not parsed for it:
// most rows have none.
func (r Row) Mentions(words ...string) bool {
	v, ok := r.Columns.Get(AdditionalFieldsColumn)
	if !ok {
		return false
	}
	if v.Type() != pcommon.ValueTypeStr {
		return v.Type() == pcommon.ValueTypeMap
	}
	for _, word := range words {
		if strings.Contains(v.Str(), word) {
			return true
		}
	}
	return false
}

// Field is a field of AdditionalFields, its name in any case.
func (r Row) Field(name string) (pcommon.Value, bool) {
	object, ok := r.Fields()
	if !ok {
		return pcommon.Value{}, false
	}
	return Get(object, name)
}

// Get is the value under a key in any case.
func Get(m pcommon.Map, key string) (pcommon.Value, bool) {
	if v, ok := m.Get(key); ok {
		return v, true
	}
	for k, v := range m.All() {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return pcommon.Value{}, false
}

// Entity is an object in AdditionalFields at a path of keys. The service writes an object that occurs
// twice once, with an `$id`, and refers to it by `$ref` everywhere else.
func (r Row) Entity(path ...string) (pcommon.Map, bool) {
	document, ok := r.Fields()
	if !ok {
		return pcommon.Map{}, false
	}
	at := document
	for _, key := range path {
		v, ok := Get(at, key)
		if !ok || v.Type() != pcommon.ValueTypeMap {
			return pcommon.Map{}, false
		}
		if at, ok = resolve(document, v.Map()); !ok {
			return pcommon.Map{}, false
		}
	}
	return at, true
}

// resolve follows a reference. One that leads nowhere, or to a reference again, is no object.
func resolve(document, object pcommon.Map) (pcommon.Map, bool) {
	ref, ok := object.Get("$ref")
	if !ok {
		return object, true
	}
	return withID(document, Text(ref), maxJSONDepth)
}

func withID(m pcommon.Map, id string, depth int) (pcommon.Map, bool) {
	if v, ok := m.Get("$id"); ok && id != "" && Text(v) == id {
		return m, true
	}
	for _, v := range m.All() {
		if found, ok := withIDIn(v, id, depth-1); ok {
			return found, true
		}
	}
	return pcommon.Map{}, false
}

func withIDIn(v pcommon.Value, id string, depth int) (pcommon.Map, bool) {
	if depth < 0 {
		return pcommon.Map{}, false
	}
	switch v.Type() {
	case pcommon.ValueTypeMap:
		return withID(v.Map(), id, depth)
	case pcommon.ValueTypeSlice:
		for _, item := range v.Slice().All() {
			if found, ok := withIDIn(item, id, depth-1); ok {
				return found, true
			}
		}
	}
	return pcommon.Map{}, false
}

// JSON is a column that holds an object or list, as text or as it is.
func (r Row) JSON(column string) (pcommon.Value, bool) {
	v, ok := r.Columns.Get(column)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return v, ok
	}
	return parsed(v)
}

// Object is a column that holds a JSON object, as text or as it is.
func (r Row) Object(column string) (pcommon.Map, bool) {
	v, ok := r.JSON(column)
	if !ok || v.Type() != pcommon.ValueTypeMap {
		return pcommon.Map{}, false
	}
	return v.Map(), true
}

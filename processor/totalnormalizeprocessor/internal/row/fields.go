package row

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// AdditionalFieldsColumn holds an object whose fields depend on the kind of the event.
const AdditionalFieldsColumn = "AdditionalFields"

// object is the object in AdditionalFields; false: there is none.
func (r Row) object() (node, bool) {
	f := r.fields
	if !f.parsed {
		f.parsed, f.found = true, false
		if v, ok := r.Columns.Get(AdditionalFieldsColumn); ok {
			f.object, f.found = nodeOf(v, &f.document)
			f.found = f.found && f.object.isObject()
		}
	}
	return f.object, f.found
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

// Field is a field of AdditionalFields as text, its name in any case.
func (r Row) Field(name string) string {
	field, ok := r.field(name)
	if !ok {
		return ""
	}
	return field.text()
}

func (r Row) field(name string) (node, bool) {
	object, ok := r.object()
	if !ok {
		return node{}, false
	}
	return object.getFold(name)
}

// entity is an object in AdditionalFields at a path of keys. The service writes an object that occurs
// twice once, with an `$id`, and refers to it by `$ref` everywhere else.
func (r Row) entity(path ...string) (node, bool) {
	whole, ok := r.object()
	if !ok {
		return node{}, false
	}
	at := whole
	for _, key := range path {
		member, ok := at.getFold(key)
		if !ok || !member.isObject() {
			return node{}, false
		}
		if at, ok = resolve(whole, member); !ok {
			return node{}, false
		}
	}
	return at, true
}

// resolve follows a reference. One that leads nowhere, or to a reference again, is no object.
func resolve(whole, object node) (node, bool) {
	ref, ok := object.get("$ref")
	if !ok {
		return object, true
	}
	return withID(whole, ref.text(), maxJSONDepth)
}

func withID(n node, id string, depth int) (node, bool) {
	if v, ok := n.get("$id"); ok && id != "" && v.text() == id {
		return n, true
	}
	for _, member := range n.members() {
		if found, ok := withIDIn(member, id, depth-1); ok {
			return found, true
		}
	}
	return node{}, false
}

func withIDIn(n node, id string, depth int) (node, bool) {
	if depth < 0 {
		return node{}, false
	}
	switch {
	case n.isObject():
		return withID(n, id, depth)
	case n.isList():
		for item := range n.elements() {
			if found, ok := withIDIn(item, id, depth-1); ok {
				return found, true
			}
		}
	}
	return node{}, false
}

// JSON is a column that holds an object or list, as text or as it is.
func (r Row) JSON(column string) (pcommon.Value, bool) {
	v, ok := r.Columns.Get(column)
	if !ok || v.Type() != pcommon.ValueTypeStr {
		return v, ok
	}
	p := pcommon.NewValueEmpty()
	return p, ParseJSON(v.Str(), p)
}

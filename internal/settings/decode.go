package settings

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// Decode lays what is written over cfg, a pointer to a struct that holds the defaults. A component calls it from its
// Unmarshal and hands what it returns to its Validate. The error is the decoder's, and does not depend on the user.
//
// The tag `example` of a field shows how its value could be written.
func Decode(conf *confmap.Conf, cfg any) (*Written, error) {
	r := &reader{
		written: &Written{empty: map[string]bool{}},
		paths:   pathsOf("", reflect.ValueOf(cfg).Elem()),
		edits:   map[string]any{},
	}
	fields, open := fieldsOf(reflect.ValueOf(cfg).Elem())
	r.members("", conf, fields, open)
	if err := r.edit(conf); err != nil {
		return nil, err
	}
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	if len(r.written.problems) == 0 && len(r.written.empty) == 0 {
		return nil, nil
	}
	return r.written, nil
}

// members reads the keys of a map into the fields of a struct.
func (r *reader) members(path string, conf *confmap.Conf, fields []field, open bool) {
	written := conf.ToStringMap()
	for _, key := range slices.Sorted(maps.Keys(written)) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		switch {
		case i >= 0:
			r.value(place{path: join(path, key), parent: conf, field: fields[i]}, written[key])
		case !open:
			r.unknown(path, key, fields)
		}
	}
}

func (r *reader) unknown(parent, key string, fields []field) {
	p := Problem{Key: join(parent, key)}
	r.edits[p.Key] = dropped
	meant := suggested(parent, key, keysOf(fields), r.paths)
	switch {
	case len(meant) == 0 && MaybeSecret(key):
		p.Key = cmp.Or(parent, "...")
		p.Text = "has a key that is none, and that may be a secret, so it is not repeated: the keys are " + strings.Join(ownKeys(fields), ", ")
	case len(meant) > 0:
		p.meant = meant[0]
		p.Text = "is no key: did you mean '" + strings.Join(meant, "' or '") + "'?"
	case len(keysOf(fields)) == 0:
		p.Text = "is no key: there are none here"
	default:
		p.Text = "is no key: the keys here are " + strings.Join(ownKeys(fields), ", ")
	}
	r.written.problems = append(r.written.problems, p)
}

// value reads one value.
func (r *reader) value(at place, raw any) {
	if nested, ok := structOf(at.value); ok {
		r.structure(at, raw, nested)
		return
	}
	if isMapOfStructs(at.value.Type()) {
		r.mapOfStructs(at, raw)
		return
	}
	r.leaf(at, raw)
}

func (r *reader) structure(at place, raw any, nested reflect.Value) {
	fields, open := fieldsOf(nested)
	if isOptional(at.value.Type()) {
		if raw == nil && len(fields) == 0 {
			r.refuse(at, "is empty: write "+at.key+": {}; "+EmptyHint)
			return
		}
		fields = append(fields, field{key: "enabled", value: reflect.ValueOf(true), hidden: true})
	}
	if sub, ok := r.sub(at, raw, fields); ok {
		r.members(at.path, sub, fields, open)
	}
}

func (r *reader) mapOfStructs(at place, raw any) {
	elem := at.value.Type().Elem()
	fields, open := fieldsOf(reflect.Zero(elem))
	sub, ok := r.sub(at, raw, nil)
	if !ok {
		return
	}
	written := sub.ToStringMap()
	for _, name := range slices.Sorted(maps.Keys(written)) {
		if written[name] == nil {
			continue // named without settings
		}
		entry := place{path: join(at.path, name), parent: sub, field: field{key: name}}
		if member, ok := r.sub(entry, written[name], fields); ok {
			r.members(entry.path, member, fields, open)
		}
	}
}

// sub returns what stands below a value that must be a map.
func (r *reader) sub(at place, raw any, fields []field) (*confmap.Conf, bool) {
	if raw == nil {
		// The decoder would clear the defaults where a variable is not set.
		r.edits[at.path] = dropped
		return nil, false
	}
	if _, ok := raw.(map[string]any); !ok {
		r.refuse(at, "is "+kindOf(raw)+": "+needsMap(at.field, fields))
		return nil, false
	}
	sub, err := at.parent.Sub(at.key)
	if err != nil {
		r.refuse(at, "is "+kindOf(raw)+": "+needsMap(at.field, fields))
		return nil, false
	}
	return sub, true
}

// edit changes what the decoder will see.
func (r *reader) edit(conf *confmap.Conf) error {
	for _, path := range slices.Sorted(maps.Keys(r.edits)) {
		if err := edit(conf, path, r.edits[path]); err != nil {
			return err
		}
	}
	return nil
}

func edit(conf *confmap.Conf, path string, value any) error {
	root := path
	for !conf.IsSet(root) {
		// The value stands inside one that came as a whole from a variable.
		i := strings.LastIndex(root, delimiter)
		if i < 0 {
			return nil
		}
		root = root[:i]
	}
	if root != path {
		whole, ok := conf.Get(root).(map[string]any)
		if !ok {
			return nil
		}
		set(whole, strings.Split(strings.TrimPrefix(path, root+delimiter), delimiter), value)
		path, value = root, whole
	}
	conf.Delete(path)
	if value == dropped {
		// A map stays when its last key goes: it may name a table.
		i := strings.LastIndex(path, delimiter)
		if i < 0 || conf.IsSet(path[:i]) {
			return nil
		}
		path, value = path[:i], map[string]any{}
	}
	changed := map[string]any{}
	set(changed, strings.Split(path, delimiter), value)
	return conf.Merge(confmap.NewFromStringMap(changed))
}

// set puts the value at the path, or removes what is there.
func set(m map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		next, ok := m[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[key] = next
		}
		m = next
	}
	if last := path[len(path)-1]; value == dropped {
		delete(m, last)
	} else {
		m[last] = value
	}
}

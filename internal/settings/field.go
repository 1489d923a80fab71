package settings

import (
	"reflect"
	"slices"
	"strings"
)

// field is a setting of a struct. Its value is the default.
type field struct {
	key     string
	value   reflect.Value
	example string // the tag `example`: the value as it could be written
	foreign bool   // of a struct that stands flat beside the component's own settings
	hidden  bool   // taken, but not listed
}

// fieldsOf returns the settings of a struct, and whether it takes any other key.
func fieldsOf(s reflect.Value) (fields []field, open bool) {
	for i := range s.NumField() {
		f := s.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case strings.Contains(options, "remain"):
			open = true
		case strings.Contains(options, "squash"):
			flat, more := fieldsOf(s.Field(i))
			for j := range flat {
				flat[j].foreign = true
			}
			fields, open = append(fields, flat...), open || more
		default:
			fields = append(fields, field{key: name, value: s.Field(i), example: f.Tag.Get("example")})
		}
	}
	return fields, open
}

func keysOf(fields []field) []string {
	var keys []string
	for _, f := range fields {
		if !f.hidden {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// ownKeys are those of the component itself, unless it has none.
func ownKeys(fields []field) []string {
	own := slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.foreign })
	if len(own) == 0 {
		own = fields
	}
	return keysOf(own)
}

// pathsOf returns the full path of every setting below the struct.
func pathsOf(prefix string, s reflect.Value) []string {
	var paths []string
	fields, _ := fieldsOf(s)
	for _, f := range fields {
		path := join(prefix, f.key)
		paths = append(paths, path)
		if nested, ok := structOf(f.value); ok {
			paths = append(paths, pathsOf(path, nested)...)
		}
	}
	return paths
}

// suggested are the keys that an unknown one may have been meant to be: a neighbour, or a key of that name elsewhere.
func suggested(parent, key string, siblings, paths []string) []string {
	if meant, ok := Closest(key, siblings); ok {
		return []string{join(parent, meant)}
	}
	var elsewhere []string
	for _, path := range paths {
		segments := strings.Split(path, delimiter)
		for i := range segments {
			if normalized(strings.Join(segments[i:], delimiter)) == normalized(key) {
				elsewhere = append(elsewhere, path)
				break
			}
		}
	}
	if n := len(elsewhere); 0 < n && n <= 2 {
		return elsewhere
	}
	if similar, ok := Resembling(key, siblings); ok {
		return []string{join(parent, similar)}
	}
	return nil
}

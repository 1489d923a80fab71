package hunting

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// key is what is known of a row's key: its name is made once an answer, not once a row.
type key struct {
	quoted []byte // as it stands in the body
	begun  []byte // quoted and its colon, as they mostly stand before a value
	name   string
	drop   bool // an annotation, not a column
	bool   bool // declared as one
	mark   bool // its presence says all, whatever the value
	// place is where the name last stood in a new order. Keys of one name share it.
	place *int
}

// removedAnnotation stands in the place of the columns of a user who was deleted.
const removedAnnotation = "@removed"

// keys resolves the keys of an answer's rows.
type keys struct {
	declared map[string]tables.Type
	known    map[string]*key // by quoted
	places   map[string]*int
	// order are the keys of the last row: the next row mostly has the same at the same place.
	order []*key
	moved bool // the row that is read has another order
	// orders counts the orders there were, from 1 on.
	orders int
	twice  bool // a name stands in order twice
}

func (k *keys) init(columns []tables.Column) {
	k.declared = make(map[string]tables.Type, len(columns))
	for _, c := range columns {
		k.declared[c.Name] = c.Type
	}
	k.known = make(map[string]*key, len(columns))
	k.places = make(map[string]*int, len(columns))
	k.orders = 1
}

// has reports whether the query names a column.
func (k *keys) has(name string) bool {
	_, ok := k.declared[name]
	return ok
}

// expected is the key that the i-th of a row mostly is; nil: none is.
func (k *keys) expected(i int) *key {
	if i < len(k.order) {
		return k.order[i]
	}
	return nil
}

// at resolves the i-th key of a row.
func (k *keys) at(i int, quoted []byte, schema []Column) *key {
	if i < len(k.order) && bytes.Equal(k.order[i].quoted, quoted) {
		return k.order[i]
	}
	found, ok := k.known[string(quoted)]
	if !ok {
		found = k.resolve(quoted, schema)
		k.known[string(quoted)] = found
	}
	k.moved = true
	if i < len(k.order) {
		k.order[i] = found
	} else {
		k.order = append(k.order, found)
	}
	return found
}

// end closes a row of n keys. What is known of their order is found out once, not for each row.
func (k *keys) end(n int) {
	if !k.moved {
		return
	}
	k.order, k.moved, k.twice = k.order[:n], false, false
	k.orders++
	for _, found := range k.order {
		*found.place = -1
	}
	for i, found := range k.order {
		k.twice = k.twice || *found.place >= 0
		*found.place = i
	}
}

func (k *keys) resolve(quoted []byte, schema []Column) *key {
	name, _ := jsontext.AppendUnquote(nil, quoted) // repaired where it says an error
	begun := append(bytes.Clone(quoted), ':')
	found := &key{quoted: begun[:len(quoted)], begun: begun, name: k.spelling(string(name), schema)}
	found.drop = strings.Contains(found.name, "@odata.")
	if _, ok := k.declared[tables.UserRemoved]; ok && found.name == removedAnnotation {
		found.name, found.mark = tables.UserRemoved, true
	}
	typ, declared := k.declared[found.name]
	found.bool = declared && typ == tables.Bool || !declared && saysBool(schema, found.name)
	if k.places[found.name] == nil {
		k.places[found.name] = new(int)
	}
	found.place = k.places[found.name]
	return found
}

// saysBool reports whether the answer itself declares a column as a boolean. Kusto's older name of that is SByte.
func saysBool(schema []Column, name string) bool {
	return slices.ContainsFunc(schema, func(c Column) bool {
		typ := strings.ToLower(c.Type)
		return c.Name == name && (typ == "boolean" || typ == "bool" || typ == "sbyte")
	})
}

// spelling undoes camelCase, in which one of Microsoft's examples shows the keys of rows. Only a name
// that begins in lower case and is nobody's own is looked for in any case: LogonId and LogonID
// are two columns, and must stay so.
func (k *keys) spelling(name string, schema []Column) string {
	if _, ok := k.declared[name]; ok || name == "" || name[0] < 'a' || name[0] > 'z' {
		return name
	}
	match := ""
	for declared := range k.declared {
		if strings.EqualFold(declared, name) {
			if match != "" {
				return name
			}
			match = declared
		}
	}
	if match != "" {
		return match
	}
	for _, c := range schema {
		if c.Name == name {
			return name
		}
		if strings.EqualFold(c.Name, name) {
			match = c.Name
		}
	}
	if match != "" {
		return match
	}
	return name
}

package configschema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// worth is how many bytes a schema has that is worth a definition.
const worth = 300

// share moves schemas of Go types that occur more than once into the definitions of root, and removes the names of Go types.
func share(root node) {
	s := sharer{count: map[string]int{}, name: map[string]string{}, taken: map[string]int{}, definitions: root["definitions"].(node)}
	s.tally(root)
	for _, key := range slices.Sorted(maps.Keys(root)) {
		root[key] = s.replaced(root[key])
	}
}

type sharer struct {
	count       map[string]int    // by schema
	name        map[string]string // by schema, of its definition
	taken       map[string]int    // by Go type
	definitions node
}

// tally counts the schemas. What is inside one that was counted before is not counted again.
func (s sharer) tally(value any) {
	switch value := value.(type) {
	case node:
		if _, ok := value[goType]; ok {
			text := identity(value)
			s.count[text]++
			if s.count[text] > 1 {
				return
			}
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			s.tally(value[key])
		}
	case []node:
		for _, entry := range value {
			s.tally(entry)
		}
	}
}

// replaced is the value with references in the place of schemas that have a definition.
func (s sharer) replaced(value any) any {
	switch value := value.(type) {
	case node:
		if text := identity(value); value[goType] != nil && s.count[text] > 1 && len(text) >= worth {
			return s.reference(value, text)
		}
		return s.inside(value)
	case []node:
		for i, entry := range value {
			value[i] = s.replaced(entry).(node)
		}
	}
	return value
}

func (s sharer) inside(schema node) node {
	delete(schema, goType)
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		schema[key] = s.replaced(schema[key])
	}
	return schema
}

func (s sharer) reference(schema node, text string) node {
	name, ok := s.name[text]
	if !ok {
		typ := schema[goType].(string)
		s.taken[typ]++
		name = typ
		if n := s.taken[typ]; n > 1 {
			name = fmt.Sprintf("%s-%d", typ, n)
		}
		s.name[text] = name
		s.definitions[name] = s.inside(withoutNotes(schema))
	}
	found := reference(name)
	for _, note := range notes {
		if text, ok := schema[note]; ok {
			found[note] = text
		}
	}
	return found
}

// notes are what a schema says of the place where it stands.
var notes = []string{"description", "deprecationMessage", "default", "examples"}

func withoutNotes(schema node) node {
	bare := maps.Clone(schema)
	for _, note := range notes {
		delete(bare, note)
	}
	return bare
}

// identity is equal for schemas that are equal but for their notes.
func identity(schema node) string {
	text, err := json.Marshal(withoutNotes(schema))
	if err != nil {
		return ""
	}
	return string(text)
}

package configschema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Part is the schema of one component's settings, with the definitions that it needs. The component is named as
// kind/type, e.g. receivers/defender.
func Part(schema []byte, name string) ([]byte, error) {
	var root node
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	all, _ := root["definitions"].(node)
	kind, typ, _ := strings.Cut(name, "/")
	found, ok := all[kind+"."+typ].(node)
	if !ok || !slices.Contains(kinds, kind) {
		return nil, fmt.Errorf("there is no component %s: the components are %s", name, strings.Join(components(all), ", "))
	}
	part := maps.Clone(found)
	part["$schema"], part["title"] = dialect, name
	if needed := closure(all, found); len(needed) > 0 {
		part["definitions"] = needed
	}
	return encoded(part)
}

// components are the names of the components among the definitions.
func components(all node) []string {
	var names []string
	for name := range all {
		if kind, typ, ok := strings.Cut(name, "."); ok && slices.Contains(kinds, kind) {
			names = append(names, kind+"/"+typ)
		}
	}
	slices.Sort(names)
	return names
}

var kinds = []string{"receivers", "processors", "exporters", "connectors", "extensions"}

// closure has the definitions that a schema refers to, and those that they refer to.
func closure(all node, schema any) node {
	needed := node{}
	var visit func(value any)
	visit = func(value any) {
		switch value := value.(type) {
		case node:
			to, _ := value["$ref"].(string)
			name, ok := strings.CutPrefix(to, "#/definitions/")
			if ok && needed[name] == nil {
				needed[name] = all[name]
				visit(all[name])
			}
			for _, below := range value {
				visit(below)
			}
		case []any:
			for _, below := range value {
				visit(below)
			}
		}
	}
	visit(schema)
	return needed
}

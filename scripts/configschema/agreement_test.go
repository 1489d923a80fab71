package main

import (
	"bytes"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
)

// document is the schema as it is written, to be walked.
type document map[string]any

func written(t *testing.T) document {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return value.(map[string]any)
}

// at is the schema of a definition.
func (d document) at(definition string) map[string]any {
	found, _ := d["definitions"].(map[string]any)[definition].(map[string]any)
	return found
}

// properties are those of a schema, or of the one that it refers to.
func (d document) properties(schema map[string]any) map[string]any {
	if to, ok := schema["$ref"].(string); ok {
		schema = d.at(strings.TrimPrefix(to, "#/definitions/"))
	}
	properties, _ := schema["properties"].(map[string]any)
	return properties
}

// leaves are the settings of a schema that have none below them, by path. Definitions that were seen before are passed over.
func (d document) leaves(prefix string, schema map[string]any, found map[string]map[string]any, seen map[string]bool) {
	if to, ok := schema["$ref"].(string); ok {
		if seen[to] {
			return
		}
		seen[to] = true
	}
	properties := d.properties(schema)
	if properties == nil {
		found[prefix] = schema
		return
	}
	for key, property := range properties {
		d.leaves(strings.TrimPrefix(prefix+confmap.KeyDelimiter+key, confmap.KeyDelimiter), property.(map[string]any), found, seen)
	}
}

// values are what a user could write in the place of what is meant.
var values = []any{"text", "", -7, 1.5, true, "5s", "1d", []any{"a"}, map[string]any{"a": "b"}, []any{map[string]any{"name": "a", "value": "b"}}}

// Each setting of each component is given values of all types. What the schema refuses, the collector refuses.
func TestTheSchemaRefusesNothingThatTheCollectorTakes(t *testing.T) {
	d := written(t)
	byName, _ := creators(t)
	refused, seen := 0, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		schema := compiled(t, "/definitions/"+name)
		leaves := map[string]map[string]any{}
		d.leaves("", d.at(name), leaves, seen)
		delete(leaves, "") // a component without settings
		for _, path := range slices.Sorted(maps.Keys(leaves)) {
			if name == "connectors.count" && strings.HasSuffix(path, "attributes") {
				continue // it overlooks keys that it does not know
			}
			if table, isOf := strings.CutPrefix(path, "tables::"); isOf && !strings.HasPrefix(table, "Alerts::") {
				continue // all tables have the same settings
			}
			for _, value := range values {
				if stricter(leaves[path], value) {
					continue
				}
				config := nested(path, value)
				if schema.Validate(config) == nil {
					continue
				}
				refused++
				assert.True(t, collectorRefuses(byName[name](), config, path), "%s: %s: %#v", name, path, value)
			}
		}
	}
	assert.Greater(t, refused, 1000)
}

// stricter reports whether the collector takes a value for another one, silently: a number for nanoseconds, a fraction for
// the whole number below it. The schema has only the mistake to tell.
func stricter(schema map[string]any, value any) bool {
	pattern, _ := schema["pattern"].(string)
	kind := reflect.TypeOf(value).Kind()
	return kind == reflect.Float64 || kind == reflect.Int && strings.Contains(pattern, "ns|us")
}

func nested(path string, value any) map[string]any {
	first, rest, more := strings.Cut(path, confmap.KeyDelimiter)
	if !more {
		return map[string]any{first: value}
	}
	return map[string]any{first: nested(rest, value)}
}

// collectorRefuses reports whether the collector finds fault with a value. The components of this project report such
// faults when they validate; what mdatagen has generated names the struct that a value stands in.
func collectorRefuses(config component.Config, values map[string]any, path string) bool {
	if confmap.NewFromStringMap(values).Unmarshal(config) != nil {
		return true
	}
	err := confmap.Validate(config)
	parent := path[:max(strings.LastIndex(path, confmap.KeyDelimiter), 0)]
	return err != nil && (strings.Contains(err.Error(), "'"+path+"'") || strings.Contains(err.Error(), parent+": metric "))
}

// Every key of the project's own components is in the schema, and says what it is.
func TestEveryKeyIsDescribed(t *testing.T) {
	d := written(t)
	byName, modules := creators(t)
	seen := 0
	for name, create := range byName {
		if strings.HasPrefix(modules[name], "github.com/otelcol-defender/") {
			seen += describes(t, d, name, d.at(name), reflect.TypeOf(create()))
			assert.NotEmpty(t, d.at(name)["description"], name)
		}
	}
	assert.Greater(t, seen, 100)
}

// describes holds a schema against the tags of a type, and counts the keys.
func describes(t *testing.T, d document, path string, schema map[string]any, typ reflect.Type) int {
	t.Helper()
	switch {
	case typ.Kind() == reflect.Pointer:
		return describes(t, d, path, schema, typ.Elem())
	case strings.HasPrefix(typ.Name(), "Optional["):
		method, _ := reflect.PointerTo(typ).MethodByName("Get")
		return describes(t, d, path, schema, method.Type.Out(0))
	case typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Struct:
		seen := 0
		for name, entry := range d.properties(schema) {
			assert.NotEmpty(t, entry.(map[string]any)["description"], "%s::%s", path, name)
			seen += describes(t, d, path+"::"+name, entry.(map[string]any), typ.Elem())
		}
		return seen
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct && schema["items"] != nil:
		return describes(t, d, path+"::[]", schema["items"].(map[string]any), typ.Elem())
	case typ.Kind() != reflect.Struct:
		return 0
	}
	seen := 0
	for field := range typ.Fields() {
		key, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if options == "squash" {
			seen += describes(t, d, path, schema, field.Type)
			continue
		}
		if key == "" || key == "-" {
			continue
		}
		seen++
		property, ok := d.properties(schema)[key].(map[string]any)
		if !assert.True(t, ok, "%s has no %s", path, key) {
			continue
		}
		assert.NotEmpty(t, property["description"], "%s::%s", path, key)
		seen += describes(t, d, path+"::"+key, property, field.Type)
	}
	return seen
}

// The components, and only they, have definitions.
func TestEveryComponentHasADefinition(t *testing.T) {
	factories, err := distribution.Components()
	require.NoError(t, err)
	d := written(t)
	for typ := range factories.Exporters {
		assert.NotNil(t, d.at("exporters."+typ.String()), typ)
	}
}

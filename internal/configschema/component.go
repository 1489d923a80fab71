package configschema

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"go.opentelemetry.io/collector/component"
	"go.yaml.in/yaml/v3"
)

// Component is the config.schema.yaml of a component, in the form that the Collector's own components have: types of other
// modules are named by their package, as in go.opentelemetry.io/collector/config/confighttp.client_config, and are described
// there. Packages whose path begins with module are described here.
func Component(config component.Config, module string, source Source) ([]byte, error) {
	value := reflect.ValueOf(config).Elem()
	r := referrer{walker: walker{source: source, strict: reportsWhatIsWritten(value.Type()), inside: map[reflect.Type]bool{}}, module: module, definitions: node{}}
	schema := r.members(value)
	schema["description"] = source.Component(value.Type())
	if len(r.definitions) > 0 {
		schema["$defs"] = r.definitions
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("encode the schema of %s: %w", value.Type(), err)
	}
	return text.Bytes(), nil
}

// referrer makes schemas that refer to types by their Go names.
type referrer struct {
	walker
	module      string
	definitions node
}

// members is the schema of a struct.
func (r referrer) members(v reflect.Value) node {
	properties, flat := node{}, []node(nil)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		switch {
		case !field.IsExported() || key == "-":
		case strings.Contains(options, "squash"):
			flat = append(flat, r.value(v.Field(i)))
		default:
			properties[key] = r.property(v, field, v.Field(i))
		}
	}
	schema := node{"type": "object"}
	if len(properties) > 0 {
		schema["properties"] = properties
	}
	if flat != nil {
		schema["allOf"] = flat
	}
	return schema
}

func (r referrer) property(structure reflect.Value, field reflect.StructField, v reflect.Value) node {
	schema := r.value(v)
	if text := r.description(structure.Type(), field); text != "" {
		schema["description"] = text
	}
	if isDefault, ok := r.shape(v)["default"]; ok && !v.IsZero() {
		schema["default"] = isDefault
	}
	return schema
}

func (r referrer) value(v reflect.Value) node {
	t := v.Type()
	if inner, ok := optionalValue(v); ok {
		schema := r.value(inner)
		schema["x-optional"] = true
		return schema
	}
	switch {
	case t == duration:
		return node{"type": "string", "format": "duration", "x-customType": "time.Duration"}
	case t == id:
		return node{"type": "string", "x-customType": "go.opentelemetry.io/collector/component.ID"}
	case t.Kind() == reflect.Pointer:
		schema := r.value(reflect.New(t.Elem()).Elem())
		schema["x-pointer"] = true
		return schema
	case t.PkgPath() != "" && !strings.HasPrefix(t.PkgPath(), r.module):
		return node{"$ref": t.PkgPath() + "." + snake(t.Name())}
	case t.Kind() == reflect.Slice:
		return node{"type": "array", "items": r.value(reflect.New(t.Elem()).Elem())}
	case t.Kind() == reflect.Map:
		return node{"type": "object", "additionalProperties": r.value(reflect.New(t.Elem()).Elem())}
	case t.PkgPath() != "":
		return r.local(v)
	}
	return node{"type": simple(t.Kind())}
}

// local is a reference to a definition in the same file.
func (r referrer) local(v reflect.Value) node {
	t := v.Type()
	name := snake(t.Name())
	if _, ok := r.definitions[name]; !ok {
		definition := node{"type": simple(t.Kind())}
		if t.Kind() == reflect.Struct {
			definition = r.members(v)
		} else if choices, ok := r.choice(v)["anyOf"].([]node); ok {
			definition["enum"] = choices[0]["enum"]
		}
		if text := about(r.source.Type(t), t.Name()); text != "" {
			definition["description"] = text
		}
		r.definitions[name] = definition
	}
	return node{"$ref": name}
}

func simple(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "boolean"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.String:
		return "string"
	default:
		return "integer"
	}
}

// snake is a Go name as schemas have it: TUIDConfig is tuid_config.
func snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		begins := unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

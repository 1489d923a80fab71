package configschema

import (
	"encoding"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

var (
	headers     = reflect.TypeFor[configopaque.MapList]()
	reported    = reflect.TypeFor[*settings.Written]()
	decodesText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// reportsWhatIsWritten tells a configuration that is decoded by internal/settings.
func reportsWhatIsWritten(config reflect.Type) bool {
	return config.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(config), func(f reflect.StructField) bool {
		return f.Type == reported
	})
}

// shape is the schema of what may be written for an addressable value, which holds the default.
func (w walker) shape(v reflect.Value) node {
	t := v.Type()
	switch inner, optional := optionalValue(v); {
	case optional:
		return w.optional(inner)
	case t == headers:
		return either(node{"type": "object", "additionalProperties": node{"type": "string"}}, list(w.shape(reflect.New(t.Elem()).Elem())))
	case reflect.PointerTo(t).Implements(decodesText):
		return w.words(v)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.pointer(v)
	case reflect.Slice, reflect.Array:
		return w.list(v)
	case reflect.Map:
		return w.mapping(v)
	case reflect.Struct:
		return w.structure(v)
	default:
		return w.scalar(v)
	}
}

func (w walker) pointer(v reflect.Value) node {
	if !v.IsNil() {
		return w.shape(v.Elem())
	}
	schema := w.shape(reflect.New(v.Type().Elem()).Elem())
	delete(schema, "default")
	return schema
}

// optional is the schema of a configoptional.Optional, which adds a switch to the settings that it holds.
func (w walker) optional(inner reflect.Value) node {
	schema := w.shape(inner)
	if properties, ok := schema["properties"].(node); ok {
		properties["enabled"] = described(orReference("boolean", "true or false"), "Whether the section counts: with false it is as if it were not written.")
		schema[goType] = "optional." + schema[goType].(string)
	}
	return schema
}

// optionalValue is the value that a configoptional.Optional holds, or would hold if it were written.
func optionalValue(v reflect.Value) (reflect.Value, bool) {
	method := v.Addr().MethodByName("GetOrInsertDefault")
	if !method.IsValid() {
		return reflect.Value{}, false
	}
	return method.Call(nil)[0].Elem(), true
}

func (w walker) list(v reflect.Value) node {
	entry := w.shape(reflect.New(v.Type().Elem()).Elem())
	delete(entry, "default")
	schema := list(entry)
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		delete(schema, "pattern") // a text with commas is a list of texts
		delete(schema, "patternErrorMessage")
		if texts := textsOf(v); len(texts) > 0 {
			schema["default"] = texts
		}
	}
	return schema
}

func textsOf(v reflect.Value) []string {
	texts := make([]string, v.Len())
	for i := range texts {
		texts[i] = v.Index(i).String()
	}
	return texts
}

// mapping is the schema of a map. Entries that are there by default have defaults of their own.
func (w walker) mapping(v reflect.Value) node {
	elem := v.Type().Elem()
	if elem.Kind() == reflect.Interface {
		return openObject()
	}
	schema := openObject()
	schema["additionalProperties"] = w.shape(reflect.New(elem).Elem())
	if v.Len() == 0 || elem.Kind() != reflect.Struct {
		return schema
	}
	properties := node{}
	for entry := range v.Seq() {
		value := reflect.New(elem).Elem()
		value.Set(v.MapIndex(entry))
		properties[entry.String()] = w.shape(value)
		if text := about(w.source.Type(elem), elem.Name()); text != "" {
			properties[entry.String()].(node)["description"] = text
		}
	}
	schema["properties"] = properties
	if w.strict {
		schema["additionalProperties"] = false
	}
	return schema
}

func (w walker) structure(v reflect.Value) node {
	t := v.Type()
	if w.inside[t] {
		return node{}
	}
	w.inside[t] = true
	defer delete(w.inside, t)
	properties := node{}
	rest, known := w.fields(v, properties)
	if !known {
		return node{}
	}
	schema := object(properties)
	if rest != nil {
		schema["additionalProperties"] = rest
	}
	schema[goType] = t.String()
	return schema
}

// fields adds the settings of a struct to properties. rest is the schema of all other keys, nil if there may be none.
// A struct with a field that has no key reads something else than keys.
func (w walker) fields(v reflect.Value, properties node) (rest any, known bool) {
	known = true
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		switch {
		case !field.IsExported() || key == "-":
		case strings.Contains(options, "remain"):
			rest = node{}
		case strings.Contains(options, "squash"):
			flat, ok := flatten(v.Field(i))
			if !ok {
				return nil, false
			}
			more, inner := w.fields(flat, properties)
			if more != nil {
				rest = more
			}
			known = known && inner
		case key == "":
			return nil, false
		default:
			properties[key] = w.field(v.Type(), field, v.Field(i), key)
		}
	}
	return rest, known
}

// flatten is the struct whose settings stand beside those of the struct that has it as a field.
func flatten(v reflect.Value) (reflect.Value, bool) {
	if inner, ok := optionalValue(v); ok {
		v = inner
	}
	if v.Kind() == reflect.Pointer {
		v = reflect.New(v.Type().Elem()).Elem()
	}
	return v, v.Kind() == reflect.Struct
}

// field is the schema of a struct's field, with what its comment and tags say.
func (w walker) field(structure reflect.Type, field reflect.StructField, v reflect.Value, key string) node {
	schema := w.shape(v)
	if takesTexts(structure, field, key) {
		schema["items"] = either(node{"type": "string"}, schema["items"].(node))
	}
	text := w.description(structure, field)
	if text != "" {
		schema["description"] = text
	}
	if deprecated(text) {
		schema["deprecationMessage"] = text
	}
	var example any
	if tag := field.Tag.Get("example"); tag != "" && yaml.Unmarshal([]byte(tag), &example) == nil {
		schema["examples"] = []any{example}
	}
	return schema
}

// takesTexts reports whether a struct that decodes itself takes a text for an entry of a list of structs.
func takesTexts(structure reflect.Type, field reflect.StructField, key string) bool {
	itself, ok := reflect.TypeAssert[confmap.Unmarshaler](reflect.New(structure))
	if !ok || field.Type.Kind() != reflect.Slice || field.Type.Elem().Kind() != reflect.Struct {
		return false
	}
	return itself.Unmarshal(confmap.NewFromStringMap(map[string]any{key: []any{"text"}})) == nil
}

// description is what the comment of a field says, or of its type, or else what is supplied.
func (w walker) description(structure reflect.Type, field reflect.StructField) string {
	if text := prose(w.source.Field(structure, field.Name), field.Name, keys(structure)); text != "" {
		return text
	}
	if text := generated[field.Name]; text != "" && isGenerated(structure) {
		return text
	}
	t := named(field.Type)
	if text := about(w.source.Type(t), t.Name()); text != "" {
		return text
	}
	return supplied[structure.String()+"."+field.Name]
}

// named is the type that a comment can be about.
func named(t reflect.Type) reflect.Type {
	if method, ok := reflect.PointerTo(t).MethodByName("GetOrInsertDefault"); ok {
		return method.Type.Out(0).Elem()
	}
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	return t
}

package pipelinecheck

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// Messages about settings hold no secrets because they are about settings without secrets: a component whose settings are
// refused is decoded a second time with a placeholder in the place of each secret, and the message is that of the second
// time. Nothing has to be found and replaced in a message, and what is no secret stays in it.

// place is a setting that is a secret, or holds one.
type place struct {
	path []string
	// value is what to put there; nil where the key itself is to go.
	value any
}

func (p place) key() string { return strings.Join(p.path, "::") }

// masked is the same configuration without what stands in some places.
func masked(raw *confmap.Conf, places []place) (*confmap.Conf, error) {
	out := confmap.New()
	if err := out.Merge(raw); err != nil {
		return nil, err
	}
	for _, p := range places {
		if p.value == nil {
			out.Delete(p.key())
			continue
		}
		nested := map[string]any{p.path[len(p.path)-1]: p.value}
		for _, key := range slices.Backward(p.path[:len(p.path)-1]) {
			nested = map[string]any{key: nested}
		}
		out.Delete(p.key()) // a map would be merged with what is there
		if err := out.Merge(confmap.NewFromStringMap(nested)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// secrets are the secrets of a configuration, as far as they are known.
type secrets struct{ known map[string]bool }

func (s *secrets) learn(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			s.known[key] = true
			s.learn(member)
		}
	case []any:
		for _, member := range v {
			s.learn(member)
		}
	case nil, bool:
	default:
		if text := fmt.Sprint(v); text != "" {
			s.known[text] = true
		}
	}
}

// shortestInside is how long a secret must be to be looked for inside other values.
const shortestInside = 6

// holds reports whether a text is or contains a known secret.
func (s *secrets) holds(text string) bool {
	for secret := range s.known {
		if text == secret && !plainWord.MatchString(secret) {
			return true
		}
		if len(secret) >= shortestInside && !plainWord.MatchString(secret) && strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// name hides a component's name, or a key, that holds a secret.
func (s *secrets) name(text string) string {
	if s.holds(text) || secretForms.MatchString(text) {
		return redactedPart
	}
	return text
}

// walker looks for secrets in the settings of one component.
type walker struct {
	secrets *secrets
	places  []place
}

// find gives the places of secrets in settings that are decoded into a type. The template is the same before ${...} was
// replaced. A nil type is one that is not known.
func (s *secrets) find(settings map[string]any, template any, typ reflect.Type) []place {
	w := &walker{secrets: s}
	w.members(nil, settings, template, shape(typ))
	return w.places
}

func (w *walker) hide(path []string, was, is any) {
	w.secrets.learn(was)
	w.places = append(w.places, place{path: slices.Clone(path), value: is})
}

// members walks through a map.
func (w *walker) members(path []string, settings map[string]any, template any, typ reflect.Type) {
	templates, _ := template.(map[string]any)
	fields := fieldsOf(typ)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		member, at := settings[key], append(slices.Clone(path), key)
		memberType, known := elementOf(typ, fields, key)
		if (!known || isMap(typ)) && w.isSecretName(key) {
			w.hide(at, key, nil)
			w.hide(append(slices.Clone(path), redactedPart), nil, redactedValue)
			continue
		}
		if !known && (soundsSecret(key) || holdsOpaque(fields)) {
			w.hide(at, member, placeholder(member, nil))
			continue
		}
		if is, changed := w.value(key, member, templates[key], memberType); changed {
			w.hide(at, nil, is)
			continue
		}
		if nested, ok := member.(map[string]any); ok {
			w.members(at, nested, templates[key], memberType)
		}
	}
}

// isSecretName is for keys that a user chooses, or mistypes.
func (w *walker) isSecretName(key string) bool {
	return w.secrets.holds(key) || looksRandom(key) || withoutSecretParts(key) != key
}

func isMap(typ reflect.Type) bool { return typ != nil && typ.Kind() == reflect.Map }

// value gives what to put in the place of a value; changed is false where it may stay.
func (w *walker) value(key string, value, template any, typ reflect.Type) (is any, changed bool) {
	if w.isSecret(key, value, template, typ) {
		w.secrets.learn(value)
		return placeholder(value, template), true
	}
	switch v := value.(type) {
	case []any:
		return w.list(key, v, template, typ)
	case map[string]any, bool, nil:
		return value, false
	case string:
		if text := withoutSecretParts(v); text != v {
			w.learnParts(v, text)
			return text, true
		}
	}
	return value, false
}

func (w *walker) list(key string, list []any, template any, typ reflect.Type) (is any, changed bool) {
	templates, _ := template.([]any)
	var element reflect.Type
	if typ != nil && (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Array) {
		element = shape(typ.Elem())
	}
	out := slices.Clone(list)
	for i, member := range list {
		var memberTemplate any
		if i < len(templates) {
			memberTemplate = templates[i]
		}
		if settings, ok := member.(map[string]any); ok {
			places := w.secrets.find(settings, memberTemplate, element)
			if without, err := masked(confmap.NewFromStringMap(settings), places); err == nil && len(places) > 0 {
				out[i], changed = without.ToStringMap(), true
			}
			continue
		}
		if replaced, isChanged := w.value(key, member, memberTemplate, element); isChanged {
			out[i], changed = replaced, true
		}
	}
	return out, changed
}

// placeholder is of the kind of the value, so that it is refused for the same reason.
func placeholder(value, template any) any {
	switch value.(type) {
	case map[string]any:
		return map[string]any{redactedPart: redactedValue}
	case []any:
		return []any{redactedValue}
	case int, int64, float64:
		if text, ok := template.(string); !ok || !reference.MatchString(text) {
			return 0
		}
	}
	return redactedValue
}

func (w *walker) isSecret(key string, value, template any, typ reflect.Type) bool {
	nested, isNested := value.(map[string]any)
	if value == nil || isNested && len(nested) == 0 {
		return false
	}
	if typ == typeOpaque {
		return true
	}
	if isNested {
		return fromSecret(template) || isSecretKey(key) && !opaqueOrStruct(typ)
	}
	_, isList := value.([]any)
	if isSecretKey(key) && !isFlag(value) && (!isList || typ == nil || typ.Kind() != reflect.Slice) {
		return true
	}
	if takesIn(template, true) {
		return true
	}
	// A text in the place of settings among which there are secrets: it may be one, a level too high.
	if typ != nil && !isFlag(value) && (typ.Kind() == reflect.Struct && hasOpaque(typ, nil) || isOpaqueList(typ) && !isList) {
		return true
	}
	if isList {
		return false
	}
	text := fmt.Sprint(value)
	if w.secrets.holds(text) {
		return true
	}
	// A text in the place of a number, a duration or the like, which its message quotes.
	_, isText := value.(string)
	return isText && typ != nil && !takesText(typ) && (looksRandom(text) || w.secrets.known[text])
}

// learnParts notes what was taken out of a text.
func (w *walker) learnParts(was, is string) {
	kept := strings.FieldsFunc(is, func(r rune) bool { return strings.ContainsRune("/@:?&=; ", r) })
	for _, part := range strings.FieldsFunc(was, func(r rune) bool { return strings.ContainsRune("/@:?&=; ", r) }) {
		if len(part) >= shortestInside && !slices.Contains(kept, part) {
			w.secrets.known[part] = true
		}
	}
}

func isFlag(value any) bool {
	_, ok := value.(bool)
	return ok
}

var (
	typeOpaque   = reflect.TypeFor[configopaque.String]()
	typeDuration = reflect.TypeFor[time.Duration]()
	typeID       = reflect.TypeFor[component.ID]()
)

// takesText reports whether any text is a value of the type, as far as decoding goes.
func takesText(typ reflect.Type) bool {
	return typ != typeDuration && typ != typeID && (typ.Kind() == reflect.String || typ.Kind() == reflect.Interface)
}

// shape is the type behind pointers and configoptional.Optional; nil for what can be anything.
func shape(typ reflect.Type) reflect.Type {
	for typ != nil {
		switch {
		case typ.Kind() == reflect.Pointer:
			typ = typ.Elem()
		case typ.Kind() == reflect.Interface:
			return nil
		case typ.Kind() == reflect.Struct && strings.HasPrefix(typ.Name(), "Optional["):
			value, ok := typ.FieldByName("value")
			if !ok {
				return typ
			}
			typ = value.Type
		default:
			return typ
		}
	}
	return nil
}

// fieldsOf are the keys of a struct and their types.
func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if typ == nil || typ.Kind() != reflect.Struct {
		return fields
	}
	for field := range typ.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		switch {
		case strings.Contains(options, "squash"), field.Anonymous && name == "":
			maps.Copy(fields, fieldsOf(shape(field.Type)))
		case !field.IsExported(), name == "-", strings.Contains(options, "remain"):
		case name != "":
			fields[name] = shape(field.Type)
		default:
			fields[strings.ToLower(field.Name)] = shape(field.Type)
		}
	}
	return fields
}

// elementOf is the type of a member; known is false for a key that a struct does not have.
func elementOf(typ reflect.Type, fields map[string]reflect.Type, key string) (member reflect.Type, known bool) {
	switch {
	case typ == nil:
		return nil, true
	case typ.Kind() == reflect.Struct && len(fields) > 0:
		member, known = fields[key]
		return member, known || key == "enabled" // of a configoptional.Optional
	case typ.Kind() == reflect.Map:
		return shape(typ.Elem()), true
	case isOpaqueList(typ):
		return typeOpaque, true
	default:
		return nil, true
	}
}

// isOpaqueList recognises configopaque.MapList and lists of opaque values.
func isOpaqueList(typ reflect.Type) bool {
	if typ == nil || typ.Kind() != reflect.Slice {
		return false
	}
	element := shape(typ.Elem())
	return element == typeOpaque || element == reflect.TypeFor[configopaque.Pair]()
}

func opaqueOrStruct(typ reflect.Type) bool {
	return typ != nil && (typ.Kind() == reflect.Struct || typ.Kind() == reflect.Map || isOpaqueList(typ))
}

// holdsOpaque reports whether one of the keys is a secret's.
func holdsOpaque(fields map[string]reflect.Type) bool {
	for key, typ := range fields {
		if typ == typeOpaque || isSecretKey(key) && typ != nil && typ.Kind() == reflect.String {
			return true
		}
	}
	return false
}

// hasOpaque reports whether there is a secret's key anywhere in a type.
func hasOpaque(typ reflect.Type, seen []reflect.Type) bool {
	if typ == nil || slices.Contains(seen, typ) {
		return false
	}
	if typ == typeOpaque || isOpaqueList(typ) {
		return true
	}
	seen = append(seen, typ)
	switch typ.Kind() {
	case reflect.Struct:
		fields := fieldsOf(typ)
		return holdsOpaque(fields) || slices.ContainsFunc(slices.Collect(maps.Values(fields)), func(t reflect.Type) bool { return hasOpaque(t, seen) })
	case reflect.Slice, reflect.Map:
		return hasOpaque(shape(typ.Elem()), seen)
	default:
		return false
	}
}

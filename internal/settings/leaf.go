package settings

import (
	"encoding"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

var (
	durationType    = reflect.TypeFor[time.Duration]()
	headersType     = reflect.TypeFor[configopaque.MapList]()
	unmarshalerType = reflect.TypeFor[confmap.Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

const optionalPackage = "go.opentelemetry.io/collector/config/configoptional"

// isOptional reports whether t is a configoptional.Optional of a struct.
func isOptional(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t.PkgPath() != optionalPackage {
		return false
	}
	inner, ok := t.FieldByName("value")
	return ok && deref(inner.Type).Kind() == reflect.Struct
}

// structOf returns the struct whose fields are a value's settings. A struct that decodes itself has none that are known.
func structOf(v reflect.Value) (reflect.Value, bool) {
	t := deref(v.Type())
	if isOptional(t) {
		inner, _ := t.FieldByName("value")
		t, v = deref(inner.Type), reflect.Zero(inner.Type)
	}
	if t.Kind() != reflect.Struct || decodesItself(t) {
		return reflect.Value{}, false
	}
	if v.Kind() == reflect.Pointer {
		v = reflect.Zero(t)
	}
	return v, true
}

func isMapOfStructs(t reflect.Type) bool {
	return t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct && !decodesItself(t.Elem())
}

func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) || p.Implements(textType)
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// leaf reads a value that has no settings below it. Where it is no duration, the decoder itself says whether it fits.
func (r *reader) leaf(at place, raw any) {
	t := at.value.Type()
	switch {
	case raw == nil || raw == "":
		if r.blank(at, raw) {
			return
		}
	case t == durationType:
		r.duration(at, raw)
		return
	}
	if err := at.parent.Unmarshal(reflect.New(single(at)).Interface(), confmap.WithIgnoreUnused()); err != nil {
		r.refuse(at, misfit(at.field, raw))
		return
	}
	if f, ok := raw.(float64); ok && isInteger(t.Kind()) && f != math.Trunc(f) {
		r.refuse(at, misfit(at.field, raw))
	}
}

// blank reads a value that is not there, and reports whether nothing is left to decode. The decoder would take it for zero.
func (r *reader) blank(at place, raw any) bool {
	t := at.value.Type()
	switch {
	case t.Kind() == reflect.String:
		r.written.empty[at.path] = true
	case reflect.PointerTo(deref(t)).Implements(textType):
		r.written.empty[at.path] = true
		r.edits[at.path] = dropped
	case t.Kind() == reflect.Bool || isInteger(t.Kind()) || at.value.CanFloat():
		r.refuse(at, "is empty: "+needs(at.field)+"; "+EmptyHint)
	case raw == nil:
		r.edits[at.path] = dropped
	default:
		return isTextList(t)
	}
	return true
}

func (r *reader) duration(at place, raw any) {
	text, isText := raw.(string)
	switch number := numberText(raw); {
	case number != "":
		r.refuse(at, missingUnit(number))
	case !isText:
		r.refuse(at, "is "+kindOf(raw)+": "+needs(at.field))
	default:
		if problem := durationProblem(text, exampleOf(at.field)); problem != "" {
			r.refuse(at, problem)
			return
		}
		d, _ := parseDuration(text) // durationProblem has parsed it
		r.edits[at.path] = d.String()
	}
}

// single is the type of a struct that has this one setting.
func single(at place) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{
		Name: "Value", Type: at.value.Type(), Tag: reflect.StructTag(`mapstructure:` + strconv.Quote(at.key)),
	}})
}

func isTextList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String
}

func isInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uint64 }

// misfit says that a value is of another type than its field.
func misfit(f field, raw any) string {
	text, isText := raw.(string)
	t := deref(f.value.Type())
	switch {
	case t.Kind() == reflect.String && isScalar(raw):
		return "is " + kindOf(raw) + ": write it in quotes"
	case t == headersType && isMap(raw):
		return "holds a value that is no text: write it in quotes"
	case isTextList(t) && isList(raw):
		return "holds " + kindOf(firstOther(raw)) + ": its entries must be texts, so write it in quotes"
	case isText && reflect.PointerTo(t).Implements(textType):
		err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
		if err == nil || !Shown(text) {
			return "is not understood: " + needs(f)
		}
		return "is " + strconv.Quote(text) + ": " + err.Error()
	case numberText(raw) != "" && t.Kind() != reflect.Struct:
		return "is " + numberText(raw) + ": " + needs(f)
	}
	return "is " + kindOf(raw) + ": " + needs(f)
}

func firstOther(raw any) any {
	list, _ := raw.([]any)
	i := slices.IndexFunc(list, func(e any) bool { _, ok := e.(string); return !ok })
	if i < 0 {
		return raw
	}
	return list[i]
}

// MaybeSecret reports whether a text that should be a key looks like a secret that was written in its place: keys are
// words.
func MaybeSecret(key string) bool {
	const longest = 60
	word := func(r rune) bool { return strings.ContainsRune("_-/.: ", r) || isLetter(r) || isDigit(r) }
	return len(key) > longest || strings.ContainsFunc(key, func(r rune) bool { return !word(r) }) ||
		len(key) >= 16 && strings.ContainsFunc(key, isDigit) && strings.ContainsFunc(key, unicode.IsUpper)
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// Shown reports whether a value may be repeated in a message. A secret in the wrong place must not.
func Shown(value string) bool {
	const longest = 40
	plain := func(r rune) bool { return strings.ContainsRune("_-/ ", r) || isLetter(r) }
	return len(value) <= longest && !strings.ContainsFunc(value, func(r rune) bool { return !plain(r) })
}

package settings

import (
	"encoding"
	"reflect"
	"strings"
	"time"

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

// decodesItself: what mdatagen generates only notes which keys are set, so its fields are its settings.
func decodesItself(t reflect.Type) bool {
	if strings.HasSuffix(t.PkgPath(), "/internal/metadata") {
		return false
	}
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) || p.Implements(textType)
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func isTextList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String
}

func isInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uint64 }

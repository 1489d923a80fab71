package configschema

import (
	"encoding"
	"go/constant"
	"math"
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

const (
	componentID = `^[A-Za-z][0-9A-Za-z_]*(/.+)?$|` + anyReference

	amount       = `(\d+(\.\d*)?|\.\d+)`
	goDuration   = `^[-+]?(0|(` + amount + `(ns|us|µs|μs|ms|s|m|h))+)$|` + anyReference
	daysDuration = `^[-+]?(` + amount + `(ns|us|µs|μs|ms|s|m|h|d))+$|` + anyReference
)

var (
	duration = reflect.TypeFor[time.Duration]()
	secret   = reflect.TypeFor[configopaque.String]()
	id       = reflect.TypeFor[component.ID]()
)

// scalar is the schema of a value without anything below it.
func (w walker) scalar(v reflect.Value) node {
	switch t := v.Type(); {
	case t == duration:
		return w.duration(time.Duration(v.Int()))
	case t.Kind() == reflect.Bool:
		return withDefault(orReference("boolean", "true or false"), v.Bool())
	case t.Kind() == reflect.String && t != secret && t.PkgPath() != "":
		return w.choice(v)
	case t.Kind() == reflect.String:
		schema := node{"type": "string"}
		if v.String() != "" && t != secret {
			schema["default"] = v.String()
		}
		return schema
	case v.CanInt() && t.PkgPath() != "":
		return node{"type": integer, "default": v.Int()} // words may stand for the numbers
	case v.CanInt():
		return withDefault(orReference("integer", "a whole number"), v.Int())
	case v.CanUint():
		schema := withDefault(orReference("integer", "a whole number"), v.Uint())
		schema["minimum"] = 0
		return schema
	case v.CanFloat():
		return withDefault(orReference("number", "a number"), rounded(v.Float()))
	}
	return node{}
}

// rounded keeps a float32's default from looking like a float64's.
func rounded(f float64) float64 { return math.Round(f*1e9) / 1e9 }

func (w walker) duration(d time.Duration) node {
	if w.strict {
		return node{"type": "string", "pattern": daysDuration, "patternErrorMessage": "Write a number and a unit (ms, s, m, h, d), e.g. 5m.", "default": settings.Duration(d)}
	}
	// 0 is the one number that needs no unit.
	text := regexp.MustCompile(`([hm])0[ms](0s)?$`).ReplaceAllString(d.String(), "$1")
	return node{
		"type": integer, "pattern": goDuration, "patternErrorMessage": "Write a number and a unit (ms, s, m, h), e.g. 5m.",
		"default": text, "minimum": 0, "maximum": 0,
	}
}

// choice is the schema of a text whose type has constants.
func (w walker) choice(v reflect.Value) node {
	var words []string
	for _, c := range w.source.Constants(v.Type()) {
		if c.Kind() == constant.String {
			words = append(words, constant.StringVal(c))
		}
	}
	schema := oneOf(words, false)
	if !w.strict && len(words) > 1 {
		schema = either(schema, node{"type": "string"}) // its own code may take others
	}
	if v.String() != "" {
		schema["default"] = v.String()
	}
	return schema
}

// words is the schema of a type that reads a text. If it refuses other texts than those of its constants, these are the
// words that are possible.
func (w walker) words(v reflect.Value) node {
	t := v.Type()
	if t == id {
		pattern := componentID
		if w.strict {
			pattern = "^$|" + pattern // an empty text leaves the setting out
		}
		return node{"type": "string", "pattern": pattern}
	}
	var words []string
	for _, c := range w.source.Constants(t) {
		if word, ok := wordOf(t, c); ok && reads(t, word) {
			words = append(words, word)
		}
	}
	schema := node{"type": "string"}
	if !reads(t, "no word of any type") {
		schema = oneOf(words, len(words) > 0 && reads(t, strings.ToUpper(words[0])) && reads(t, strings.ToLower(words[0])))
	}
	if v.CanInt() {
		schema = either(schema, node{"type": "integer"})
	}
	if word, ok := textOf(v); ok && word != "" {
		schema["default"] = word
	}
	return schema
}

// wordOf is the text that stands for a constant.
func wordOf(t reflect.Type, c constant.Value) (string, bool) {
	value := reflect.New(t).Elem()
	switch {
	case t.Kind() == reflect.String && c.Kind() == constant.String:
		value.SetString(constant.StringVal(c))
	case value.CanInt() && c.Kind() == constant.Int:
		n, _ := constant.Int64Val(c)
		value.SetInt(n)
	default:
		return "", false
	}
	return textOf(value)
}

func textOf(v reflect.Value) (string, bool) {
	if v.Kind() == reflect.String {
		return v.String(), true
	}
	marshaler, ok := reflect.TypeAssert[encoding.TextMarshaler](v.Addr())
	if !ok {
		return "", false
	}
	text, err := marshaler.MarshalText()
	return strings.ToLower(string(text)), err == nil
}

// reads reports whether a type takes the text.
func reads(t reflect.Type, text string) bool {
	return reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}

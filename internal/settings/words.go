package settings

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// kindOf says what a written value is, without the value of a text.
func kindOf(raw any) string {
	switch v := raw.(type) {
	case nil:
		return "empty"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return strconv.FormatBool(v)
	default:
		return "a number"
	}
}

func isMap(raw any) bool  { return kindOf(raw) == "a map" }
func isList(raw any) bool { return kindOf(raw) == "a list" }

func isScalar(raw any) bool {
	_, isText := raw.(string)
	return raw != nil && !isText && !isMap(raw) && !isList(raw)
}

// numberText is the number as it is written; empty if raw is none.
func numberText(raw any) string {
	switch v := reflect.ValueOf(raw); {
	case raw == nil:
		return ""
	case v.CanInt() || v.CanUint():
		return fmt.Sprint(raw)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return ""
	}
}

// needs says what a field takes, with an example.
func needs(f field) string {
	need := "it must be " + typeName(deref(f.value.Type()))
	if example := exampleOf(f); example != "" {
		need += ", e.g. " + f.key + ": " + example
	}
	return need
}

func needsMap(f field, fields []field) string {
	switch {
	case f.example != "":
		return "it must be a map, e.g. " + f.key + ": " + f.example
	case len(fields) == 0:
		return "it must be a map"
	default:
		return "it must be a map with the keys " + strings.Join(keysOf(fields), ", ")
	}
}

func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a time, " + unitsHint
	case t == headersType:
		return "a map of names and texts"
	case reflect.PointerTo(t).Implements(textType), t.Kind() == reflect.String:
		return "a text"
	case isInteger(t.Kind()):
		return "a whole number"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	default:
		return "a map"
	}
}

// exampleOf is the field's own example, or its default, or what its type suggests.
func exampleOf(f field) string {
	t := f.value.Type()
	switch {
	case f.example != "":
		return f.example
	case t == durationType:
		if d := time.Duration(f.value.Int()); d > 0 {
			return Duration(d)
		}
		return "5m"
	case t == headersType:
		return "{X-Team: soc}"
	case f.value.IsZero(), t.Kind() == reflect.Bool:
		return ""
	case f.value.CanInt() || f.value.CanUint() || f.value.CanFloat():
		return fmt.Sprint(f.value.Interface())
	case t.Kind() == reflect.String:
		return f.value.String()
	default:
		return ""
	}
}

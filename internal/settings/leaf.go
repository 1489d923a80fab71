package settings

import (
	"encoding"
	"math"
	"reflect"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/confmap"
)

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

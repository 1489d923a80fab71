package object

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Object is a JSON object.
type Object map[string]any

// Of is the object that a value is, or that its text holds as JSON.
func Of(v pcommon.Value) (Object, bool) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		return v.Map().AsRaw(), true
	case pcommon.ValueTypeStr:
		return Parse([]byte(v.Str()))
	case pcommon.ValueTypeBytes:
		return Parse(v.Bytes().AsRaw())
	default:
		return nil, false
	}
}

// Parse reads JSON text that is one object.
func Parse(text []byte) (Object, bool) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var o Object
	if decoder.Decode(&o) != nil {
		return nil, false
	}
	_, err := decoder.Token()
	return o, err == io.EOF
}

// At is what stands at a path. A key that has dots may also stand there whole: {"a.b": 1} is {"a": {"b": 1}}.
func (o Object) At(path ...string) any {
	if v, ok := o[strings.Join(path, ".")]; ok {
		return v
	}
	var value any = map[string]any(o)
	for _, key := range path {
		parent, ok := asObject(value)
		if !ok {
			return nil
		}
		value = parent[key]
	}
	return value
}

// Object is the object at a path, empty if there is none.
func (o Object) Object(path ...string) Object {
	found, _ := asObject(o.At(path...))
	return found
}

// Objects are the objects of the list at a path.
func (o Object) Objects(path ...string) []Object {
	list, _ := o.At(path...).([]any)
	var all []Object
	for _, v := range list {
		if found, ok := asObject(v); ok {
			all = append(all, found)
		}
	}
	return all
}

// Text is the text, number or boolean at a path as text.
func (o Object) Text(path ...string) string { return text(o.At(path...)) }

// First is the text at the first of several keys that has one.
func (o Object) First(keys ...string) string {
	for _, key := range keys {
		if t := o.Text(key); t != "" {
			return t
		}
	}
	return ""
}

// Texts are the texts of the list at a path. A text in the place of a list may be a list as JSON, or parts between
// semicolons.
func (o Object) Texts(path ...string) []string {
	switch v := o.At(path...).(type) {
	case []any:
		return texts(v)
	case []string:
		return v
	case string:
		var list []any
		if json.Unmarshal([]byte(v), &list) == nil {
			return texts(list)
		}
		return texts(parts(v))
	default:
		return nil
	}
}

// Time is the RFC 3339 time at a path; zero: there is none.
func (o Object) Time(path ...string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(o.Text(path...)))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// True reports whether there is a true at a path.
func (o Object) True(path ...string) bool { return strings.EqualFold(o.Text(path...), "true") }

func asObject(v any) (Object, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, true
	case Object:
		return v, true
	default:
		return nil, false
	}
}

func parts(text string) []any {
	var all []any
	for part := range strings.SplitSeq(text, ";") {
		all = append(all, part)
	}
	return all
}

func texts(list []any) []string {
	var all []string
	for _, v := range list {
		if t := strings.TrimSpace(text(v)); t != "" {
			all = append(all, t)
		}
	}
	return all
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

package value

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bag makes a dynamic of keys and values, one after the other.
func Bag(pairs []Value) Value {
	bag := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		bag[pairs[i].Format()] = pairs[i+1].inDynamic()
	}
	return NewDynamic(bag)
}

// Member takes one from a dynamic; null if there is none of this name.
func (v Value) Member(name string) Value {
	bag, _ := v.d.(map[string]any)
	return NewDynamic(bag[name])
}

// Set gathers values into a dynamic array without repeats. Its zero value is empty.
type Set struct {
	items []any
	seen  map[string]struct{}
}

// Add puts v in, unless it is null or there already; of an array its items.
func (s *Set) Add(v Value) {
	if v.null {
		return
	}
	if array, ok := v.d.([]any); ok {
		for _, item := range array {
			s.put(item)
		}
		return
	}
	s.put(v.inDynamic())
}

func (s *Set) put(item any) {
	key := string(appendObject(nil, item))
	if _, ok := s.seen[key]; ok {
		return
	}
	if s.seen == nil {
		s.seen = map[string]struct{}{}
	}
	s.seen[key] = struct{}{}
	s.items = append(s.items, item)
}

// Value is the array.
func (s *Set) Value() Value {
	if s.items == nil {
		return NewDynamic([]any{})
	}
	return NewDynamic(s.items)
}

// inDynamic is v as it stands inside a dynamic.
func (v Value) inDynamic() any {
	if v.null {
		return nil
	}
	switch v.typ {
	case Bool:
		return v.Bool()
	case Int, Long:
		return v.n
	case Real:
		return v.f
	case Dynamic:
		return v.d
	}
	return v.Format()
}

func fromDynamic(d any) Value {
	switch d := d.(type) {
	case bool:
		return NewBool(d)
	case int64:
		return NewLong(d)
	case float64:
		return NewReal(d)
	case string:
		return NewString(d)
	}
	return Null(Dynamic)
}

// dynamicText is a string itself, and of anything else its JSON.
func dynamicText(d any) string {
	switch d := d.(type) {
	case nil:
		return ""
	case string:
		return d
	}
	return string(appendObject(nil, d))
}

// ParseJSON reads text as parse_json() does: what is no JSON is a string.
func ParseJSON(s string) Value {
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	var d any
	if err := decoder.Decode(&d); err != nil || decoder.More() {
		if strings.TrimSpace(s) == "" {
			return Null(Dynamic)
		}
		return NewDynamic(s)
	}
	return NewDynamic(PlainNumbers(d))
}

// PlainNumbers makes of json.Number what a dynamic holds: int64 where exact, else float64.
func PlainNumbers(d any) any {
	switch d := d.(type) {
	case json.Number:
		if n, err := d.Int64(); err == nil {
			return n
		}
		f, _ := d.Float64()
		return f
	case []any:
		for i := range d {
			d[i] = PlainNumbers(d[i])
		}
	case map[string]any:
		for k := range d {
			d[k] = PlainNumbers(d[k])
		}
	}
	return d
}

// appendObject writes d as compact JSON, keys in order of their names.
func appendObject(dst []byte, d any) []byte {
	switch d := d.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, d)
	case int64:
		return strconv.AppendInt(dst, d, 10)
	case float64:
		return append(dst, formatReal(d)...)
	case string:
		return appendQuoted(dst, d)
	case []any:
		dst = append(dst, '[')
		for i, item := range d {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendObject(dst, item)
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		for i, key := range slices.Sorted(maps.Keys(d)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendObject(dst, key)
			dst = append(dst, ':')
			dst = appendObject(dst, d[key])
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// appendQuoted writes a JSON string and escapes only what JSON requires, as Kusto does.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

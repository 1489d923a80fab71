package kql

import (
	"strings"
	"unicode/utf8"
)

func stringFunctions() map[string]function {
	return map[string]function{
		"tolower": plain(String, 1, 1, func(v []Value) Value { return NewString(strings.ToLower(v[0].s)) }, words),
		"toupper": plain(String, 1, 1, func(v []Value) Value { return NewString(strings.ToUpper(v[0].s)) }, words),
		"strlen":  plain(Long, 1, 1, func(v []Value) Value { return NewLong(int64(utf8.RuneCountInString(v[0].s))) }, texts).named("strlen_"),
		"reverse": plain(String, 1, 1, func(v []Value) Value { return NewString(reversed(v[0].s)) }, words),
		"strcat":  plain(String, 1, anyNumber, concatenate, anything),
		"strcat_delim": plain(String, 2, anyNumber, func(v []Value) Value {
			parts := make([]string, len(v)-1)
			for i := range parts {
				parts[i] = text(v[i+1])
			}
			return NewString(strings.Join(parts, text(v[0])))
		}, anything),
		"strcat_array": plain(String, 2, 2, func(v []Value) Value {
			array, _ := v[0].d.([]any)
			parts := make([]string, len(array))
			for i, item := range array {
				parts[i] = dynamicText(item)
			}
			return NewString(strings.Join(parts, v[1].s))
		}, objects, words),
		"substring": plain(String, 2, 3, substring, words, integers),
		"split":     plain(Dynamic, 2, 3, split, words, texts, integers).named(""),
		"replace_string": plain(String, 3, 3, func(v []Value) Value {
			if v[1].s == "" {
				return v[0]
			}
			return NewString(strings.ReplaceAll(v[0].s, v[1].s, v[2].s))
		}, texts),
		"indexof": plain(Long, 2, 2, func(v []Value) Value {
			i := strings.Index(v[0].s, v[1].s)
			if i > 0 {
				i = utf8.RuneCountInString(v[0].s[:i])
			}
			return NewLong(int64(i))
		}, words),
		"countof": plain(Long, 2, 2, func(v []Value) Value {
			if v[1].s == "" {
				return NewLong(0)
			}
			return NewLong(int64(strings.Count(v[0].s, v[1].s)))
		}, texts),
	}
}

func concatenate(v []Value) Value {
	if len(v) == 2 {
		return NewString(text(v[0]) + text(v[1]))
	}
	var b strings.Builder
	for _, part := range v {
		b.WriteString(text(part))
	}
	return NewString(b.String())
}

func reversed(s string) string {
	runes := []rune(s)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes)
}

// substring counts in characters; a negative start counts from the end.
func substring(v []Value) Value {
	runes := []rune(v[0].s)
	n := int64(len(runes))
	start := v[1].n
	if start < 0 {
		start = max(0, start+n)
	}
	if v[1].null || start >= n {
		return NewString("")
	}
	end := n
	if len(v) > 2 && !v[2].null && v[2].n < n-start {
		end = max(start, start+v[2].n)
	}
	return NewString(string(runes[start:end]))
}

func split(v []Value) Value {
	parts := []string{v[0].s}
	if v[1].s != "" {
		parts = strings.Split(v[0].s, v[1].s)
	}
	array := make([]any, len(parts))
	for i, part := range parts {
		array[i] = part
	}
	if len(v) == 3 {
		if v[2].null || v[2].n < 0 || v[2].n >= int64(len(array)) {
			return Null(Dynamic)
		}
		return NewDynamic([]any{array[v[2].n]})
	}
	return NewDynamic(array)
}

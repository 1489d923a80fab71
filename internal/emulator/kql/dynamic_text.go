package kql

import (
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

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

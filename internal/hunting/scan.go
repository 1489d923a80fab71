package hunting

import (
	"bytes"
	"unicode/utf8"

	"github.com/otelcol-defender/otelcol-defender/internal/jsonscan"
)

// scan scans the row at the beginning of b, and gives its length. It checks the syntax and the UTF-8 while it copies,
// in one pass over bytes that lie in one piece. It only ever accepts: whatever is not a whole, valid row in common form is
// left to read, whose tokens take twice the CPU for a row and its map.
func (w *row) scan(b []byte, first bool, schema []Column) (int, jsonscan.Found) {
	w.begin()
	i := jsonscan.Blank(b, 0)
	if !first {
		if i = jsonscan.Punctuation(b, i, ','); i < 0 {
			return 0, jsonscan.Odd
		}
	}
	if i = jsonscan.Punctuation(b, i, '{'); i < 0 {
		return 0, jsonscan.Odd
	}
	if i < len(b) && b[i] == '}' {
		w.keys.end(0)
		return i + 1, jsonscan.Whole
	}
	for n := 0; i < len(b); n++ {
		k, value, f := w.scanKey(b, i, n, schema)
		if f != jsonscan.Whole {
			return 0, f
		}
		if i, f = w.scanValue(b, value, k); f != jsonscan.Whole {
			return 0, f
		}
		if i = jsonscan.Blank(b, i); i >= len(b) {
			break
		}
		if b[i] == '}' {
			w.keys.end(n + 1)
			return i + 1, jsonscan.Whole
		}
		if i = jsonscan.Punctuation(b, i, ','); i < 0 {
			return 0, jsonscan.Odd
		}
	}
	return 0, jsonscan.Short
}

// scanKey gives the key at b[i], and where its value begins.
func (w *row) scanKey(b []byte, i, n int, schema []Column) (*key, int, jsonscan.Found) {
	if k := w.keys.expected(n); k != nil && bytes.HasPrefix(b[i:], k.begun) {
		return k, jsonscan.Blank(b, i+len(k.begun)), jsonscan.Whole
	}
	if b[i] != '"' {
		return nil, 0, jsonscan.Odd
	}
	end, f := jsonscan.Text(b, i)
	if f != jsonscan.Whole {
		return nil, 0, f
	}
	value := jsonscan.Punctuation(b, jsonscan.Blank(b, end), ':')
	if value < 0 {
		return nil, 0, jsonscan.Odd
	}
	return w.keys.at(n, b[i:end], schema), value, jsonscan.Whole
}

// scanValue takes the value of a key in, and gives where it ends.
func (w *row) scanValue(b []byte, i int, k *key) (end int, f jsonscan.Found) {
	if i >= len(b) {
		return 0, jsonscan.Short
	}
	c, from := cell{key: k}, len(w.text)
	switch b[i] {
	case '"':
		c.kind = textCell
		end, f = w.scanText(b, i)
	case 'n':
		end, f = jsonscan.Literal(b, i, "null")
	case 't':
		c.kind, c.n = boolCell, 1
		end, f = jsonscan.Literal(b, i, "true")
	case 'f':
		c.kind = boolCell
		end, f = jsonscan.Literal(b, i, "false")
	case '{', '[':
		if end, f = jsonscan.Nested(b, i, maxNesting); f == jsonscan.Whole && w.keeps(b[i:end]) {
			c.kind = nestedCell
			w.text = append(w.text, b[i:end]...)
		}
	default:
		if end, f = jsonscan.Number(b, i); f == jsonscan.Whole {
			w.number(&c, b[i:end])
		}
	}
	if f == jsonscan.Whole {
		w.take(c, from, b[i] == 'n')
	}
	return end, f
}

// scanText appends the text of the string at b[i] to the row's.
func (w *row) scanText(b []byte, i int) (int, jsonscan.Found) {
	text := w.text
	for from := i + 1; ; {
		at := jsonscan.Plain(b, from)
		text = append(text, b[from:at]...)
		if at >= len(b) {
			return 0, jsonscan.Short
		}
		switch c := b[at]; {
		case c == '"':
			w.text = text
			return at + 1, jsonscan.Whole
		case c == '\\':
			var f jsonscan.Found
			if text, from, f = jsonscan.Unescape(text, b, at); f != jsonscan.Whole {
				return 0, f
			}
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(b[at:])
			if r == utf8.RuneError && size == 1 {
				return 0, jsonscan.Incomplete(utf8.FullRune(b[at:]))
			}
			text = append(text, b[at:at+size]...)
			from = at + size
		default:
			return 0, jsonscan.Odd
		}
	}
}

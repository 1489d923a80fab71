package hunting

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// found is what scan makes of the bytes that it is given.
type found uint8

const (
	whole found = iota // what was looked for, valid JSON
	short              // its beginning; more bytes are needed to tell
	odd                // something that scan does not judge: broken, to be repaired, too deep, or another thing
)

// scan scans the row at the beginning of b, and gives its length. It checks the syntax and the UTF-8 while it copies,
// in one pass over bytes that lie in one piece. It only ever accepts: whatever is not a whole, valid row in common form is
// left to read, whose tokens take twice the CPU for a row and its map.
func (w *row) scan(b []byte, first bool, schema []Column) (int, found) {
	w.begin()
	i := blank(b, 0)
	if !first {
		if i = punctuation(b, i, ','); i < 0 {
			return 0, odd
		}
	}
	if i = punctuation(b, i, '{'); i < 0 {
		return 0, odd
	}
	if i < len(b) && b[i] == '}' {
		w.keys.end(0)
		return i + 1, whole
	}
	for n := 0; i < len(b); n++ {
		k, value, f := w.scanKey(b, i, n, schema)
		if f != whole {
			return 0, f
		}
		if i, f = w.scanValue(b, value, k); f != whole {
			return 0, f
		}
		if i = blank(b, i); i >= len(b) {
			break
		}
		if b[i] == '}' {
			w.keys.end(n + 1)
			return i + 1, whole
		}
		if i = punctuation(b, i, ','); i < 0 {
			return 0, odd
		}
	}
	return 0, short
}

// scanKey gives the key at b[i], and where its value begins.
func (w *row) scanKey(b []byte, i, n int, schema []Column) (*key, int, found) {
	if k := w.keys.expected(n); k != nil && bytes.HasPrefix(b[i:], k.begun) {
		return k, blank(b, i+len(k.begun)), whole
	}
	if b[i] != '"' {
		return nil, 0, odd
	}
	end, f := skipText(b, i)
	if f != whole {
		return nil, 0, f
	}
	value := punctuation(b, blank(b, end), ':')
	if value < 0 {
		return nil, 0, odd
	}
	return w.keys.at(n, b[i:end], schema), value, whole
}

// scanValue takes the value of a key in, and gives where it ends.
func (w *row) scanValue(b []byte, i int, k *key) (end int, f found) {
	if i >= len(b) {
		return 0, short
	}
	c, from := cell{key: k}, len(w.text)
	switch b[i] {
	case '"':
		c.kind = textCell
		end, f = w.scanText(b, i)
	case 'n':
		end, f = literal(b, i, "null")
	case 't':
		c.kind, c.n = boolCell, 1
		end, f = literal(b, i, "true")
	case 'f':
		c.kind = boolCell
		end, f = literal(b, i, "false")
	case '{', '[':
		if end, f = skipNested(b, i, maxNesting); f == whole && w.keeps(b[i:end]) {
			c.kind = nestedCell
			w.text = append(w.text, b[i:end]...)
		}
	default:
		if end, f = skipNumber(b, i); f == whole {
			w.number(&c, b[i:end])
		}
	}
	if f == whole {
		w.take(c, from, b[i] == 'n')
	}
	return end, f
}

// scanText appends the text of the string at b[i] to the row's.
func (w *row) scanText(b []byte, i int) (int, found) {
	text := w.text
	for from := i + 1; ; {
		at := plain(b, from)
		text = append(text, b[from:at]...)
		if at >= len(b) {
			return 0, short
		}
		switch c := b[at]; {
		case c == '"':
			w.text = text
			return at + 1, whole
		case c == '\\':
			var f found
			if text, from, f = unescape(text, b, at); f != whole {
				return 0, f
			}
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(b[at:])
			if r == utf8.RuneError && size == 1 {
				return 0, incomplete(utf8.FullRune(b[at:]))
			}
			text = append(text, b[at:at+size]...)
			from = at + size
		default:
			return 0, odd
		}
	}
}

// unescape appends what the escape sequence at b[i] stands for, and gives where it ends.
func unescape(text, b []byte, i int) ([]byte, int, found) {
	if i+1 >= len(b) {
		return text, 0, short
	}
	if c := unescaped[b[i+1]]; c != 0 {
		return append(text, c), i + 2, whole
	}
	r, f := unit(b, i)
	if f != whole {
		return text, 0, f
	}
	end := i + 6
	if utf16.IsSurrogate(r) {
		second, f := unit(b, end)
		if f != whole {
			return text, 0, f
		}
		if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
			return text, 0, odd
		}
		end += 6
	}
	return utf8.AppendRune(text, r), end, whole
}

// unescaped is what the byte behind a backslash stands for; 0: it is another or none.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unit gives the UTF-16 code unit of the escape sequence at b[i].
func unit(b []byte, i int) (rune, found) {
	if len(b)-i < 6 {
		return 0, short
	}
	if b[i] != '\\' || b[i+1] != 'u' {
		return 0, odd
	}
	var r rune
	for _, c := range b[i+2 : i+6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, odd
		}
	}
	return r, whole
}

// plain gives where b[i:] first has a byte that ends a string's plain ASCII: a quote, a backslash, a control character
// or a byte of a longer rune. It looks at eight bytes at once, which saves 4 to 10 % of the decoding's
// CPU.
func plain(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-i >= 8; i += 8 {
		word := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := word^ones*'"', word^ones*'\\'
		// The lowest high bit that is set stands in the first such byte: borrows only go upwards from one.
		if ends := (word | (word - ones*' ') | (quote - ones) | (backslash - ones)) & highs; ends != 0 {
			return i + bits.TrailingZeros64(ends)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// skipText gives where the string at b[i] ends. It does not look at the UTF-8.
func skipText(b []byte, i int) (int, found) {
	for i++; ; {
		i = plain(b, i)
		switch {
		case i >= len(b):
			return 0, short
		case b[i] == '"':
			return i + 1, whole
		case b[i] >= utf8.RuneSelf:
			i++
		case b[i] != '\\':
			return 0, odd
		case i+1 >= len(b):
			return 0, short
		case unescaped[b[i+1]] != 0:
			i += 2
		default:
			if _, f := unit(b, i); f != whole {
				return 0, f
			}
			i += 6
		}
	}
}

// skipNested gives where the object or array at b[i] ends, which may be so deep.
func skipNested(b []byte, i, depth int) (int, found) {
	if depth == 0 {
		return 0, odd
	}
	end := b[i] + 2 // in ASCII the closing bracket is two further
	i = blank(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1, whole
	}
	for i < len(b) {
		var f found
		if end == '}' {
			if b[i] != '"' {
				return 0, odd
			}
			if i, f = skipText(b, i); f != whole {
				return 0, f
			}
			if i = punctuation(b, blank(b, i), ':'); i < 0 {
				return 0, odd
			}
		}
		if i, f = skipValue(b, i, depth-1); f != whole {
			return 0, f
		}
		if i = blank(b, i); i >= len(b) {
			break
		}
		if b[i] == end {
			return i + 1, whole
		}
		if i = punctuation(b, i, ','); i < 0 {
			return 0, odd
		}
	}
	return 0, short
}

// skipValue gives where the value at b[i] ends.
func skipValue(b []byte, i, depth int) (int, found) {
	if i >= len(b) {
		return 0, short
	}
	switch b[i] {
	case '"':
		return skipText(b, i)
	case '{', '[':
		return skipNested(b, i, depth)
	case 'n':
		return literal(b, i, "null")
	case 't':
		return literal(b, i, "true")
	case 'f':
		return literal(b, i, "false")
	default:
		return skipNumber(b, i)
	}
}

// skipNumber gives where the number at b[i] ends. At the end of b more of it may follow.
func skipNumber(b []byte, i int) (int, found) {
	if b[i] == '-' {
		i++
	}
	from := i
	i = digits(b, i)
	if i == from || b[from] == '0' && i > from+1 {
		return 0, incomplete(i < len(b))
	}
	if i < len(b) && b[i] == '.' {
		from = i + 1
		if i = digits(b, from); i == from {
			return 0, incomplete(i < len(b))
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from = i
		if i = digits(b, from); i == from {
			return 0, incomplete(i < len(b))
		}
	}
	return i, whole
}

func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

// literal gives where the literal at b[i] ends.
func literal(b []byte, i int, text string) (int, found) {
	if len(b)-i < len(text) {
		return 0, short
	}
	if string(b[i:i+len(text)]) != text {
		return 0, odd
	}
	return i + len(text), whole
}

// punctuation gives where the blanks behind the byte c at b[i] end; -1: another byte stands there. At the end of b it
// stays there.
func punctuation(b []byte, i int, c byte) int {
	if i >= len(b) {
		return i
	}
	if b[i] != c {
		return -1
	}
	return blank(b, i+1)
}

// blank gives where the blanks at b[i] end.
func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// incomplete is what something is that is not valid yet, by whether more bytes could make it so.
func incomplete(seen bool) found {
	if seen {
		return odd
	}
	return short
}

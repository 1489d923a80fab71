package kql

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string literal at l.pos: plain with escapes, @verbatim, or in triple backticks.
func (l *lexer) string(start int) (token, error) {
	unclosed := syntaxError(start, "The query contains syntax errors: unterminated string literal at position %d.", start)
	done := func(s string) (token, error) {
		return token{kind: literalToken, text: l.text[start:l.pos], start: start, value: NewString(s)}, nil
	}
	rest := l.text[l.pos:]
	if strings.HasPrefix(rest, "```") {
		end := strings.Index(rest[3:], "```")
		if end < 0 {
			return token{}, unclosed
		}
		l.pos += end + 6
		return done(rest[3 : 3+end])
	}
	verbatim := rest[0] == '@'
	if verbatim {
		rest = rest[1:]
		l.pos++
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			return token{}, unclosed
		}
	}
	quote := rest[0]
	l.pos++
	var b strings.Builder
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case c == quote && verbatim && l.pos+1 < len(l.text) && l.text[l.pos+1] == quote:
			b.WriteByte(quote)
			l.pos += 2
		case c == quote:
			l.pos++
			return done(b.String())
		case c == '\n' && !verbatim, c == '\r' && !verbatim:
			return token{}, unclosed
		case c == '\\' && !verbatim:
			if err := l.escape(&b); err != nil {
				return token{}, err
			}
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return token{}, unclosed
}

var simpleEscapes = map[byte]byte{
	'\\': '\\', '"': '"', '\'': '\'', 'n': '\n', 'r': '\r', 't': '\t', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v', '0': 0,
}

// escape reads one escape sequence; two \u of a surrogate pair make one character.
func (l *lexer) escape(b *strings.Builder) error {
	at := l.pos
	bad := syntaxError(at, "The query contains syntax errors: unknown escape in the string literal at position %d.", at)
	if at+1 >= len(l.text) {
		return bad
	}
	c := l.text[at+1]
	digits := map[byte]int{'u': 4, 'U': 8, 'x': 2}[c]
	if digits == 0 {
		if plain, ok := simpleEscapes[c]; ok {
			b.WriteByte(plain)
			l.pos += 2
			return nil
		}
		return bad
	}
	r, ok := l.hex(at+2, digits)
	if !ok {
		return bad
	}
	l.pos = at + 2 + digits
	if utf16.IsSurrogate(r) && strings.HasPrefix(l.text[l.pos:], `\u`) {
		if low, ok := l.hex(l.pos+2, 4); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			r = utf16.DecodeRune(r, low)
			l.pos += 6
		}
	}
	b.WriteRune(r)
	return nil
}

func (l *lexer) hex(at, digits int) (rune, bool) {
	if at+digits > len(l.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(l.text[at:at+digits], 16, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}

// number reads 12, 0xff, 1.5e3 or, with a unit, a timespan such as 1h.
func (l *lexer) number(start int) (token, error) {
	t := token{kind: literalToken, start: start}
	bad := func() (token, error) {
		return token{}, syntaxError(start, "The query contains syntax errors: '%s' is not a number.", l.text[start:l.pos])
	}
	if strings.HasPrefix(l.text[start:], "0x") || strings.HasPrefix(l.text[start:], "0X") {
		l.pos += 2
		for l.pos < len(l.text) && isNamePart(l.text[l.pos]) {
			l.pos++
		}
		n, err := strconv.ParseUint(l.text[start+2:l.pos], 16, 64)
		if err != nil {
			return bad()
		}
		t.value, t.text = NewLong(int64(n)), l.text[start:l.pos] //nolint:gosec // 0xffffffffffffffff is -1 in Kusto
		return t, nil
	}
	l.digits()
	isReal := false
	if l.pos+1 < len(l.text) && l.text[l.pos] == '.' && isDigit(l.text[l.pos+1]) {
		isReal = true
		l.pos++
		l.digits()
	}
	if exponent := l.exponent(); exponent > 0 {
		isReal = true
		l.pos += exponent
		l.digits()
	}
	digits := l.text[start:l.pos]
	unit := l.pos
	for l.pos < len(l.text) && isNamePart(l.text[l.pos]) {
		l.pos++
	}
	t.text = l.text[start:l.pos]
	if unit < l.pos {
		ticks, known := timespanUnits[l.text[unit:l.pos]]
		n, err := strconv.ParseFloat(digits, 64)
		if !known || err != nil {
			return bad()
		}
		if whole, err := strconv.ParseInt(digits, 10, 64); err == nil {
			t.value = NewTimeSpan(whole * ticks)
		} else {
			t.value = NewTimeSpan(int64(n * float64(ticks)))
		}
		return t, nil
	}
	if isReal {
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return bad()
		}
		t.value = NewReal(f)
		return t, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return bad()
	}
	t.value = NewLong(n)
	return t, nil
}

func (l *lexer) digits() {
	for l.pos < len(l.text) && isDigit(l.text[l.pos]) {
		l.pos++
	}
}

// exponent is the length of e, e+ or e- where digits follow.
func (l *lexer) exponent() int {
	rest := l.text[l.pos:]
	if rest == "" || rest[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if len(rest) > 1 && (rest[1] == '+' || rest[1] == '-') {
		n = 2
	}
	if len(rest) > n && isDigit(rest[n]) {
		return n
	}
	return 0
}

package syntax

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// string reads a string literal at l.pos: plain with escapes, or @verbatim.
func (l *lexer) string(start int) (token, error) {
	unclosed := syntaxError(start, "The query contains syntax errors: unterminated string literal at position %d.", start)
	done := func(s string) (token, error) {
		return token{kind: literalToken, text: l.text[start:l.pos], start: start, value: value.NewString(s)}, nil
	}
	rest := l.text[l.pos:]
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

// number reads 12, 1.5 or, with a unit, a timespan such as 1h.
func (l *lexer) number(start int) (token, error) {
	l.digits()
	isReal := false
	if l.pos+1 < len(l.text) && l.text[l.pos] == '.' && isDigit(l.text[l.pos+1]) {
		isReal = true
		l.pos++
		l.digits()
	}
	unit := l.pos
	for l.pos < len(l.text) && isNamePart(l.text[l.pos]) {
		l.pos++
	}
	typ := value.Long
	switch {
	case unit < l.pos:
		typ = value.TimeSpan
	case isReal:
		typ = value.Real
	}
	text := l.text[start:l.pos]
	v := value.Convert(value.NewString(text), typ)
	if v.IsNull() {
		return token{}, syntaxError(start, "The query contains syntax errors: '%s' is not a number.", text)
	}
	return token{kind: literalToken, text: text, start: start, value: v}, nil
}

func (l *lexer) digits() {
	for l.pos < len(l.text) && isDigit(l.text[l.pos]) {
		l.pos++
	}
}

package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// literalTypes are the words that begin a literal when a parenthesis follows: long(1), datetime(...).
var literalTypes = map[string]value.Type{
	"bool": value.Bool, "int": value.Int, "long": value.Long, "real": value.Real, "datetime": value.DateTime, "timespan": value.TimeSpan,
}

// The longest come first, so that a prefix never wins.
var punctuation = []string{
	"<=", ">=", "==", "!=", "=~", "!~", "..",
	"(", ")", "[", "]", "{", "}", "|", ",", ";", ":", ".", "<", ">", "=", "+", "-", "*", "/", "%",
}

func lex(text string) ([]token, error) {
	l := &lexer{text: text}
	for {
		l.skipSpace()
		if l.pos >= len(text) {
			l.tokens = append(l.tokens, token{kind: endToken, start: len(text), end: len(text)})
			return l.tokens, nil
		}
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		t.end = l.pos
		l.tokens = append(l.tokens, t)
	}
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
			l.pos++
		case strings.HasPrefix(l.text[l.pos:], "\u00a0"), strings.HasPrefix(l.text[l.pos:], "\ufeff"):
			_, size := utf8.DecodeRuneInString(l.text[l.pos:])
			l.pos += size
		case strings.HasPrefix(l.text[l.pos:], "//"):
			end := strings.IndexByte(l.text[l.pos:], '\n')
			if end < 0 {
				l.pos = len(l.text)
				return
			}
			l.pos += end
		default:
			return
		}
	}
}

func (l *lexer) next() (token, error) {
	start := l.pos
	c := l.text[start]
	switch {
	case c == '"' || c == '\'' || c == '@':
		return l.string(start)
	case isDigit(c):
		return l.number(start)
	case isNameStart(c):
		for l.pos < len(l.text) && isNamePart(l.text[l.pos]) {
			l.pos++
		}
		return l.word(start)
	case c == '!' && start+1 < len(l.text) && isNameStart(l.text[start+1]):
		l.pos++
		for l.pos < len(l.text) && isNamePart(l.text[l.pos]) {
			l.pos++
		}
		l.tilde(start)
		return token{kind: punctuationToken, text: l.text[start:l.pos], start: start}, nil
	}
	for _, p := range punctuation {
		if strings.HasPrefix(l.text[start:], p) {
			l.pos += len(p)
			return token{kind: punctuationToken, text: p, start: start}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.text[start:])
	return token{}, syntaxError(start, "A recognition error occurred. Unexpected character %q at position %d.", r, start)
}

// word is a name, an operator such as in~, or the start of a literal such as datetime(...).
func (l *lexer) word(start int) (token, error) {
	l.tilde(start)
	text := l.text[start:l.pos]
	name := token{kind: nameToken, text: text, start: start}
	if text == "true" || text == "false" {
		return token{kind: literalToken, text: text, start: start, value: value.NewBool(text == "true")}, nil
	}
	typ, isLiteral := literalTypes[text]
	if !isLiteral {
		return name, nil
	}
	after := l.pos
	l.skipSpace()
	if l.pos >= len(l.text) || l.text[l.pos] != '(' {
		l.pos = after
		return name, nil
	}
	content, err := l.parenthesised()
	if err != nil {
		return token{}, err
	}
	v, ok := typedLiteral(typ, content)
	if !ok {
		return token{}, syntaxError(start, "'%s' is not a valid %s literal.", strings.TrimSpace(content), text)
	}
	return token{kind: literalToken, text: l.text[start:l.pos], start: start, value: v}, nil
}

// typedLiteral reads what stands in the parentheses.
func typedLiteral(typ value.Type, content string) (value.Value, bool) {
	content = strings.TrimSpace(content)
	if content == "null" {
		return value.Null(typ), true
	}
	if len(content) >= 2 && (content[0] == '"' || content[0] == '\'') && content[len(content)-1] == content[0] {
		content = content[1 : len(content)-1]
	}
	v := value.Convert(value.NewString(content), typ)
	return v, !v.IsNull()
}

// tilde takes the ~ of in~ and !in~ into the word.
func (l *lexer) tilde(start int) {
	if l.pos < len(l.text) && l.text[l.pos] == '~' && strings.TrimPrefix(l.text[start:l.pos], "!") == "in" {
		l.pos++
	}
}

// parenthesised takes the text up to the parenthesis that closes the one at l.pos; parentheses in
// strings do not count.
func (l *lexer) parenthesised() (string, error) {
	open := l.pos
	depth := 0
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				l.pos++
				return l.text[open+1 : l.pos-1], nil
			}
		case '"', '\'':
			if _, err := l.string(l.pos); err != nil {
				return "", err
			}
			continue
		}
		l.pos++
	}
	return "", syntaxError(open, "The query contains syntax errors: Expected: ) at position %d.", len(l.text))
}

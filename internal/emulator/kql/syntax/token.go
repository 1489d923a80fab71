package syntax

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	literalToken
	punctuationToken
)

// token is a word of the text. Of a literal, value is what it means.
type token struct {
	kind       tokenKind
	text       string
	start, end int
	value      value.Value
}

func (t token) is(text string) bool {
	return t.text == text && (t.kind == punctuationToken || t.kind == nameToken)
}

type lexer struct {
	text   string
	pos    int
	tokens []token
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(c byte) bool { return c == '_' || c == '$' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func isNamePart(c byte) bool { return isNameStart(c) || isDigit(c) }

package engine

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// matchers test text for a pattern; both are folded to one case before, where case does not count.
var matchers = map[string]func(text, pattern string) bool{
	"has":        hasTerm,
	"contains":   strings.Contains,
	"startswith": strings.HasPrefix,
	"endswith":   strings.HasSuffix,
}

// hasTerm finds pattern where it begins and ends together with terms: runs of letters and digits.
func hasTerm(text, pattern string) bool {
	if pattern == "" {
		return true
	}
	first, size := utf8.DecodeRuneInString(pattern)
	last, _ := utf8.DecodeLastRuneInString(pattern)
	for from := 0; ; {
		i := strings.Index(text[from:], pattern)
		if i < 0 {
			return false
		}
		at := from + i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(pattern):])
		begins := at == 0 || !isTermRune(first) || !isTermRune(before)
		ends := at+len(pattern) == len(text) || !isTermRune(last) || !isTermRune(after)
		if begins && ends {
			return true
		}
		from = at + size
	}
}

func isTermRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// bindTextOperator binds the operators that compare text with text.
func bindTextOperator(c *exprBinder, n *syntax.Node, left, right *expr) (*expr, error) {
	if !texts.has(left.typ) || !texts.has(right.typ) {
		return nil, c.undefined(n, left, right)
	}
	left, right = convertExpr(left, value.String), convertExpr(right, value.String)
	operator, negated := strings.CutPrefix(n.Text, "!")
	switch operator {
	case "matches regex":
		return bindRegex(c, n, left, right)
	case "=~", "~":
		return textExpr(left, right, strings.EqualFold, negated), nil
	}
	name, caseSensitive := strings.CutSuffix(operator, "_cs")
	match := matchers[name]
	if caseSensitive {
		return textExpr(left, right, match, negated), nil
	}
	if right.constant {
		right = constant(value.NewString(strings.ToLower(right.value.Text())))
		return textExpr(left, right, func(text, pattern string) bool { return match(strings.ToLower(text), pattern) }, negated), nil
	}
	return textExpr(left, right, func(text, pattern string) bool {
		return match(strings.ToLower(text), strings.ToLower(pattern))
	}, negated), nil
}

func textExpr(left, right *expr, match func(text, pattern string) bool, negated bool) *expr {
	return binaryExpr(value.Bool, left, right, func(a, b value.Value) value.Value {
		return value.NewBool(match(a.Text(), b.Text()) != negated)
	})
}

// bindRegex compiles the pattern, which must be constant, as in Kusto's RE2.
func bindRegex(c *exprBinder, n *syntax.Node, left, right *expr) (*expr, error) {
	if !right.constant {
		return nil, c.fail(n, "The regular expression must be a constant string.")
	}
	pattern, err := regexp.Compile(right.value.Text())
	if err != nil {
		return nil, c.fail(n, "Invalid regular expression '%s'.", right.value.Text())
	}
	return unaryExpr(value.Bool, left, func(v value.Value) value.Value { return value.NewBool(pattern.MatchString(v.Text())) }), nil
}

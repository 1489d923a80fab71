package kql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// matcher tests text for a pattern; both are folded to one case before, where case does not count.
type matcher func(text, pattern string) bool

var matchers = map[string]matcher{
	"has":        hasTerm,
	"hasprefix":  func(text, pattern string) bool { return findTerm(text, pattern, true, false) },
	"hassuffix":  func(text, pattern string) bool { return findTerm(text, pattern, false, true) },
	"contains":   strings.Contains,
	"startswith": strings.HasPrefix,
	"endswith":   strings.HasSuffix,
}

func hasTerm(text, pattern string) bool { return findTerm(text, pattern, true, true) }

// findTerm finds pattern where it begins (start) or ends (end) together with a term: a run of
// letters and digits.
func findTerm(text, pattern string, start, end bool) bool {
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
		begins := !start || at == 0 || !isTermRune(first) || !isTermRune(before)
		ends := !end || at+len(pattern) == len(text) || !isTermRune(last) || !isTermRune(after)
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

func (c *exprBinder) bindStringOperator(n *node, left, right *expr) (*expr, error) {
	isText := func(e *expr) bool { return e.typ == String || e.typ == Dynamic }
	if !isText(left) || !isText(right) {
		return nil, c.undefined(n, left, right)
	}
	left, right = convertExpr(left, String), convertExpr(right, String)
	operator, negated := strings.CutPrefix(n.text, "!")
	switch operator {
	case "matches regex":
		return c.bindRegex(n, left, right)
	case "=~", "~":
		return binaryExpr(Bool, left, right, func(a, b Value) Value {
			return NewBool(strings.EqualFold(a.s, b.s) != negated)
		}), nil
	}
	name, caseSensitive := strings.CutSuffix(operator, "_cs")
	match := matchers[name]
	if caseSensitive {
		return binaryExpr(Bool, left, right, func(a, b Value) Value { return NewBool(match(a.s, b.s) != negated) }), nil
	}
	if right.constant {
		right = constant(NewString(strings.ToLower(right.value.s)))
		return binaryExpr(Bool, left, right, func(a, b Value) Value {
			return NewBool(match(strings.ToLower(a.s), b.s) != negated)
		}), nil
	}
	return binaryExpr(Bool, left, right, func(a, b Value) Value {
		return NewBool(match(strings.ToLower(a.s), strings.ToLower(b.s)) != negated)
	}), nil
}

// regex compiles a pattern that must be constant, as in Kusto's RE2.
func (c *exprBinder) regex(n *node, e *expr) (*regexp.Regexp, error) {
	if !e.constant || e.typ != String {
		return nil, c.fail(n, "The regular expression must be a constant string.")
	}
	pattern, err := regexp.Compile(e.value.s)
	if err != nil {
		return nil, c.fail(n, "Invalid regular expression '%s'.", e.value.s)
	}
	return pattern, nil
}

func (c *exprBinder) bindRegex(n *node, left, right *expr) (*expr, error) {
	if !right.constant {
		// A pattern that comes with the row and is none matches nothing.
		return binaryExpr(Bool, left, right, func(a, b Value) Value {
			matches, err := regexp.MatchString(b.s, a.s)
			return NewBool(matches && err == nil)
		}), nil
	}
	pattern, err := c.regex(n, right)
	if err != nil {
		return nil, err
	}
	return unaryExpr(Bool, left, func(v Value) Value { return NewBool(pattern.MatchString(v.s)) }), nil
}

package kusto

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of Predicate.
var (
	errStatement = errors.New("a filter is one predicate: it must not hold `;`")
	errPipe      = errors.New("a filter is one predicate: `|` may stand only inside parentheses")
	errComment   = errors.New("a filter must not hold a comment")
	errEmpty     = errors.New("a filter must not be empty")
)

// Predicate takes a predicate that the user wrote in KQL and puts it in parentheses. What it means
// is the user's; that it cannot reach beyond the parentheses is checked: quotes and brackets must
// close, and nothing may begin another operator, statement or comment.
func Predicate(kql string) (Fragment, error) {
	kql = strings.TrimSpace(kql)
	if kql == "" {
		return Fragment{}, errEmpty
	}
	var open []byte
	for i := 0; i < len(kql); i++ {
		switch c := kql[i]; c {
		case '"', '\'':
			end, err := stringEnd(kql, i)
			if err != nil {
				return Fragment{}, err
			}
			i = end
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 || closing[open[len(open)-1]] != c {
				return Fragment{}, fmt.Errorf("unbalanced %q at byte %d", c, i+1)
			}
			open = open[:len(open)-1]
		case ';':
			return Fragment{}, errStatement
		case '|':
			if len(open) == 0 {
				return Fragment{}, errPipe
			}
		case '/':
			if strings.HasPrefix(kql[i:], "//") {
				return Fragment{}, errComment
			}
		case '`':
			return Fragment{}, fmt.Errorf("multi-line string at byte %d: write it with quotes", i+1)
		}
	}
	if len(open) > 0 {
		return Fragment{}, fmt.Errorf("%q is not closed", open[len(open)-1])
	}
	return Fragment{"(" + kql + ")"}, nil
}

var closing = map[byte]byte{'(': ')', '[': ']', '{': '}'}

// stringEnd returns the index of the quote that closes the literal beginning at start. After `@` a
// literal is verbatim: a backslash is itself and a doubled quote stands for one.
func stringEnd(kql string, start int) (int, error) {
	quote, verbatim := kql[start], start > 0 && kql[start-1] == '@'
	for i := start + 1; i < len(kql); i++ {
		switch {
		case kql[i] == '\n' || kql[i] == '\r':
			return 0, fmt.Errorf("the string at byte %d does not end on its line", start+1)
		case kql[i] == '\\' && !verbatim:
			i++
		case kql[i] == quote && verbatim && strings.HasPrefix(kql[i+1:], string(quote)):
			i++
		case kql[i] == quote:
			return i, nil
		}
	}
	return 0, fmt.Errorf("the string at byte %d is not closed", start+1)
}

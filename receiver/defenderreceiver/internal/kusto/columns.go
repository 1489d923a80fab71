package kusto

import (
	"slices"
	"strings"
)

// Columns returns the names in a well-formed predicate that can only be columns, each once. Names of functions,
// operators, properties of dynamic values, and everything in strings, literals and subqueries is left out.
func Columns(predicate string) []string {
	s := columnScanner{text: predicate}
	s.scan()
	return s.found
}

type columnScanner struct {
	text  string
	at    int
	found []string
}

func (s *columnScanner) scan() {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"' || c == '\'':
			s.at = s.afterString(s.at)
		case c == '(' && s.holdsPipe():
			s.at = s.afterGroup(s.at)
		case c == '.' && s.at+1 < len(s.text) && isNameStart(s.text[s.at+1]):
			s.at++
			s.name()
		case isNameStart(c):
			s.take(s.name())
		case '0' <= c && c <= '9':
			s.name() // a number with its unit
		default:
			s.at++
		}
	}
}

// name passes over a name or number.
func (s *columnScanner) name() string {
	start := s.at
	for s.at < len(s.text) && (isNameStart(s.text[s.at]) || '0' <= s.text[s.at] && s.text[s.at] <= '9') {
		s.at++
	}
	return s.text[start:s.at]
}

// take judges a name by what follows it.
func (s *columnScanner) take(name string) {
	rest := strings.TrimLeft(s.text[s.at:], " \t\r\n")
	called := strings.HasPrefix(rest, "(")
	switch {
	case called && literals[strings.ToLower(name)]:
		s.at = s.afterGroup(len(s.text) - len(rest))
	case called || operators[strings.ToLower(name)]:
	case s.at < len(s.text) && (s.text[s.at] == '"' || s.text[s.at] == '\''):
		// h"..." hides a string from the service's own logs.
	case !slices.Contains(s.found, name):
		s.found = append(s.found, name)
	}
}

// holdsPipe reports whether the group that opens here holds a query of its own.
func (s *columnScanner) holdsPipe() bool {
	end := s.afterGroup(s.at)
	for i := s.at; i < end; i++ {
		switch s.text[i] {
		case '"', '\'':
			i = s.afterString(i) - 1
		case '|':
			return true
		}
	}
	return false
}

// afterGroup is the place behind the bracket that closes the one at start.
func (s *columnScanner) afterGroup(start int) int {
	depth := 0
	for i := start; i < len(s.text); i++ {
		switch s.text[i] {
		case '"', '\'':
			i = s.afterString(i) - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s.text)
}

func (s *columnScanner) afterString(start int) int {
	end, err := stringEnd(s.text, start)
	if err != nil {
		return len(s.text)
	}
	return end + 1
}

func isNameStart(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// literals are written like functions, but what they hold is no expression.
var literals = map[string]bool{
	"datetime": true, "date": true, "timespan": true, "time": true, "guid": true, "dynamic": true, "typeof": true,
	"bool": true, "int": true, "long": true, "real": true, "double": true, "decimal": true,
}

// operators are the words of expressions, in lower case.
var operators = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "between": true, "true": true, "false": true, "null": true,
	"has": true, "has_cs": true, "has_any": true, "has_all": true, "hasprefix": true, "hasprefix_cs": true,
	"hassuffix": true, "hassuffix_cs": true, "contains": true, "contains_cs": true, "startswith": true,
	"startswith_cs": true, "endswith": true, "endswith_cs": true, "matches": true, "regex": true, "like": true,
	"notlike": true, "likecs": true, "notlikecs": true, "notcontains": true, "notcontainscs": true, "containscs": true,
}

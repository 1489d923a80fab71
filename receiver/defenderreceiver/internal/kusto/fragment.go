package kusto

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Fragment is a piece of well-formed KQL. The zero value is the empty text.
type Fragment struct{ text string }

// String is the KQL text.
func (f Fragment) String() string { return f.text }

// IsZero reports whether f is empty.
func (f Fragment) IsZero() bool { return f.text == "" }

// constant is unexported: only untyped constants convert to it outside this package, so a value
// that is known at run time cannot be used where one is asked for.
type constant string

// Text is KQL written in the program.
func Text(kql constant) Fragment { return Fragment{string(kql)} }

// Format replaces each `?` of the pattern by the next fragment.
func Format(pattern constant, args ...Fragment) Fragment {
	var b strings.Builder
	rest := string(pattern)
	for _, arg := range args {
		before, after, ok := strings.Cut(rest, "?")
		if !ok {
			panic(fmt.Sprintf("BUG: more fragments than placeholders in %q", pattern))
		}
		b.WriteString(before)
		b.WriteString(arg.text)
		rest = after
	}
	if strings.Contains(rest, "?") {
		panic(fmt.Sprintf("BUG: more placeholders than fragments in %q", pattern))
	}
	b.WriteString(rest)
	return Fragment{b.String()}
}

// Join puts the separator between the fragments, leaving empty ones out.
func Join(separator constant, fragments ...Fragment) Fragment {
	var texts []string
	for _, f := range fragments {
		if f.text != "" {
			texts = append(texts, f.text)
		}
	}
	return Fragment{strings.Join(texts, string(separator))}
}

// Name is a column's or table's name, bracketed where it is no plain identifier.
func Name(name string) Fragment {
	if isIdentifier(name) {
		return Fragment{name}
	}
	return Fragment{"[" + quote(name) + "]"}
}

// Names is a list of column names.
func Names(names ...string) Fragment {
	fragments := make([]Fragment, len(names))
	for i, name := range names {
		fragments[i] = Name(name)
	}
	return Join(", ", fragments...)
}

// String is a string literal.
func String(value string) Fragment { return Fragment{quote(value)} }

// Strings is a list of string literals.
func Strings(values ...string) Fragment {
	fragments := make([]Fragment, len(values))
	for i, value := range values {
		fragments[i] = String(value)
	}
	return Join(", ", fragments...)
}

// Int is an integer literal.
func Int(value int) Fragment { return Fragment{strconv.Itoa(value)} }

// timeLayout shows all of Kusto's 100 ns.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// DateTime is a datetime literal. What is finer than 100 ns is cut off.
func DateTime(t time.Time) Fragment {
	return Fragment{"datetime(" + t.UTC().Format(timeLayout) + ")"}
}

// Timespan is a timespan literal, in whole seconds.
func Timespan(d time.Duration) Fragment {
	return Fragment{strconv.FormatInt(int64(d/time.Second), 10) + "s"}
}

func isIdentifier(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || '9' < r) {
			return false
		}
	}
	return name != "" && !reserved[name]
}

// quote writes a KQL string literal. Everything that Kusto's lexer could read as an end of string or
// line is written as an escape, and so is what is no printable character.
func quote(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(value); {
		r, size := utf8.DecodeRuneInString(value[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\uFFFD`)
		case !unicode.IsPrint(r) && r <= 0xFFFF:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// reserved are identifiers that Kusto reads as keywords in an expression.
var reserved = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "has": true, "between": true, "contains": true, "by": true, "on": true,
	"let": true, "where": true, "project": true, "extend": true, "take": true, "join": true, "union": true, "true": true,
	"false": true, "null": true, "typeof": true, "summarize": true, "order": true, "sort": true, "asc": true, "desc": true,
}

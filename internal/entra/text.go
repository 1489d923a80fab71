package entra

import (
	"bytes"
	"errors"
	"regexp"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	errNUL   = errors.New("a NUL character stands within it: write it anew as plain text")
	errLines = errors.New("it has several lines: it must hold the one text alone")
	errUTF8  = errors.New("it is no text in UTF-8 or UTF-16: write it anew as plain text")
)

// decodeText gives a file's text in UTF-8. Windows' tools write UTF-16 and byte order marks.
func decodeText(content []byte) []byte {
	switch {
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		return content[3:]
	case bytes.HasPrefix(content, []byte("\xff\xfe")):
		return fromUTF16(content[2:], 0)
	case bytes.HasPrefix(content, []byte("\xfe\xff")):
		return fromUTF16(content[2:], 1)
	case hasNULs(content, 1):
		return fromUTF16(content, 0)
	case hasNULs(content, 0):
		return fromUTF16(content, 1)
	default:
		return content
	}
}

// hasNULs reports whether every second byte from first on is NUL and no other is, as in ASCII written as
// UTF-16.
func hasNULs(content []byte, first int) bool {
	if len(content) < 2 || len(content)%2 != 0 {
		return false
	}
	for i, c := range content {
		if (c == 0) != (i%2 == first) {
			return false
		}
	}
	return true
}

// fromUTF16 decodes code units whose low byte is the one at low, 0 or 1.
func fromUTF16(content []byte, low int) []byte {
	var text []byte
	units := make([]uint16, 0, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		units = append(units, uint16(content[i+low])|uint16(content[i+1-low])<<8)
	}
	for _, r := range utf16.Decode(units) {
		text = utf8.AppendRune(text, r)
	}
	return text
}

// decodeLine gives a file's one line: a secret or a token. Blanks, line ends and NULs around it are no part
// of it.
func decodeLine(content []byte) ([]byte, error) {
	line := bytes.TrimFunc(decodeText(content), func(r rune) bool { return r == 0 || unicode.IsSpace(r) })
	switch {
	case bytes.IndexByte(line, 0) >= 0:
		return nil, errNUL
	case bytes.ContainsAny(line, "\r\n"):
		return nil, errLines
	case !utf8.Valid(line):
		return nil, errUTF8
	}
	return line, nil
}

var (
	guid       = regexp.MustCompile(`(?i)^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$`)
	quoted     = regexp.MustCompile("^[\"'`\u2018\u2019\u201c\u201d].*[\"'`\u2018\u2019\u201c\u201d]$")
	assignment = regexp.MustCompile(`(?i)^(?:export )?[a-z_ ]*(?:secret|password|token|value)[a-z_ ]*\s*[=:]`)
)

// oddities says what is unusual about a secret, without quoting it. It is empty where nothing is. What is
// unusual may be right all the same, so it is told only once Entra refuses the secret.
func oddities(secret []byte) string {
	switch text := string(secret); {
	case guid.MatchString(text):
		return "it has the form of a secret's id: use the secret's value instead, which the portal shows only when the secret is created"
	case quoted.MatchString(text):
		return "it stands in quotes: take them away"
	case assignment.MatchString(text):
		return "it begins with a name: keep the value alone"
	case bytes.ContainsFunc(secret, unicode.IsSpace):
		return "a blank stands within it"
	case bytes.ContainsFunc(secret, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return "a character that cannot be seen stands in it: write it anew as plain text"
	default:
		return ""
	}
}

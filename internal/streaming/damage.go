package streaming

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// damage goes through a record that is no JSON, line by line, and finds where it ends: where its brackets close, or in a
// list where the next value may stand. A string that has no end ends with its line. Outside of lists a line on which no
// bracket is open ends it, too.
type damage struct {
	at       place
	open     int
	inString bool
}

// skip says how much of the line belongs to the bad record, and whether it ends there.
func (b *damage) skip(line []byte) (n int, ended bool) {
	for i := 0; i < len(line); i++ {
		c := line[i]
		if b.inString {
			switch c {
			case '\\':
				if i+1 < len(line) && line[i+1] != '\n' {
					i++
				}
			case '"':
				b.inString = false
			case '\n':
				b.inString = false
				if b.open == 0 {
					return i + 1, true
				}
			}
			continue
		}
		if n, ended := b.structure(c, i); ended {
			return n, true
		}
	}
	return len(line), false
}

// structure takes a byte outside of strings.
func (b *damage) structure(c byte, i int) (n int, ended bool) {
	switch c {
	case '"':
		b.inString = true
	case '{', '[':
		b.open++
	case '}', ']':
		if b.open--; b.open == 0 {
			return i + 1, true
		}
		if b.open < 0 && c == b.at.closer() {
			return i, true
		}
		b.open = max(b.open, 0)
	case ',':
		return i, b.open == 0 && b.at != alone
	case '\n':
		return i + 1, b.open == 0 && b.at == alone
	}
	return 0, false
}

// closer ends what the place is in.
func (p place) closer() byte {
	switch p {
	case inList, inRecords:
		return ']'
	case behindRecords:
		return '}'
	default:
		return 0
	}
}

// beginsRecord says whether a line cannot belong to the bad record before it. A brace in the first column begins a record:
// what is indented for readers has its inner braces further right. A line that holds whole records is never part of another.
func beginsRecord(line []byte) bool {
	return line[0] == '{' || holdsRecords(line)
}

// holdsRecords says whether the line is JSON by itself, with a row in it.
func holdsRecords(line []byte) bool {
	text := bytes.TrimRight(trimSeparators(line), " \t\r\n,")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' || !jsontext.Value(text).IsValid(decodeOptions()...) {
		return false
	}
	_, err := NewDecoder(bytes.NewReader(text)).Next()
	return err == nil
}

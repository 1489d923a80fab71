package streaming

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// input keeps what has been read of the current record, so that a bad one can be gone through again.
type input struct {
	r     io.Reader
	limit int // of a record's bytes
	kept  []byte
	from  int64 // the offset of kept[0] in the whole input
	err   error // the reader's own
}

func (in *input) Read(p []byte) (int, error) {
	if len(in.kept) > in.limit {
		return 0, errTooLarge
	}
	n, err := in.r.Read(p)
	in.kept = append(in.kept, p[:n]...)
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
	}
	return n, err
}

// begin is the offset at which the value behind offset begins, past blanks and a comma. What stands
// before is forgotten; few bytes only later, because moving the rest costs more.
func (in *input) begin(offset int64) int64 {
	const worthMoving = 64 << 10
	offset = max(offset, in.from)
	behind := in.kept[min(int(offset-in.from), len(in.kept)):]
	offset += int64(len(behind) - len(bytes.TrimLeft(behind, " \t\r\n,")))
	before := int(offset - in.from)
	switch {
	case before >= len(in.kept):
		in.kept = in.kept[:0]
	case before >= worthMoving:
		in.kept = in.kept[:copy(in.kept, in.kept[before:])]
	default:
		return offset
	}
	in.from = offset
	return offset
}

// again is the input from offset start on.
func (in *input) again(start int64) io.Reader {
	return io.MultiReader(bytes.NewReader(in.kept[start-in.from:]), in.r)
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

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// skipBad reads to the end of a record that is no JSON: where its brackets close or, outside of
// lists, where the next line begins a record. Without bracket it ends with its line, in a list where
// the next value may stand.
func skipBad(in *bufio.Reader, at place) {
	open, inString := 0, false
	for {
		c, err := in.ReadByte()
		if err != nil {
			return
		}
		if inString {
			switch c {
			case '\\':
				_, _ = in.Discard(1)
			case '"':
				inString = false
			case '\n': // no string goes on over it
				inString = false
				_ = in.UnreadByte()
			}
			continue
		}
		switch c {
		case '"':
			inString = true
		case '{', '[':
			open++
		case '}', ']':
			if open--; open == 0 {
				return
			}
			if open < 0 && c == at.closer() {
				_ = in.UnreadByte()
				return
			}
			open = max(open, 0)
		case ',':
			if open == 0 && at != alone {
				_ = in.UnreadByte()
				return
			}
		case '\n':
			if at != alone {
				continue
			}
			if next, err := in.Peek(1); open == 0 || err == nil && next[0] == '{' {
				return
			}
		}
	}
}

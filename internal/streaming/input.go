package streaming

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxRecordBytes is the size beyond which a record need not be read. Event Hubs has messages of 1 MB, and
// on some tiers of 20 MB.
const MaxRecordBytes = 20 << 20

var errTooLarge = fmt.Errorf("it is larger than %d bytes", MaxRecordBytes)

const byteOrderMark = "\ufeff"

// input keeps what has been read of the current record, so that a bad one can be gone through again.
type input struct {
	r     io.Reader
	limit int // of a record's bytes
	kept  []byte
	at    int   // what is read next, in kept
	from  int64 // the offset of kept[0] in the whole input
	err   error // the reader's own
}

func (in *input) Read(p []byte) (int, error) {
	if in.at == len(in.kept) {
		if len(in.kept) > in.limit {
			return 0, errTooLarge
		}
		if err := in.fill(len(p)); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.kept[in.at:])
	in.at += n
	return n, nil
}

// fill reads up to n bytes more into kept.
func (in *input) fill(n int) error {
	in.kept = slices.Grow(in.kept, n)
	read, err := in.r.Read(in.kept[len(in.kept) : len(in.kept)+n])
	in.kept = in.kept[:len(in.kept)+read]
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
	}
	if read > 0 {
		return nil // the error comes again
	}
	return err
}

// begin is the offset at which the value behind offset begins, past blanks, commas and marks of byte order. What stands
// before is forgotten.
func (in *input) begin(offset int64) int64 {
	offset = max(offset, in.from)
	for {
		behind := in.kept[min(int(offset-in.from), len(in.kept)):]
		rest := trimSeparators(behind)
		offset += int64(len(behind) - len(rest))
		if len(rest) > 0 && !partOfMark(rest) || in.fill(len(byteOrderMark)) != nil {
			break
		}
	}
	in.forget(int(offset - in.from))
	return offset
}

// partOfMark says whether the text may become a mark of byte order.
func partOfMark(text []byte) bool {
	return len(text) < len(byteOrderMark) && byteOrderMark[:len(text)] == string(text)
}

func trimSeparators(text []byte) []byte {
	for {
		trimmed := bytes.TrimPrefix(bytes.TrimLeft(text, " \t\r\n,"), []byte(byteOrderMark))
		if len(trimmed) == len(text) {
			return text
		}
		text = trimmed
	}
}

// forget drops what stands before kept[n]; few bytes only later, because moving the rest costs more.
func (in *input) forget(n int) {
	const worthMoving = 64 << 10
	if n < len(in.kept) && (n < worthMoving || n < len(in.kept)/2) {
		return
	}
	n = min(n, len(in.kept))
	in.kept = in.kept[:copy(in.kept, in.kept[n:])]
	in.at = max(in.at-n, 0)
	in.from += int64(n)
}

// offset is where the next byte is read.
func (in *input) offset() int64 { return in.from + int64(in.at) }

// seek goes back to an offset that is kept.
func (in *input) seek(offset int64) { in.at = int(offset - in.from) }

// next is the byte at an offset, if it is kept.
func (in *input) next(offset int64) byte {
	if i := int(offset - in.from); i >= 0 && i < len(in.kept) {
		return in.kept[i]
	}
	return 0
}

// line reads to the end of a line with its line break, or a part of a line that is longer than the limit.
func (in *input) line() ([]byte, error) {
	const chunk = 4 << 10
	in.forget(in.at)
	for searched := in.at; ; {
		if i := bytes.IndexByte(in.kept[searched:], '\n'); i >= 0 {
			return in.take(searched + i + 1), nil
		}
		searched = len(in.kept)
		if len(in.kept)-in.at > in.limit {
			return in.take(len(in.kept)), nil
		}
		if err := in.fill(chunk); err != nil {
			if in.at < len(in.kept) {
				return in.take(len(in.kept)), nil
			}
			return nil, err
		}
	}
}

func (in *input) take(end int) []byte {
	line := in.kept[in.at:end]
	in.at = end
	return line
}

// skipBlanks goes on to what is no blank. Its error is the reader's, io.EOF at the end.
func (in *input) skipBlanks() error {
	for {
		line, err := in.line()
		if err != nil {
			return err
		}
		if rest := bytes.TrimLeft(line, " \t\r\n"); len(rest) > 0 {
			in.at -= len(rest)
			return nil
		}
	}
}

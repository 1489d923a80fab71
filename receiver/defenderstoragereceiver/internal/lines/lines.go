// Package lines makes rows of parts of a blob. A part is cut behind its last line end. Each line is decoded by itself, so
// that damage ends with its line, whatever it left open.
package lines

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/streaming"
)

// Whole is how much of a part ends with a line.
func Whole(part []byte) int { return bytes.LastIndexByte(part, '\n') + 1 }

// Split takes the first line off, with its end.
func Split(text []byte) (line, rest []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, nil
}

// Item is a row, or a text that is none.
type Item struct {
	Row   streaming.Row
	Bytes int    // of the row, as it stands in the blob
	Text  []byte // of what is no row, as it stands in the blob
	Err   error  // why it is none
}

// Reader decodes lines. It is not safe for concurrent use.
type Reader struct{ parser streaming.Parser }

// Read decodes one line: mostly it is one row. A blank line is none.
func (r *Reader) Read(line []byte) []Item {
	text := bytes.TrimRight(line, "\r\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	row, err := r.parser.JSON(text)
	if err == nil {
		return []Item{{Row: row, Bytes: len(text)}}
	}
	return several(text, err)
}

// several decodes what is not one envelope: a list of them, or damage.
func several(text []byte, why error) []Item {
	var items []Item
	decoder := streaming.NewDecoder(bytes.NewReader(text))
	for {
		before := decoder.Offset()
		row, err := decoder.Next()
		var bad *streaming.RecordError
		switch {
		case err == nil:
			items = append(items, Item{Row: row, Bytes: int(decoder.Offset() - before)})
		case errors.As(err, &bad):
			items = append(items, Item{Text: text[bad.Offset:bad.End], Err: bad.Err})
		case len(items) == 0:
			return []Item{{Text: text, Err: why}}
		default:
			return items
		}
	}
}

// MostLine is the longest line that is read as one.
const MostLine = streaming.MaxRecordBytes

// piece is how much of a longer line stands in one record: little enough for what is behind the pipeline.
const piece = 256 << 10

// errLong says why a line is handed on in pieces.
var errLong = fmt.Errorf("it is part of a line of more than %d MiB", MostLine>>20)

// Pieces is a part of a line that is too long to be read, as texts.
func Pieces(part []byte) []Item {
	var items []Item
	for len(part) > 0 {
		n := min(len(part), piece)
		items = append(items, Item{Text: part[:n], Err: errLong})
		part = part[n:]
	}
	return items
}

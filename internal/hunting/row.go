package hunting

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// row is one row between the body and its map, reused for all rows of an answer.
type row struct {
	keys     keys
	cells    []cell
	text     []byte // what the cells' texts point into: one allocation a row instead of one a value
	nested   nested
	repaired int64
	// verbatim keeps what the tables' rows write for nothing: nulls and empty objects; and the types of nested objects.
	verbatim bool
}

// cell is one value of a row.
type cell struct {
	key      *key
	kind     cellKind
	from, to int // in row.text
	n        int64
	f        float64
}

type cellKind uint8

const (
	nullCell cellKind = iota
	textCell
	boolCell
	intCell
	doubleCell
	nestedCell
)

// readRow reads a row up to and including its closing brace.
func (r *Rows) readRow() error {
	w := &r.row
	w.cells, w.text = w.cells[:0], w.text[:0]
	for i := 0; ; i++ {
		if r.dec.PeekKind() == '}' {
			_, err := r.dec.ReadToken()
			return err
		}
		quoted, err := r.dec.ReadValue()
		if err != nil {
			return unexpectedEOF(err)
		}
		k := w.keys.at(i, quoted, r.schema)
		value, err := r.readValue()
		if err != nil {
			return err
		}
		if !k.drop {
			w.add(k, value)
		}
	}
}

// add takes one value in; value is valid only until then.
func (w *row) add(k *key, value jsontext.Value) {
	c := cell{key: k, from: len(w.text)}
	switch value.Kind() {
	case '"':
		c.kind = textCell
		var err error
		if w.text, err = jsontext.AppendUnquote(w.text, value); err != nil {
			w.repaired++ // the text has U+FFFD where it was broken
		}
	case 't':
		c.kind, c.n = boolCell, 1
	case 'f':
		c.kind = boolCell
	case '0':
		c.number(value)
		w.text = append(w.text, value...)
	case '{', '[':
		// An empty object is how the service writes the null of some types.
		if w.verbatim || len(bytes.TrimSpace(value[1:len(value)-1])) > 0 || value[0] == '[' {
			c.kind = nestedCell
			w.text = append(w.text, value...)
		}
	}
	c.to = len(w.text)
	if k.mark && value.Kind() != 'n' {
		c.kind, c.n = boolCell, 1
	}
	if k.bool {
		c.toBool(w.text[c.from:c.to])
	}
	w.cells = append(w.cells, c)
}

// number takes an integer exactly, or as text where it exceeds 64 bits; others as double.
func (c *cell) number(value []byte) {
	var err error
	if bytes.ContainsAny(value, ".eE") {
		c.kind = doubleCell
		c.f, err = strconv.ParseFloat(string(value), 64)
	} else {
		c.kind = intCell
		c.n, err = strconv.ParseInt(string(value), 10, 64)
	}
	if err != nil {
		c.kind = textCell
	}
}

// toBool makes a declared boolean of any form it comes in; another value stays as it came.
func (c *cell) toBool(text []byte) {
	switch c.kind {
	case textCell, intCell, doubleCell:
		switch strings.ToLower(strings.TrimSpace(string(text))) {
		case "true", "1", "1.0":
			c.kind, c.n = boolCell, 1
		case "false", "0", "-0", "0.0":
			c.kind, c.n = boolCell, 0
		}
	}
}

// put fills dst with the row. Of a key that came twice the last value counts.
func (w *row) put(dst pcommon.Map) {
	dst.EnsureCapacity(len(w.cells))
	text := string(w.text)
	for i := range w.cells {
		c := &w.cells[i]
		name := c.key.name
		switch c.kind {
		case nullCell:
			dst.Remove(name)
			if w.verbatim {
				dst.PutEmpty(name)
			}
		case textCell:
			dst.PutStr(name, text[c.from:c.to])
		case boolCell:
			dst.PutBool(name, c.n == 1)
		case intCell:
			dst.PutInt(name, c.n)
		case doubleCell:
			dst.PutDouble(name, c.f)
		case nestedCell:
			v, _ := dst.GetOrPutEmpty(name)
			w.repaired += w.nested.decode(w.text[c.from:c.to], v)
		}
	}
}

package hunting

import (
	"bytes"

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

// read reads a row up to and including its closing brace.
func (w *row) read(dec *decoder, schema []Column) error {
	w.cells, w.text = w.cells[:0], w.text[:0]
	for i := 0; ; i++ {
		if dec.PeekKind() == '}' {
			_, err := dec.ReadToken()
			return err
		}
		quoted, err := dec.ReadValue()
		if err != nil {
			return unexpectedEOF(err)
		}
		k := w.keys.at(i, quoted, schema)
		value, err := dec.readValue()
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

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
	text     []byte    // what the cells' texts point into: one allocation a row instead of one a value
	values   int       // of cells, those that are put
	columns  columnSet // of cells, those that are put
	names    names
	nested   nested
	repaired int64
	// verbatim keeps what the tables' rows write for nothing: nulls and empty objects; and the types of nested objects.
	verbatim bool
}

// begin forgets the row before.
func (w *row) begin() {
	w.cells, w.text, w.values, w.columns = w.cells[:0], w.text[:0], 0, columnSet{}
}

// read reads a row up to and including its closing brace.
func (w *row) read(dec *decoder, schema []Column) error {
	w.begin()
	for i := 0; ; i++ {
		if dec.PeekKind() == '}' {
			_, err := dec.ReadToken()
			w.keys.end(i)
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
		w.add(k, value)
	}
}

// add takes one value in; value is valid only until then.
func (w *row) add(k *key, value jsontext.Value) {
	c, from := cell{key: k}, len(w.text)
	switch value.Kind() {
	case '"':
		c.kind = textCell
		var err error
		if w.text, err = jsontext.AppendUnquote(w.text, value); err != nil && !k.drop {
			w.repaired++ // the text has U+FFFD where it was broken
		}
	case 't':
		c.kind, c.n = boolCell, 1
	case 'f':
		c.kind = boolCell
	case '0':
		w.number(&c, value)
	case '{', '[':
		if w.keeps(value) {
			c.kind = nestedCell
			w.text = append(w.text, value...)
		}
	}
	w.take(c, from, value.Kind() == 'n')
}

// keeps reports whether an object or array is a value. An empty object is how the service writes the null of some types.
func (w *row) keeps(value []byte) bool {
	return w.verbatim || value[0] == '[' || len(bytes.TrimSpace(value[1:len(value)-1])) > 0
}

// number makes c of a number. Its text is kept where it is the value, or may be asked for.
func (w *row) number(c *cell, value []byte) {
	c.number(value)
	if c.kind == textCell || c.key.bool {
		w.text = append(w.text, value...)
	}
}

// take ends the cell c, whose text is that of the row from from on.
func (w *row) take(c cell, from int, null bool) {
	if c.key.drop {
		w.text = w.text[:from]
		return
	}
	c.to = len(w.text)
	if c.key.mark && !null {
		c.kind, c.n = boolCell, 1
	}
	if c.key.bool {
		c.toBool(w.text[from:])
	}
	if n := len(w.cells); !w.leavesOut(&c) {
		w.values++
		if n < mostColumns {
			w.columns[n/64] |= 1 << (n % 64)
		}
	}
	w.cells = append(w.cells, c)
}

// put fills dst with the row. Of a key that came twice the last value counts.
func (w *row) put(dst pcommon.Map) {
	text, from := string(w.text), 0
	if !w.keys.twice && w.names.copyTo(dst, &w.keys, w) {
		i := 0
		for _, v := range dst.All() {
			for w.leavesOut(&w.cells[i]) {
				i++
			}
			from = w.set(v, &w.cells[i], text, from)
			i++
		}
		return
	}
	dst.EnsureCapacity(w.values)
	for i := range w.cells {
		c := &w.cells[i]
		if c.kind == nullCell && w.keys.twice {
			dst.Remove(c.key.name)
		}
		if w.leavesOut(c) {
			continue
		}
		v, _ := dst.GetOrPutEmpty(c.key.name)
		from = w.set(v, c, text, from)
	}
}

// leavesOut reports whether a cell is not put.
func (w *row) leavesOut(c *cell) bool { return c.kind == nullCell && !w.verbatim }

// set makes v the value of a cell, whose text begins at from, and gives where it ends.
func (w *row) set(v pcommon.Value, c *cell, text string, from int) int {
	switch c.kind {
	case nullCell:
	case textCell:
		v.SetStr(text[from:c.to])
	case boolCell:
		v.SetBool(c.n == 1)
	case intCell:
		v.SetInt(c.n)
	case doubleCell:
		v.SetDouble(c.double())
	case nestedCell:
		w.repaired += w.nested.decode(w.text[from:c.to], v)
	}
	return c.to
}

// names are maps of names without values, for the sets of columns that rows have lately had. Copying one spares a search
// among the names before each value that is put. It saves 4 % of the decoding's CPU with 25 columns, and 40 % of the putting
// with 60.
type names struct {
	order int // among the orders of keys
	known [32]nameSet
	next  int // the one that gives way to a new one
	last  int // the one that was used last
}

// nameSet is the names of a set of columns.
type nameSet struct {
	columns columnSet
	of      pcommon.Map
	seen    bool // a row had them
	made    bool // of has them
}

// columnSet has a bit for each cell of a row that is put.
type columnSet [2]uint64

const mostColumns = 64 * len(columnSet{})

// copyTo reports whether dst has the names of the row's values now. A set is not made for the first row that has it: there
// may be no other.
func (n *names) copyTo(dst pcommon.Map, keys *keys, w *row) bool {
	if len(w.cells) > mostColumns {
		return false
	}
	if n.order != keys.orders {
		*n = names{order: keys.orders}
	}
	set := n.find(w.columns)
	if set == nil {
		n.known[n.next] = nameSet{columns: w.columns, seen: true}
		n.next = (n.next + 1) % len(n.known)
		return false
	}
	if !set.made {
		set.of, set.made = pcommon.NewMap(), true
		set.of.EnsureCapacity(w.values)
		for i := range w.cells {
			if !w.leavesOut(&w.cells[i]) {
				set.of.PutEmpty(w.cells[i].key.name)
			}
		}
	}
	set.of.CopyTo(dst)
	return true
}

func (n *names) find(columns columnSet) *nameSet {
	for range n.known {
		if set := &n.known[n.last]; set.seen && set.columns == columns {
			return set
		}
		n.last = (n.last + 1) % len(n.known)
	}
	return nil
}

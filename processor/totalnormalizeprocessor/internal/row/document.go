package row

import (
	"sync"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/jsonscan"
)

const (
	// documentBytes and documentDepth bound what document judges.
	documentBytes = 64 << 10
	documentDepth = 24
)

// document is what a JSON text holds, in its order: behind an object or a list stand its members, of objects each with its
// key before it. It is read in one pass, with all values in a third of the time that a decoder's tokens take, and is used
// again for the next text.
type document struct {
	text  string
	bytes []byte // the text's
	items []item
	// escaped are the texts that have escapes, without them, and unescaped is the same once all are known.
	escaped   []byte
	unescaped string
}

type item struct {
	kind itemKind
	// from and to are where its text stands, in text or unescaped; of an object or a list, to is how many members it has,
	// and from the item behind it.
	from, to int
}

type itemKind uint8

const (
	nullItem itemKind = iota
	trueItem
	falseItem
	numberItem
	textItem
	escapedItem
	objectItem
	listItem
)

var documents = sync.Pool{New: func() any { return new(document) }}

// close gives a document back that is not used any more.
func (d *document) close() {
	d.text, d.unescaped = "", ""
	documents.Put(d)
}

// forget lets go of the text, and of room for more than so many bytes.
func (d *document) forget(most int) {
	d.text, d.unescaped = "", ""
	if cap(d.bytes) > most {
		*d = document{}
	}
}

// read takes text in. False: it is no JSON, or a decoder has to judge it.
func (d *document) read(text string) bool {
	if len(text) > documentBytes {
		return false
	}
	d.text, d.bytes, d.items, d.escaped, d.unescaped = text, append(d.bytes[:0], text...), d.items[:0], d.escaped[:0], ""
	if !utf8.Valid(d.bytes) || d.value(0, documentDepth) != len(text) {
		return false
	}
	d.unescaped = string(d.escaped)
	return true
}

// value takes in the value at bytes[i], and gives where it ends; -1: it is not judged.
func (d *document) value(i, depth int) int {
	if i >= len(d.bytes) {
		return -1
	}
	kind, end, found := nullItem, 0, jsonscan.Odd
	switch d.bytes[i] {
	case '"':
		return d.string(i)
	case '{', '[':
		return d.members(i, depth-1)
	case 'n':
		end, found = jsonscan.Literal(d.bytes, i, "null")
	case 't':
		kind = trueItem
		end, found = jsonscan.Literal(d.bytes, i, "true")
	case 'f':
		kind = falseItem
		end, found = jsonscan.Literal(d.bytes, i, "false")
	default:
		kind = numberItem
		end, found = jsonscan.Number(d.bytes, i)
	}
	if found != jsonscan.Whole {
		return -1
	}
	d.items = append(d.items, item{kind: kind, from: i, to: end})
	return end
}

// members takes in the object or list at bytes[i].
func (d *document) members(i, depth int) int {
	if depth < 0 {
		return -1
	}
	kind, end := listItem, byte(']')
	if d.bytes[i] == '{' {
		kind, end = objectItem, '}'
	}
	at := len(d.items)
	d.items = append(d.items, item{kind: kind})
	defer func() { d.items[at].from = len(d.items) }()
	i = jsonscan.Blank(d.bytes, i+1)
	if i < len(d.bytes) && d.bytes[i] == end {
		return i + 1
	}
	for i < len(d.bytes) {
		d.items[at].to++
		if kind == objectItem {
			if i = d.key(i); i < 0 {
				return -1
			}
		}
		if i = d.value(i, depth); i < 0 {
			return -1
		}
		if i = jsonscan.Blank(d.bytes, i); i < len(d.bytes) && d.bytes[i] == end {
			return i + 1
		}
		if i = jsonscan.Punctuation(d.bytes, i, ','); i < 0 {
			return -1
		}
	}
	return -1
}

// key takes in the key at bytes[i], and gives where its value begins.
func (d *document) key(i int) int {
	if d.bytes[i] != '"' {
		return -1
	}
	if i = d.string(i); i < 0 {
		return -1
	}
	return jsonscan.Punctuation(d.bytes, jsonscan.Blank(d.bytes, i), ':')
}

// string takes in the text in quotes at bytes[i]. Its UTF-8 is known to be good.
func (d *document) string(i int) int {
	from := i + 1
	for i = jsonscan.Plain(d.bytes, from); i < len(d.bytes); i = jsonscan.Plain(d.bytes, i+1) {
		switch c := d.bytes[i]; {
		case c == '"':
			d.items = append(d.items, item{textItem, from, i})
			return i + 1
		case c == '\\':
			return d.escapedString(from, i)
		case c < utf8.RuneSelf:
			return -1
		}
	}
	return -1
}

// escapedString takes in a text whose first escape is at bytes[i].
func (d *document) escapedString(from, i int) int {
	begin := len(d.escaped)
	for i < len(d.bytes) {
		d.escaped = append(d.escaped, d.bytes[from:i]...)
		from = i
		switch c := d.bytes[i]; {
		case c == '"':
			d.items = append(d.items, item{escapedItem, begin, len(d.escaped)})
			return i + 1
		case c == '\\':
			var found jsonscan.Found
			if d.escaped, from, found = jsonscan.Unescape(d.escaped, d.bytes, i); found != jsonscan.Whole {
				return -1
			}
			i = jsonscan.Plain(d.bytes, from)
		case c >= utf8.RuneSelf:
			i = jsonscan.Plain(d.bytes, i+1)
		default:
			return -1
		}
	}
	return -1
}

// textOf is the text of an item that is one.
func (d *document) textOf(it item) string {
	if it.kind == escapedItem {
		return d.unescaped[it.from:it.to]
	}
	return d.text[it.from:it.to]
}

// behind is the item behind items[at] and what that holds.
func (d *document) behind(at int) int {
	if it := d.items[at]; it.kind == objectItem || it.kind == listItem {
		return it.from
	}
	return at + 1
}

// hasDistinctKeys reports whether no object has a key twice. Objects with many keys are left to a decoder.
func (d *document) hasDistinctKeys() bool {
	const many = 64
	for at, it := range d.items {
		if it.kind != objectItem {
			continue
		}
		if it.to > many {
			return false
		}
		for i, n := at+1, 0; n < it.to; i, n = d.behind(i+1), n+1 {
			key := d.textOf(d.items[i])
			for j, m := at+1, 0; m < n; j, m = d.behind(j+1), m+1 {
				if d.textOf(d.items[j]) == key {
					return false
				}
			}
		}
	}
	return true
}

// putTo writes the value to v. False: an object has a key twice, and a decoder has to judge it.
func (d *document) putTo(v pcommon.Value) bool { return d.put(v, 0) > 0 }

// put writes the value of items[at] to v, and gives the item behind it.
func (d *document) put(v pcommon.Value, at int) int {
	it := d.items[at]
	at++
	switch it.kind {
	case nullItem:
	case trueItem, falseItem:
		v.SetBool(it.kind == trueItem)
	case numberItem:
		setNumber(v, d.text[it.from:it.to])
	case textItem, escapedItem:
		v.SetStr(d.textOf(it))
	case objectItem:
		m := v.SetEmptyMap()
		m.EnsureCapacity(it.to)
		for range it.to {
			member, twice := m.GetOrPutEmpty(d.textOf(d.items[at]))
			if twice {
				return 0
			}
			if at = d.put(member, at+1); at == 0 {
				return 0
			}
		}
	case listItem:
		list := v.SetEmptySlice()
		list.EnsureCapacity(it.to)
		for range it.to {
			if at = d.put(list.AppendEmpty(), at); at == 0 {
				return 0
			}
		}
	}
	return at
}

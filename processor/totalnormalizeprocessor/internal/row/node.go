package row

import (
	"iter"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// node is a value of JSON: an item of a document, or a value that has been decoded. The former is as good as the document
// is.
type node struct {
	of *document // nil: value is what it is
	at int
	pcommon.Value
}

// nodeOf is a value as JSON, which text may hold. The document is used for the text.
func nodeOf(v pcommon.Value, d *document) (node, bool) {
	if v.Type() != pcommon.ValueTypeStr {
		return node{Value: v}, true
	}
	return nodeIn(v.Str(), d)
}

// nodeIn is the object or list that text holds.
func nodeIn(text string, d *document) (node, bool) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] != '{' && text[0] != '[' {
		return node{}, false
	}
	if d.read(text) && d.hasDistinctKeys() {
		return node{of: d}, true
	}
	v := pcommon.NewValueEmpty()
	return node{Value: v}, decoded(text, v)
}

func (n node) isObject() bool {
	if n.of == nil {
		return n.Type() == pcommon.ValueTypeMap
	}
	return n.of.items[n.at].kind == objectItem
}

func (n node) isList() bool {
	if n.of == nil {
		return n.Type() == pcommon.ValueTypeSlice
	}
	return n.of.items[n.at].kind == listItem
}

func (n node) isText() bool {
	if n.of == nil {
		return n.Type() == pcommon.ValueTypeStr
	}
	kind := n.of.items[n.at].kind
	return kind == textItem || kind == escapedItem
}

// text is a scalar as text, as Text of the value would be.
func (n node) text() string {
	if n.of == nil {
		return Text(n.Value)
	}
	switch it := n.of.items[n.at]; it.kind {
	case textItem, escapedItem:
		return n.of.textOf(it)
	case numberItem:
		return numberText(n.of.text[it.from:it.to])
	case trueItem, falseItem:
		return strconv.FormatBool(it.kind == trueItem)
	default:
		return ""
	}
}

// numberText is a number of JSON as Text writes it.
func numberText(number string) string {
	const certain = 18 // digits are 64 bits
	if len(number) <= certain && number[0] != '-' && !strings.ContainsAny(number, ".eE") {
		return number
	}
	v := pcommon.NewValueEmpty()
	setNumber(v, number)
	return Text(v)
}

// members are those of an object, in their order.
func (n node) members() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		if n.of == nil {
			for key, v := range n.Map().All() {
				if !yield(key, node{Value: v}) {
					return
				}
			}
			return
		}
		at := n.at + 1
		for range n.of.items[n.at].to {
			if !yield(n.of.textOf(n.of.items[at]), node{of: n.of, at: at + 1}) {
				return
			}
			at = n.of.behind(at + 1)
		}
	}
}

// elements are those of a list, in their order.
func (n node) elements() iter.Seq[node] {
	return func(yield func(node) bool) {
		if n.of == nil {
			for _, v := range n.Slice().All() {
				if !yield(node{Value: v}) {
					return
				}
			}
			return
		}
		at := n.at + 1
		for range n.of.items[n.at].to {
			if !yield(node{of: n.of, at: at}) {
				return
			}
			at = n.of.behind(at)
		}
	}
}

// get is the member of an object under a key.
func (n node) get(key string) (node, bool) {
	if n.of == nil {
		v, ok := n.Map().Get(key)
		return node{Value: v}, ok
	}
	at := n.at + 1
	for range n.of.items[n.at].to {
		if n.of.textOf(n.of.items[at]) == key {
			return node{of: n.of, at: at + 1}, true
		}
		at = n.of.behind(at + 1)
	}
	return node{}, false
}

// getFold is the member of an object under a key in any case; the key as it is wins.
func (n node) getFold(key string) (node, bool) {
	var like node
	found := false
	for k, member := range n.members() {
		if k == key {
			return member, true
		}
		if !found && strings.EqualFold(k, key) {
			like, found = member, true
		}
	}
	return like, found
}

// textAt is the scalar under a key as text.
func (n node) textAt(key string) string {
	if key == "" {
		return ""
	}
	member, ok := n.get(key)
	if !ok {
		return ""
	}
	return member.text()
}

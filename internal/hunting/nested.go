package hunting

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxNesting is how deep an object or array may be. Each level takes three messages of OTLP, and
// many protobuf readers refuse more than 100 within each other: one deep value would make the
// backend refuse a whole batch.
const maxNesting = 24

// nested decodes objects and arrays.
type nested struct {
	in  bytes.Reader
	dec *jsontext.Decoder
	// types keeps the annotation that tells the type of an object.
	types bool
}

// typeAnnotation tells the type of an object among several that may stand in a place.
const typeAnnotation = "@odata.type"

// decode puts the JSON value into dst and says how many values had to be repaired. What is too deep
// is kept as its text.
func (d *nested) decode(value []byte, dst pcommon.Value) (repaired int64) {
	if depth(value) > maxNesting {
		dst.SetStr(string(bytes.ToValidUTF8(value, []byte("\uFFFD"))))
		return 1
	}
	d.in.Reset(value)
	if d.dec == nil {
		d.dec = jsontext.NewDecoder(&d.in, decodeOptions()...)
	} else {
		d.dec.Reset(&d.in, decodeOptions()...)
	}
	return d.value(dst)
}

func (d *nested) value(dst pcommon.Value) (repaired int64) {
	switch d.dec.PeekKind() {
	case '{':
		return d.object(dst.SetEmptyMap())
	case '[':
		return d.array(dst.SetEmptySlice())
	}
	value, err := d.dec.ReadValue()
	if err != nil {
		return 0 // cannot be: the body's decoder has read the same bytes
	}
	switch value.Kind() {
	case 'n':
		pcommon.NewValueEmpty().MoveTo(dst) // of a key that came twice the last value counts
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		dst.SetStr(string(text))
		if err != nil {
			return 1
		}
	case 't', 'f':
		dst.SetBool(value.Kind() == 't')
	case '0':
		var c cell
		switch c.number(value); c.kind {
		case intCell:
			dst.SetInt(c.n)
		case doubleCell:
			dst.SetDouble(c.double())
		default:
			dst.SetStr(string(value))
		}
	}
	return 0
}

func (d *nested) object(dst pcommon.Map) (repaired int64) {
	_, _ = d.dec.ReadToken()
	for kind := d.dec.PeekKind(); kind == '"'; kind = d.dec.PeekKind() {
		quoted, err := d.dec.ReadValue()
		if err != nil {
			return repaired
		}
		name, err := jsontext.AppendUnquote(nil, quoted)
		if err != nil {
			repaired++
		}
		if strings.Contains(string(name), "@odata.") && (!d.types || string(name) != typeAnnotation) {
			_ = d.dec.SkipValue()
			continue
		}
		v, _ := dst.GetOrPutEmpty(string(name))
		repaired += d.value(v)
	}
	_, _ = d.dec.ReadToken()
	return repaired
}

func (d *nested) array(dst pcommon.Slice) (repaired int64) {
	_, _ = d.dec.ReadToken()
	for kind := d.dec.PeekKind(); kind != ']' && kind != 0; kind = d.dec.PeekKind() {
		repaired += d.value(dst.AppendEmpty())
	}
	_, _ = d.dec.ReadToken()
	return repaired
}

// depth is how many objects and arrays stand within each other in a valid JSON value.
func depth(value []byte) int {
	deepest, level := 0, 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '{', '[':
			level++
			deepest = max(deepest, level)
		case '}', ']':
			level--
		case '"':
			for i++; i < len(value) && value[i] != '"'; i++ {
				if value[i] == '\\' {
					i++
				}
			}
		}
	}
	return deepest
}

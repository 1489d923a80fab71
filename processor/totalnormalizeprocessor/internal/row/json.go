package row

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxJSONDepth bounds how deep parsed JSON may nest, so that no row can make a consumer recurse
// without end. Deeper text stays text.
const maxJSONDepth = 64

var errTooDeep = errors.New("JSON nests too deep")

// IsEmpty reports whether a column's value is one that events leave out. In columns that hold JSON
// the same as text is empty too.
func IsEmpty(v pcommon.Value, holdsJSON bool) bool {
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return true
	case pcommon.ValueTypeStr:
		return v.Str() == "" || holdsJSON && isEmptyJSON(v.Str())
	case pcommon.ValueTypeMap:
		return v.Map().Len() == 0
	case pcommon.ValueTypeSlice:
		return v.Slice().Len() == 0
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len() == 0
	default:
		return false
	}
}

func isEmptyJSON(text string) bool {
	const longest = 64 // blanks included
	if len(text) > longest {
		return false
	}
	var room [len("null") + utf8.UTFMax]byte
	dense := room[:0] // without blanks
	for _, c := range text {
		if unicode.IsSpace(c) {
			continue
		}
		if dense = utf8.AppendRune(dense, c); len(dense) > len("null") {
			return false
		}
	}
	switch string(dense) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}

// ParseJSON writes the object or list that text is to v. It reports false, and v is of no use, where
// text is neither. Numbers beyond 64 bits become their text.
func ParseJSON(text string, v pcommon.Value) bool {
	text = strings.TrimSpace(text)
	if text == "" || text[0] != '{' && text[0] != '[' {
		return false
	}
	d := documents.Get().(*document)
	defer d.close()
	return d.read(text) && d.putTo(v) || decoded(text, v)
}

// decoded is ParseJSON of text that document does not judge.
func decoded(text string, v pcommon.Value) bool {
	d := decoders.Get().(*decoder)
	defer d.close()
	d.open(text)
	return d.value(v, maxJSONDepth) == nil && d.InputOffset() == int64(len(text))
}

// decoder reads one text after the other: a new one takes 1 KB. What it reads are parts of the text, as far as that has
// no escapes, because most of what is parsed stands beside the text in an event.
type decoder struct {
	*jsontext.Decoder

	reader strings.Reader
	text   string
}

var decoders = sync.Pool{New: func() any { return &decoder{Decoder: jsontext.NewDecoder(strings.NewReader(""))} }}

func (d *decoder) open(text string) {
	d.text = text
	d.reader.Reset(text)
	d.Reset(&d.reader)
}

func (d *decoder) close() {
	d.text = ""
	d.reader.Reset("")
	decoders.Put(d)
}

func (d *decoder) value(v pcommon.Value, depth int) error {
	switch d.PeekKind() {
	case jsontext.KindString:
		text, err := d.string()
		v.SetStr(text)
		return err
	case jsontext.KindNumber:
		number, err := d.scalar()
		setNumber(v, number)
		return err
	}
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		v.SetBool(token.Bool())
	case jsontext.KindBeginObject:
		return d.object(v.SetEmptyMap(), depth-1)
	case jsontext.KindBeginArray:
		return d.array(v.SetEmptySlice(), depth-1)
	}
	return nil
}

// scalar is the text of a number or string, the latter in its quotes.
func (d *decoder) scalar() (string, error) {
	raw, err := d.ReadValue()
	if err != nil {
		return "", err
	}
	end := d.InputOffset()
	return d.text[end-int64(len(raw)) : end], nil
}

func (d *decoder) string() (string, error) {
	quoted, err := d.scalar()
	if err != nil {
		return "", err
	}
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	text, err := jsontext.AppendUnquote(nil, quoted)
	return string(text), err
}

func (d *decoder) object(m pcommon.Map, depth int) error {
	if depth < 0 {
		return errTooDeep
	}
	const few = 4
	m.EnsureCapacity(few)
	for d.PeekKind() != jsontext.KindEndObject {
		key, err := d.string()
		if err != nil {
			return err
		}
		if err := d.value(m.PutEmpty(key), depth); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (d *decoder) array(s pcommon.Slice, depth int) error {
	if depth < 0 {
		return errTooDeep
	}
	for d.PeekKind() != jsontext.KindEndArray {
		if err := d.value(s.AppendEmpty(), depth); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// setNumber keeps a number that fits no type, as text.
func setNumber(v pcommon.Value, number string) {
	if !strings.ContainsAny(number, ".eE") {
		if i, err := strconv.ParseInt(number, 10, 64); err == nil {
			v.SetInt(i)
			return
		}
	} else if f, err := strconv.ParseFloat(number, 64); err == nil {
		v.SetDouble(f)
		return
	}
	v.SetStr(number)
}

package streaming

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxNesting is the receiver's: a value that nests deeper is kept as its text, because protobuf
// readers behind the exporters refuse what is nested too deep.
const maxNesting = 24

// decodeOptions are lenient where a strict decoder would let one value cost a record.
func decodeOptions() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

func unquote(value jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, value) // it has U+FFFD where it was broken
	return string(text)
}

// readText reads an object that is written as text.
func readText(text string) (pcommon.Map, bool) {
	value := jsontext.Value(text)
	if !value.IsValid(decodeOptions()...) {
		return pcommon.Map{}, false
	}
	return readColumns(value)
}

// readColumns reads an object, which must be valid JSON; false: it is something else.
func readColumns(object jsontext.Value) (pcommon.Map, bool) {
	if object.Kind() != '{' {
		return pcommon.Map{}, false
	}
	const usual = 32
	columns := pcommon.NewMap()
	columns.EnsureCapacity(usual)
	dec := jsontext.NewDecoder(bytes.NewBuffer(object), decodeOptions()...)
	return columns, readObject(dec, columns, 0) == nil
}

// readValue puts the next value into v. It is valid JSON, so errors are none of its content.
func readValue(dec *jsontext.Decoder, v pcommon.Value, level int) error {
	switch dec.PeekKind() {
	case '{', '[':
		if level >= maxNesting {
			text, err := dec.ReadValue()
			v.SetStr(string(bytes.ToValidUTF8(text, []byte("\uFFFD"))))
			return err
		}
		if dec.PeekKind() == '{' {
			return readObject(dec, v.SetEmptyMap(), level)
		}
		return readArray(dec, v.SetEmptySlice(), level)
	}
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case 'n':
		pcommon.NewValueEmpty().MoveTo(v) // of a name that came twice the last value counts
	case 't', 'f':
		v.SetBool(value.Kind() == 't')
	case '"':
		v.SetStr(unquote(value))
	default:
		setNumber(v, string(value))
	}
	return nil
}

func readObject(dec *jsontext.Decoder, m pcommon.Map, level int) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		v, _ := m.GetOrPutEmpty(unquote(name))
		if err := readValue(dec, v, level+1); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func readArray(dec *jsontext.Decoder, s pcommon.Slice, level int) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := readValue(dec, s.AppendEmpty(), level+1); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// setNumber takes an integer exactly, or as text where it exceeds 64 bits; others as double.
func setNumber(v pcommon.Value, number string) {
	if strings.ContainsAny(number, ".eE") {
		if f, err := strconv.ParseFloat(number, 64); err == nil {
			v.SetDouble(f)
			return
		}
	} else if i, err := strconv.ParseInt(number, 10, 64); err == nil {
		v.SetInt(i)
		return
	}
	v.SetStr(number)
}

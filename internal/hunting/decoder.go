package hunting

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeOptions are lenient where a strict decoder would let one value stop the page.
func decodeOptions() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

// decoder reads the tokens and values of an answer's body.
type decoder struct {
	*jsontext.Decoder
	body io.Reader
}

func newDecoder(body io.Reader) decoder {
	return decoder{Decoder: jsontext.NewDecoder(body, decodeOptions()...), body: body}
}

// expect reads the token that what begins with.
func (d *decoder) expect(kind jsontext.Kind, what string) error {
	t, err := d.ReadToken()
	if err != nil {
		return unexpectedEOF(err)
	}
	if t.Kind() != kind {
		return fmt.Errorf("where %s should begin stands a JSON %s", what, t.Kind())
	}
	return nil
}

// readValue reads the value of a row's key. Only what the decoder itself cannot read for its depth
// (10,000) is read by hand, so that it does not stop the page.
func (d *decoder) readValue() (jsontext.Value, error) {
	value, err := d.ReadValue()
	switch {
	case err == nil:
		return value, nil
	case isTooDeep(err):
		return d.readBottomless()
	default:
		return nil, unexpectedEOF(err)
	}
}

// isTooDeep goes by the text: the decoder does not export this error.
func isTooDeep(err error) bool {
	var syntax *jsontext.SyntacticError
	return errors.As(err, &syntax) && syntax.Err != nil && strings.Contains(syntax.Err.Error(), "exceeded max depth")
}

// readBottomless takes the value from the bytes that the decoder has not consumed, and lets a new
// decoder go on behind it.
func (d *decoder) readBottomless() (jsontext.Value, error) {
	rest := bufio.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(d.UnreadBuffer())), d.body))
	value, err := scanNested(rest)
	if err != nil {
		return nil, unexpectedEOF(err)
	}
	// What the old decoder stood within, as the new one must know it.
	const before = `{"results":[{"key":0`
	d.Decoder = jsontext.NewDecoder(io.MultiReader(strings.NewReader(before), rest), decodeOptions()...)
	for range 6 {
		if _, err := d.ReadToken(); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// scanNested reads from the colon before an object or array to its end. It sees that brackets match
// and strings end; the value is only ever kept as text.
func scanNested(in *bufio.Reader) ([]byte, error) {
	var value, open []byte
	inString := false
	for {
		c, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		if len(open) == 0 && c != '{' && c != '[' {
			continue // the colon, and blanks
		}
		value = append(value, c)
		switch {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			escaped, err := in.ReadByte()
			if err != nil {
				return nil, err
			}
			value = append(value, escaped)
		case inString:
		case c == '{' || c == '[':
			open = append(open, c+2) // in ASCII the closing ones are two further
		case c == '}' || c == ']':
			if open[len(open)-1] != c {
				return nil, fmt.Errorf("a deep value has a bracket %q that matches none", c)
			}
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return value, nil
		}
	}
}

// unexpectedEOF: the end of the body is never the end of an answer.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

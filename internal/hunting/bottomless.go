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

// readValue reads the value of a row's key. Only what the decoder itself cannot read for its depth
// (10,000) is read by hand, so that it does not stop the page.
func (r *Rows) readValue() (jsontext.Value, error) {
	value, err := r.dec.ReadValue()
	switch {
	case err == nil:
		return value, nil
	case isTooDeep(err):
		return r.readBottomless()
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
func (r *Rows) readBottomless() (jsontext.Value, error) {
	rest := bufio.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(r.dec.UnreadBuffer())), r.body))
	value, err := scanNested(rest)
	if err != nil {
		return nil, unexpectedEOF(err)
	}
	// What the old decoder stood within, as the new one must know it.
	const before = `{"results":[{"key":0`
	r.dec = jsontext.NewDecoder(io.MultiReader(strings.NewReader(before), rest), decodeOptions()...)
	for range 6 {
		if _, err := r.dec.ReadToken(); err != nil {
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

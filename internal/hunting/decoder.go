package hunting

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeOptions are lenient where a strict decoder would let one value stop the page.
func decodeOptions() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

// decoder reads the tokens and values of an answer's body. It is left for the window while rows are scanned there, and
// begun anew where one cannot be.
type decoder struct {
	*jsontext.Decoder
	window *window
	// list, row and base correct what a decoder that was begun anew says of where it stands.
	list string
	row  int64
	base int64
}

func newDecoder(body io.Reader) decoder {
	d := decoder{window: &window{body: body}}
	d.Decoder = jsontext.NewDecoder(d.window, decodeOptions()...)
	return d
}

// leave gives what the decoder has read ahead back to the window.
func (d *decoder) leave() { d.window.back(d.UnreadBuffer()) }

// begin lets a new decoder go on where the window stands: in the list of the given name and behind so many rows.
func (d *decoder) begin(list string, rows int64) error {
	d.list, d.row = list, rows
	return d.beginWithin("")
}

// beginWithin lets a new decoder go on behind what was read of a row.
func (d *decoder) beginWithin(row string) error {
	within := `{"` + d.list + `":[`
	if d.row > 0 {
		within += "{}"
	}
	if d.row > 0 && row != "" {
		within += ","
	}
	within += row
	d.base = d.window.offset() - int64(len(within))
	d.Decoder = jsontext.NewDecoder(io.MultiReader(strings.NewReader(within), d.window), decodeOptions()...)
	for d.InputOffset() < int64(len(within)) {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
	}
	return nil
}

// locate corrects where an error of the decoder says that it occurred.
func (d *decoder) locate(err error) {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return
	}
	syntax.ByteOffset += d.base
	// "", the list, the row, what is within it
	if parts := strings.SplitN(string(syntax.JSONPointer), "/", 4); len(parts) > 2 && parts[1] == d.list && d.row > 0 {
		parts[2] = strconv.FormatInt(d.row, 10)
		syntax.JSONPointer = jsontext.Pointer(strings.Join(parts, "/"))
	}
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

// readBottomless takes the value from the bytes that the decoder has not consumed, and lets a new
// decoder go on behind it.
func (d *decoder) readBottomless() (jsontext.Value, error) {
	d.leave()
	value, err := scanNested(d.window)
	if err != nil {
		return nil, unexpectedEOF(err)
	}
	return value, d.beginWithin(`{"key":null`)
}

// isTooDeep goes by the text: the decoder does not export this error.
func isTooDeep(err error) bool {
	var syntax *jsontext.SyntacticError
	return errors.As(err, &syntax) && syntax.Err != nil && strings.Contains(syntax.Err.Error(), "exceeded max depth")
}

// scanNested reads from the colon before an object or array to its end. It sees that brackets match
// and strings end; the value is only ever kept as text.
func scanNested(in io.ByteReader) ([]byte, error) {
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

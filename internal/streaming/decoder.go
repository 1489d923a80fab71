package streaming

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxRecordBytes is the size beyond which a record need not be read. Event Hubs has messages of 1 MB, and
// on some tiers of 20 MB.
const MaxRecordBytes = 20 << 20

var (
	errTooLarge = fmt.Errorf("it is larger than %d bytes", MaxRecordBytes)
	errCutOff   = fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)
)

// RecordError is one record that cannot be read. The Decoder goes on behind it.
type RecordError struct {
	Number int64 // of the record in the input, from 1
	Offset int64 // where it begins, in bytes
	Err    error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("reading record %d, at byte %d: %v", e.Number, e.Offset, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// Decoder splits an input into its records. It is not safe for concurrent use.
type Decoder struct {
	in     *input
	json   *jsontext.Decoder
	base   int64 // the input's offset where json's is 0
	place  place
	number int64
	err    error // sticky
	parser Parser
}

// place is where the next record stands: by itself, in a list, or in the list of an object.
type place uint8

const (
	alone place = iota
	inList
	inRecords
	behindRecords
)

// NewDecoder reads r, no further ahead than a buffer.
func NewDecoder(r io.Reader) *Decoder {
	in, mark := skipByteOrderMark(r)
	d := &Decoder{in: &input{r: in, limit: MaxRecordBytes, from: mark}, base: mark}
	d.json = jsontext.NewDecoder(d.in, decodeOptions()...)
	return d
}

// Next returns the next row; io.EOF at the end. After a *RecordError it may be called for the records
// behind; any other error, which is the reader's, comes again.
func (d *Decoder) Next() (Row, error) {
	for d.err == nil {
		r, done, err := d.step()
		if done || err != nil {
			return r, err
		}
	}
	return Row{}, d.err
}

// Offset is how much of the input has been read for the rows so far.
func (d *Decoder) Offset() int64 { return d.base + d.json.InputOffset() }

// step reads one record, or what stands between records.
func (d *Decoder) step() (r Row, done bool, err error) {
	kind := d.json.PeekKind()
	start := d.in.begin(d.Offset())
	if d.place == behindRecords {
		return Row{}, false, d.finishRecords(start)
	}
	switch {
	case kind == ']' && d.place != alone:
		if d.place == inRecords {
			d.place = behindRecords
		} else {
			d.place = alone
		}
		_, err := d.json.ReadToken()
		return Row{}, false, d.failed(start, err)
	case kind == '[' && d.place == alone:
		d.place = inList
		_, err := d.json.ReadToken()
		return Row{}, false, d.failed(start, err)
	case kind == '{':
		return d.object(start)
	case kind == 0 && d.place == alone && d.atEnd():
		d.err = io.EOF
		return Row{}, false, nil
	}
	// What is no object cannot be a record.
	d.number++
	if _, err := d.json.ReadValue(); err != nil {
		return Row{}, false, d.failed(start, err)
	}
	return Row{}, false, d.recordError(start, errNotObject)
}

func (d *Decoder) atEnd() bool {
	_, err := d.json.ReadToken()
	return errors.Is(err, io.EOF)
}

// object reads an envelope, or enters the list of an object that has `records`.
func (d *Decoder) object(start int64) (Row, bool, error) {
	d.number++
	if _, err := d.json.ReadToken(); err != nil {
		return Row{}, false, d.failed(start, err)
	}
	e := envelope{}
	for d.json.PeekKind() != '}' {
		name, err := d.json.ReadToken()
		if err != nil {
			return Row{}, false, d.failed(start, err)
		}
		key := name.String()
		if d.place == alone && strings.EqualFold(key, memberRecords) && d.json.PeekKind() == '[' {
			d.number--
			d.place = inRecords
			_, err := d.json.ReadToken()
			return Row{}, false, d.failed(start, err)
		}
		if err := e.member(d.json, key); err != nil {
			return Row{}, false, d.failed(start, err)
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return Row{}, false, d.failed(start, err)
	}
	r, err := d.parser.row(e)
	if err != nil {
		return Row{}, false, d.recordError(start, err)
	}
	return r, true, nil
}

// finishRecords reads to the end of the object whose list has been read.
func (d *Decoder) finishRecords(start int64) error {
	for d.json.PeekKind() != '}' {
		if err := d.json.SkipValue(); err != nil {
			return d.failed(start, err)
		}
	}
	d.place = alone
	_, err := d.json.ReadToken()
	return d.failed(start, err)
}

func (d *Decoder) recordError(start int64, err error) error {
	return &RecordError{Number: d.number, Offset: start, Err: err}
}

// failed goes on behind what is no JSON. The error is nil where err is.
func (d *Decoder) failed(start int64, err error) error {
	if err == nil {
		return nil
	}
	if d.in.err != nil {
		d.err = fmt.Errorf("reading record %d: %w", max(d.number, 1), d.in.err)
		return d.err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutOff
	}
	d.number = max(d.number, 1)
	d.goOn(start)
	return d.recordError(start, err)
}

// goOn puts the decoder behind the bad record that begins at start.
func (d *Decoder) goOn(start int64) {
	counted := &counter{r: d.in.again(start)}
	rest := bufio.NewReader(counted)
	skipBad(rest, d.place)
	if _, err := rest.Peek(1); err != nil {
		d.err = err
		return
	}
	resume := start + counted.n - int64(rest.Buffered())
	before := map[place]string{inList: `[""`, inRecords: `{"records":[""`, behindRecords: `{"records":[]`}[d.place]
	d.in = &input{r: rest, limit: d.in.limit, from: resume}
	d.json = jsontext.NewDecoder(io.MultiReader(strings.NewReader(before), d.in), decodeOptions()...)
	d.base = resume - int64(len(before))
	for d.json.InputOffset() < int64(len(before)) {
		if _, err := d.json.ReadToken(); err != nil {
			return // the same error comes again
		}
	}
}

// skipByteOrderMark also says how many bytes it skipped.
func skipByteOrderMark(r io.Reader) (io.Reader, int64) {
	mark := []byte("\ufeff")
	in := bufio.NewReader(r)
	if first, err := in.Peek(len(mark)); err != nil || !bytes.Equal(first, mark) {
		return in, 0
	}
	n, _ := in.Discard(len(mark))
	return in, int64(n)
}

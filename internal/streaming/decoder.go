package streaming

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNotClosed = errors.New("it does not end: what follows it is read as records of their own")
	errCutOff    = fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)
)

// RecordError is one record that cannot be read. The Decoder goes on behind it.
type RecordError struct {
	Number int64 // of the record in the input, from 1
	Offset int64 // where it begins, in bytes
	End    int64 // where it ends
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
	outer  place // where the object stands whose list of records is read
	opened span  // what opened the list that is read
	told   bool  // something bad has been told of that list
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

// span is a part of the input.
type span struct{ from, to int64 }

// NewDecoder reads r, no further ahead than a buffer.
func NewDecoder(r io.Reader) *Decoder {
	d := &Decoder{in: &input{r: r, limit: MaxRecordBytes}}
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
	before := d.Offset()
	kind := d.json.PeekKind()
	start := d.in.begin(before)
	if d.place == behindRecords {
		return Row{}, false, d.finishRecords(start)
	}
	switch {
	case kind == ']' && d.place != alone:
		d.leaveList()
		_, err := d.json.ReadToken()
		return Row{}, false, d.failed(start, err)
	case kind == '[' && d.place == alone:
		return Row{}, false, d.enterList(start, inList)
	case kind == '[' && d.onNewLine(before, start):
		d.number++
		return Row{}, false, d.abandon(start)
	case kind == '{':
		return d.object(before, start)
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

// onNewLine says whether a line begins between two offsets.
func (d *Decoder) onNewLine(before, start int64) bool {
	from := max(before-d.in.from, 0)
	return bytes.IndexByte(d.in.kept[from:max(start-d.in.from, from)], '\n') >= 0
}

func (d *Decoder) enterList(start int64, in place) error {
	d.outer, d.place = d.place, in
	_, err := d.json.ReadToken()
	d.opened, d.told = span{start, d.Offset()}, false
	return d.failed(start, err)
}

func (d *Decoder) leaveList() {
	if d.place == inRecords {
		d.place = behindRecords
		return
	}
	d.place = alone
}

// object reads an envelope, or enters the list of an object that has `records`.
func (d *Decoder) object(before, start int64) (Row, bool, error) {
	newLine := d.onNewLine(before, start)
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
		if strings.EqualFold(key, memberRecords) && d.json.PeekKind() == '[' {
			switch {
			case d.place != inRecords:
				d.number--
				return Row{}, false, d.enterList(start, inRecords)
			case newLine:
				return Row{}, false, d.abandon(start)
			}
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
	d.place = d.outer
	_, err := d.json.ReadToken()
	return d.failed(start, err)
}

func (d *Decoder) recordError(start int64, err error) error {
	d.told = true
	return &RecordError{Number: d.number, Offset: start, End: d.Offset(), Err: err}
}

// failed goes on behind what is no JSON. The error is nil where err is, and where nothing but a separator was wrong.
func (d *Decoder) failed(start int64, err error) error {
	if err == nil {
		return nil
	}
	if d.in.err != nil {
		return d.readerFailed()
	}
	read := d.Offset()
	switch begins := d.in.next(start); {
	case read < start && d.place == alone:
		d.number--
		d.restart(start, alone)
		return nil
	case read <= start && d.place != alone && (begins == '{' || begins == '['):
		return d.abandon(start)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutOff
	}
	d.number = max(d.number, 1)
	bad := &RecordError{Number: d.number, Offset: start, Err: err}
	d.goOn(start)
	bad.End, d.told = d.in.offset(), true
	return bad
}

func (d *Decoder) readerFailed() error {
	d.err = fmt.Errorf("reading record %d: %w", max(d.number, 1), d.in.err)
	return d.err
}

// abandon leaves the list, because what stands at start belongs to none. Nobody need be told twice of one list.
func (d *Decoder) abandon(start int64) error {
	d.restart(start, alone)
	if d.told {
		d.number--
		return nil
	}
	return &RecordError{Number: d.number, Offset: d.opened.from, End: d.opened.to, Err: errNotClosed}
}

// goOn puts the decoder behind the bad record that begins at start.
func (d *Decoder) goOn(start int64) {
	d.in.seek(start)
	bad := damage{at: d.place}
	place := d.place
	for first := true; ; first = false {
		line, err := d.in.line()
		if err != nil {
			break // skipBlanks gets the same one
		}
		if !first && beginsRecord(line) {
			if line[0] != '{' || holdsRecords(line) {
				place = alone
			}
			d.in.at -= len(line)
			break
		}
		if n, ended := bad.skip(line); ended {
			d.in.at -= len(line) - n
			break
		}
	}
	if d.err = d.in.skipBlanks(); d.err != nil {
		if d.in.err != nil {
			_ = d.readerFailed()
		}
		return
	}
	d.restart(d.in.offset(), place)
}

// restart reads on at an offset that is kept, as if what stands before had been well.
func (d *Decoder) restart(offset int64, in place) {
	before := map[place]string{inList: `[""`, inRecords: `{"records":[""`, behindRecords: `{"records":[]`}[in]
	if d.outer == inList && (in == inRecords || in == behindRecords) {
		before = "[" + before
	}
	d.place = in
	d.in.seek(offset)
	d.json = jsontext.NewDecoder(io.MultiReader(strings.NewReader(before), d.in), decodeOptions()...)
	d.base = offset - int64(len(before))
	for d.json.InputOffset() < int64(len(before)) {
		if _, err := d.json.ReadToken(); err != nil {
			return // the same error comes again
		}
	}
}

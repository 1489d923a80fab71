package event

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Parser reads events that are JSON. It keeps its memory from one to the next.
type Parser struct {
	in      bytes.Buffer
	decoder *jsontext.Decoder
}

// Parse reads one event.
func (p *Parser) Parse(line []byte) (Event, error) {
	p.in = *bytes.NewBuffer(line) // which the decoder reads without copying it
	if p.decoder == nil {
		p.decoder = jsontext.NewDecoder(&p.in)
	} else {
		p.decoder.Reset(&p.in)
	}
	body := pcommon.NewValueEmpty()
	if err := p.value(body); err != nil {
		return Event{}, fmt.Errorf("it is no JSON: %w", err)
	}
	if p.decoder.InputOffset() < int64(len(bytes.TrimRight(line, " \t\r\n"))) {
		return Event{}, fmt.Errorf("it is no JSON: more follows the value at offset %d", p.decoder.InputOffset())
	}
	return Of(body)
}

func (p *Parser) value(to pcommon.Value) error {
	token, err := p.decoder.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '{':
		return p.object(to.SetEmptyMap())
	case '[':
		return p.list(to.SetEmptySlice())
	case '"':
		to.SetStr(token.String())
	case '0':
		setNumber(to, token.String())
	case 't', 'f':
		to.SetBool(token.Bool())
	}
	return nil
}

func (p *Parser) object(to pcommon.Map) error {
	for p.decoder.PeekKind() != '}' {
		name, err := p.decoder.ReadToken()
		if err != nil {
			return err
		}
		if err := p.value(to.PutEmpty(name.String())); err != nil {
			return err
		}
	}
	_, err := p.decoder.ReadToken()
	return err
}

func (p *Parser) list(to pcommon.Slice) error {
	for p.decoder.PeekKind() != ']' {
		if err := p.value(to.AppendEmpty()); err != nil {
			return err
		}
	}
	_, err := p.decoder.ReadToken()
	return err
}

func setNumber(to pcommon.Value, written string) {
	if n, err := strconv.ParseInt(written, 10, 64); err == nil {
		to.SetInt(n)
		return
	}
	f, _ := strconv.ParseFloat(written, 64) // an infinity if it is too large
	to.SetDouble(f)
}

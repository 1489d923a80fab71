package hunting

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// This is the decoder as it was before rows were scanned: it reads every row by jsontext's tokens. The scanner is held to
// it, so nothing here follows a change of the scanner.

// decoder reads the tokens and values of an answer's body.
type refDecoder struct {
	*jsontext.Decoder
	body io.Reader
}

func newRefDecoder(body io.Reader) refDecoder {
	return refDecoder{Decoder: jsontext.NewDecoder(body, decodeOptions()...), body: body}
}

// expect reads the token that what begins with.
func (d *refDecoder) expect(kind jsontext.Kind, what string) error {
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
func (d *refDecoder) readValue() (jsontext.Value, error) {
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
func (d *refDecoder) readBottomless() (jsontext.Value, error) {
	rest := bufio.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(d.UnreadBuffer())), d.body))
	value, err := refScanNested(rest)
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
func refScanNested(in *bufio.Reader) ([]byte, error) {
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

// reply is what was read of an answer's body so far.
type refReply struct {
	exchange
	dec     refDecoder
	state   state
	known   bool // it had a member that the API writes
	results bool // it had its results
	row     refRow
	schema  []Column
	link    Link // of a list of Graph
	follow  func(link string) (*url.URL, error)
	stats   Stats // but for what the body knows
}

// step reads the next token or member of the answer. It gives true when that was a row.
func (r *refReply) step(dst pcommon.Map) (bool, error) {
	switch r.state {
	case beforeBody:
		if err := r.beginAnswer(); err != nil {
			return false, err
		}
		r.state = inAnswer
	case inAnswer:
		if r.dec.PeekKind() == '}' {
			return false, r.finish()
		}
		return false, r.member()
	case inResults:
		if r.dec.PeekKind() == ']' {
			_, err := r.dec.ReadToken()
			r.state = inAnswer
			return false, err
		}
		if err := r.dec.expect('{', "a row"); err != nil {
			return false, err
		}
		if err := r.row.read(&r.dec, r.schema); err != nil {
			return false, err
		}
		r.row.put(dst)
		return true, nil
	}
	return false, nil
}

// beginAnswer reads the brace that an answer begins with.
func (r *refReply) beginAnswer() error {
	t, err := r.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it is empty", errNoAnswer)
	case errors.As(err, new(*jsontext.SyntacticError)):
		if page := bytes.TrimSpace(r.dec.UnreadBuffer()); bytes.HasPrefix(page, []byte("<")) {
			return fmt.Errorf("%w %s", errPage, htmlTitle(page))
		}
		return fmt.Errorf("%w: it (%s) is not JSON: %w", errNoAnswer, r.resp.Header.Get("Content-Type"), err)
	case err != nil:
		return err
	case t.Kind() != '{':
		return fmt.Errorf("%w: it is a JSON %s", errNoAnswer, t.Kind())
	}
	return nil
}

// member reads one member of the answer, in whatever case and order the API writes them.
func (r *refReply) member() error {
	name, err := r.dec.ReadToken()
	if err != nil {
		return err
	}
	key := strings.ToLower(name.String())
	if r.of != hunted {
		return r.listMember(key)
	}
	switch key {
	case "results":
		return r.beginResults()
	case "schema":
		r.known = true
		return r.readSchema()
	case "stats":
		r.known = true
		value, err := r.dec.ReadValue()
		if err == nil {
			r.stats.readCPU(value)
		}
		return err
	case "error":
		return r.readError()
	default:
		return r.dec.SkipValue()
	}
}

func (r *refReply) beginResults() error {
	if r.results {
		return errors.New("the answer has its results twice")
	}
	r.known, r.results, r.state = true, true, inResults
	return r.dec.expect('[', "the list of results")
}

func (r *refReply) readSchema() error {
	value, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	r.schema, err = parseSchema(value)
	return err
}

// readError reads an error object that came with status 200.
func (r *refReply) readError() error {
	value, err := r.dec.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return err
	}
	refused := parseErrorObject(value)
	refused.inAnswer, refused.status = true, statusOfCode(refused.code)
	return r.refusalError(refused, r.row.keys.has)
}

// finish accepts the answer as complete: its brace is closed, nothing follows, and it had results.
func (r *refReply) finish() error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("something follows the end of the answer")
		}
		return err
	}
	if !r.known {
		return fmt.Errorf("%w: it has nothing that the API writes", errNoAnswer)
	}
	if !r.results {
		// Not an empty page: those have an empty list.
		return errors.New("the answer has no results")
	}
	if r.of == users && r.link.URL == "" {
		return errors.New("the answer names neither the next page nor where the changes are")
	}
	r.state = atEnd
	return nil
}

// listMember reads one member of an answer of Graph that is a list.
func (r *refReply) listMember(key string) error {
	switch key {
	case "value":
		return r.beginResults()
	case "error":
		return r.readError()
	case "@odata.nextlink", "@odata.deltalink":
		r.known = true
		value, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		if value.Kind() != '"' {
			return fmt.Errorf("where %s should begin stands a JSON %s", key, value.Kind())
		}
		if _, err := r.follow(value.String()); err != nil {
			return err
		}
		// A next page goes before: there is more of this round.
		if changes := key == "@odata.deltalink"; !changes || r.link.URL == "" {
			r.link = Link{URL: value.String(), Changes: changes}
		}
		return nil
	default:
		return r.dec.SkipValue()
	}
}

// row is one row between the body and its map, reused for all rows of an answer.
type refRow struct {
	keys     refKeys
	cells    []refCell
	text     []byte // what the cells' texts point into: one allocation a row instead of one a value
	nested   refNested
	repaired int64
	// verbatim keeps what the tables' rows write for nothing: nulls and empty objects; and the types of nested objects.
	verbatim bool
}

// read reads a row up to and including its closing brace.
func (w *refRow) read(dec *refDecoder, schema []Column) error {
	w.cells, w.text = w.cells[:0], w.text[:0]
	for i := 0; ; i++ {
		if dec.PeekKind() == '}' {
			_, err := dec.ReadToken()
			return err
		}
		quoted, err := dec.ReadValue()
		if err != nil {
			return unexpectedEOF(err)
		}
		k := w.keys.at(i, quoted, schema)
		value, err := dec.readValue()
		if err != nil {
			return err
		}
		if !k.drop {
			w.add(k, value)
		}
	}
}

// add takes one value in; value is valid only until then.
func (w *refRow) add(k *refKey, value jsontext.Value) {
	c := refCell{key: k, from: len(w.text)}
	switch value.Kind() {
	case '"':
		c.kind = textCell
		var err error
		if w.text, err = jsontext.AppendUnquote(w.text, value); err != nil {
			w.repaired++ // the text has U+FFFD where it was broken
		}
	case 't':
		c.kind, c.n = boolCell, 1
	case 'f':
		c.kind = boolCell
	case '0':
		c.number(value)
		w.text = append(w.text, value...)
	case '{', '[':
		// An empty object is how the service writes the null of some types.
		if w.verbatim || len(bytes.TrimSpace(value[1:len(value)-1])) > 0 || value[0] == '[' {
			c.kind = nestedCell
			w.text = append(w.text, value...)
		}
	}
	c.to = len(w.text)
	if k.mark && value.Kind() != 'n' {
		c.kind, c.n = boolCell, 1
	}
	if k.bool {
		c.toBool(w.text[c.from:c.to])
	}
	w.cells = append(w.cells, c)
}

// put fills dst with the row. Of a key that came twice the last value counts.
func (w *refRow) put(dst pcommon.Map) {
	dst.EnsureCapacity(len(w.cells))
	text := string(w.text)
	for i := range w.cells {
		c := &w.cells[i]
		name := c.key.name
		switch c.kind {
		case nullCell:
			dst.Remove(name)
			if w.verbatim {
				dst.PutEmpty(name)
			}
		case textCell:
			dst.PutStr(name, text[c.from:c.to])
		case boolCell:
			dst.PutBool(name, c.n == 1)
		case intCell:
			dst.PutInt(name, c.n)
		case doubleCell:
			dst.PutDouble(name, c.f)
		case nestedCell:
			v, _ := dst.GetOrPutEmpty(name)
			w.repaired += w.nested.decode(w.text[c.from:c.to], v)
		}
	}
}

// nested decodes objects and arrays.
type refNested struct {
	in  bytes.Reader
	dec *jsontext.Decoder
	// types keeps the annotation that tells the type of an object.
	types bool
}

// decode puts the JSON value into dst and says how many values had to be repaired. What is too deep
// is kept as its text.
func (d *refNested) decode(value []byte, dst pcommon.Value) (repaired int64) {
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

func (d *refNested) value(dst pcommon.Value) (repaired int64) {
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
		var c refCell
		switch c.number(value); c.kind {
		case intCell:
			dst.SetInt(c.n)
		case doubleCell:
			dst.SetDouble(c.f)
		default:
			dst.SetStr(string(value))
		}
	}
	return 0
}

func (d *refNested) object(dst pcommon.Map) (repaired int64) {
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

func (d *refNested) array(dst pcommon.Slice) (repaired int64) {
	_, _ = d.dec.ReadToken()
	for kind := d.dec.PeekKind(); kind != ']' && kind != 0; kind = d.dec.PeekKind() {
		repaired += d.value(dst.AppendEmpty())
	}
	_, _ = d.dec.ReadToken()
	return repaired
}

// key is what is known of a row's key: its name is made once an answer, not once a row.
type refKey struct {
	quoted []byte // as it stands in the body
	name   string
	drop   bool // an annotation, not a column
	bool   bool // declared as one
	mark   bool // its presence says all, whatever the value
}

// keys resolves the keys of an answer's rows.
type refKeys struct {
	declared map[string]tables.Type
	known    map[string]*refKey // by quoted
	// order are the keys of the last row: the next row mostly has the same at the same place.
	order []*refKey
}

func (k *refKeys) init(columns []tables.Column) {
	k.declared = make(map[string]tables.Type, len(columns))
	for _, c := range columns {
		k.declared[c.Name] = c.Type
	}
	k.known = make(map[string]*refKey, len(columns))
}

// has reports whether the query names a column.
func (k *refKeys) has(name string) bool {
	_, ok := k.declared[name]
	return ok
}

// at resolves the i-th key of a row.
func (k *refKeys) at(i int, quoted []byte, schema []Column) *refKey {
	if i < len(k.order) && bytes.Equal(k.order[i].quoted, quoted) {
		return k.order[i]
	}
	found, ok := k.known[string(quoted)]
	if !ok {
		found = k.resolve(quoted, schema)
		k.known[string(quoted)] = found
	}
	if i < len(k.order) {
		k.order[i] = found
	} else {
		k.order = append(k.order, found)
	}
	return found
}

func (k *refKeys) resolve(quoted []byte, schema []Column) *refKey {
	name, _ := jsontext.AppendUnquote(nil, quoted) // repaired where it says an error
	found := &refKey{quoted: bytes.Clone(quoted), name: k.spelling(string(name), schema)}
	found.drop = strings.Contains(found.name, "@odata.")
	if _, ok := k.declared[tables.UserRemoved]; ok && found.name == removedAnnotation {
		found.name, found.mark = tables.UserRemoved, true
	}
	typ, declared := k.declared[found.name]
	found.bool = declared && typ == tables.Bool || !declared && saysBool(schema, found.name)
	return found
}

// spelling undoes camelCase, in which one of Microsoft's examples shows the keys of rows. Only a name
// that begins in lower case and is nobody's own is looked for in any case: LogonId and LogonID
// are two columns, and must stay so.
func (k *refKeys) spelling(name string, schema []Column) string {
	if _, ok := k.declared[name]; ok || name == "" || name[0] < 'a' || name[0] > 'z' {
		return name
	}
	match := ""
	for declared := range k.declared {
		if strings.EqualFold(declared, name) {
			if match != "" {
				return name
			}
			match = declared
		}
	}
	if match != "" {
		return match
	}
	for _, c := range schema {
		if c.Name == name {
			return name
		}
		if strings.EqualFold(c.Name, name) {
			match = c.Name
		}
	}
	if match != "" {
		return match
	}
	return name
}

// cell is one value of a row.
type refCell struct {
	key      *refKey
	kind     cellKind
	from, to int // in row.text
	n        int64
	f        float64
}

// number takes an integer exactly, or as text where it exceeds 64 bits; others as double.
func (c *refCell) number(value []byte) {
	var err error
	if bytes.ContainsAny(value, ".eE") {
		c.kind = doubleCell
		c.f, err = strconv.ParseFloat(string(value), 64)
	} else {
		c.kind = intCell
		c.n, err = strconv.ParseInt(string(value), 10, 64)
	}
	if err != nil {
		c.kind = textCell
	}
}

// toBool makes a declared boolean of any form it comes in; another value stays as it came.
func (c *refCell) toBool(text []byte) {
	switch c.kind {
	case textCell, intCell, doubleCell:
		switch strings.ToLower(strings.TrimSpace(string(text))) {
		case "true", "1", "1.0":
			c.kind, c.n = boolCell, 1
		case "false", "0", "-0", "0.0":
			c.kind, c.n = boolCell, 0
		}
	}
}

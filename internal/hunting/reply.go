package hunting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/jsonscan"
)

// Link is where an answer of a list goes on.
type Link struct {
	URL string
	// Changes is true where URL gives what will have changed, false where it is the next page.
	Changes bool
}

// reply is what was read of an answer's body so far.
type reply struct {
	exchange
	dec     decoder
	state   state
	known   bool   // it had a member that the API writes
	results string // the name of its results; "" while they have not come
	row     row
	schema  []Column
	link    Link // of a list of Graph
	count   *int // of its objects in all, where it says so
	follow  func(link string) (*url.URL, error)
	stats   Stats // but for what the body knows
}

type state uint8

const (
	beforeBody state = iota
	inAnswer
	inResults
	atEnd
)

// step reads the next token or member of the answer. It gives true when that was a row.
func (r *reply) step(dst pcommon.Map) (bool, error) {
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
		if r.scanRow() {
			r.row.put(dst)
			return true, nil
		}
		return r.readRow(dst)
	}
	return false, nil
}

// scanRow scans the next row, which is nearly always possible. It gives false, and has taken nothing, where the row is
// an odd or broken one, or none.
func (r *reply) scanRow() bool {
	for {
		n, found := r.row.scan(r.dec.window.ahead(), r.stats.Rows == 0, r.schema)
		switch {
		case found == jsonscan.Whole:
			r.dec.window.from += n
			return true
		case found == jsonscan.Odd || !r.dec.window.grow():
			return false
		}
	}
}

// readRow reads the next row, or the end of the results, by the decoder, which knows every form and every error.
func (r *reply) readRow(dst pcommon.Map) (bool, error) {
	if err := r.dec.begin(r.results, r.stats.Rows); err != nil {
		return false, err
	}
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
	r.dec.leave()
	r.row.put(dst)
	return true, nil
}

// errNoAnswer is a body that is no answer of the API's, and errPage one that is a page in HTML.
var (
	errNoAnswer = errors.New("the body is no answer of the API")
	errPage     = fmt.Errorf("%w: it is", errNoAnswer)
)

// beginAnswer reads the brace that an answer begins with.
func (r *reply) beginAnswer() error {
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
func (r *reply) member() error {
	name, err := r.dec.ReadToken()
	if err != nil {
		return err
	}
	written := name.String()
	key := strings.ToLower(written)
	if r.of != hunted {
		return r.listMember(key, written)
	}
	switch key {
	case "results":
		return r.beginResults(written)
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

func (r *reply) beginResults(name string) error {
	if r.results != "" {
		return errors.New("the answer has its results twice")
	}
	r.known, r.results, r.state = true, name, inResults
	if err := r.dec.expect('[', "the list of results"); err != nil {
		return err
	}
	r.dec.leave()
	return nil
}

func (r *reply) readSchema() error {
	value, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	r.schema, err = parseSchema(value)
	return err
}

// readError reads an error object that came with status 200.
func (r *reply) readError() error {
	value, err := r.dec.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return err
	}
	refused := parseErrorObject(value)
	refused.inAnswer, refused.status = true, statusOfCode(refused.code)
	return r.refusalError(refused, r.row.keys.has)
}

// finish accepts the answer as complete: its brace is closed, nothing follows, and it had results.
func (r *reply) finish() error {
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
	if r.results == "" {
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
func (r *reply) listMember(key, written string) error {
	switch key {
	case "value":
		return r.beginResults(written)
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
	case "@odata.count":
		value, err := r.dec.ReadValue()
		if n, bad := strconv.Atoi(string(value)); err == nil && bad == nil {
			r.count = &n
		}
		return err
	default:
		return r.dec.SkipValue()
	}
}

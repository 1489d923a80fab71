package hunting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Rows are the rows of one answer, read while its body streams. It is not safe for concurrent use.
type Rows struct {
	ctx    context.Context // the request's, whose cause tells why a body broke off
	cancel context.CancelCauseFunc
	resp   *http.Response
	body   *body
	api    API
	of     subject
	host   string // that was asked
	token  string // that was sent
	tokens TokenSource
	clock  *ServiceClock
	// sent and received are when the request went and the header came, on this machine's clock.
	sent, received time.Time

	dec     *jsontext.Decoder
	state   state
	err     error // sticky
	known   bool  // the answer had a member that the API writes
	results bool  // the answer had its results
	row     row
	schema  []Column
	link    Link // of a list of Graph
	follow  func(link string) (*url.URL, error)
	stats   Stats
	onClose func(Stats) // nil once it was told
}

type state uint8

const (
	beforeBody state = iota
	inAnswer
	inResults
	atEnd
)

// decodeOptions are lenient where a strict decoder would let one value stop the page.
func decodeOptions() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

func newRows(
	ctx context.Context, cancel context.CancelCauseFunc, resp *http.Response, b *body, columns []tables.Column,
) *Rows {
	r := &Rows{ctx: ctx, cancel: cancel, resp: resp, body: b, dec: jsontext.NewDecoder(b, decodeOptions()...)}
	r.row.keys.init(columns)
	return r
}

// Next decodes one row into dst, which is cleared first. It gives false at the proper end of the
// answer. Errors are *Error, after the rows that were whole: Interrupted when the body breaks off
// or is broken, Unexpected when it is no answer of the API's, TooLarge beyond MaxBodyBytes, the service's
// own reason when an error stands in the answer.
func (r *Rows) Next(dst pcommon.Map) (bool, error) {
	dst.Clear()
	for r.err == nil && r.state != atEnd {
		ok, err := r.step(dst)
		if ok {
			r.stats.Rows++
			return true, nil
		}
		if err != nil {
			r.err = r.wrap(err)
		}
	}
	return false, r.err
}

// ObserveNow sets the client's clock by what the service's now() gave in this answer. A gateway's answer
// must not set it, so the header's Date is no source.
func (r *Rows) ObserveNow(now time.Time) { r.clock.Observe(now, r.sent, r.received) }

// OnClose adds one who is told by the first Close what the answer cost and held.
func (r *Rows) OnClose(told func(Stats)) {
	before := r.onClose
	r.onClose = func(s Stats) {
		if before != nil {
			before(s)
		}
		told(s)
	}
}

// Close ends the request. It may be called at any time and more than once.
func (r *Rows) Close() error {
	if told := r.onClose; told != nil {
		r.onClose = nil
		told(r.Stats())
	}
	r.cancel(nil)
	return r.resp.Body.Close()
}

// Columns are the answer's own, with its type names; nil while its schema has not come.
func (r *Rows) Columns() []Column { return r.schema }

// Stats is what is known of the answer so far.
func (r *Rows) Stats() Stats {
	s := r.stats
	s.Bytes, s.Waited, s.Repaired = r.body.read, r.body.patience.spent, r.row.repaired
	return s
}

// step reads the next token or member of the answer. It gives true when that was a row.
func (r *Rows) step(dst pcommon.Map) (bool, error) {
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
		if err := r.expect('{', "a row"); err != nil {
			return false, err
		}
		if err := r.readRow(); err != nil {
			return false, err
		}
		r.row.put(dst)
		return true, nil
	}
	return false, nil
}

// errNoAnswer is a body that is no answer of the API's, and errPage one that is a page in HTML.
var (
	errNoAnswer = errors.New("the body is no answer of the API")
	errPage     = fmt.Errorf("%w: it is", errNoAnswer)
)

// beginAnswer reads the brace that an answer begins with.
func (r *Rows) beginAnswer() error {
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

func (r *Rows) expect(kind jsontext.Kind, what string) error {
	t, err := r.dec.ReadToken()
	if err != nil {
		return unexpectedEOF(err)
	}
	if t.Kind() != kind {
		return fmt.Errorf("where %s should begin stands a JSON %s", what, t.Kind())
	}
	return nil
}

// member reads one member of the answer, in whatever case and order the API writes them.
func (r *Rows) member() error {
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
		return r.readStats()
	case "error":
		return r.readError()
	default:
		return r.dec.SkipValue()
	}
}

func (r *Rows) beginResults() error {
	if r.results {
		return errors.New("the answer has its results twice")
	}
	r.known, r.results, r.state = true, true, inResults
	return r.expect('[', "the list of results")
}

// readError reads an error object that came with status 200.
func (r *Rows) readError() error {
	value, err := r.dec.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return err
	}
	a := parseErrorObject(value)
	a.inAnswer, a.status = true, statusOfCode(a.code)
	return r.refusalError(a)
}

// finish accepts the answer as complete: its brace is closed, nothing follows, and it had results.
func (r *Rows) finish() error {
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

// wrap gives what stopped the decoding its kind.
func (r *Rows) wrap(err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	if errors.Is(err, errBodyTooLarge) {
		return &Error{Kind: TooLarge, of: r.of, Status: r.resp.StatusCode, Err: fmt.Errorf("%w of %d bytes", errBodyTooLarge, r.body.limit)}
	}
	e := &Error{Kind: Interrupted, of: r.of, Status: r.resp.StatusCode}
	if cause := context.Cause(r.ctx); cause != nil {
		err, e.MaybeSize = cause, r.of == hunted && errors.As(cause, new(timeoutError))
	}
	switch {
	case errors.Is(err, errPage):
		e.Kind, e.Advice, e.Err = Unexpected, refusal.Page(r.host, "endpoint"), r.scrubbed(err)
		return e
	case errors.Is(err, errNoAnswer):
		e.Kind, e.Advice, e.Err = Unexpected, refusal.Stranger(r.host, "endpoint"), r.scrubbed(err)
		return e
	}
	e.Err = fmt.Errorf("after %d whole rows: %w", r.stats.Rows, r.scrubbed(err))
	return e
}

// scrubbed keeps the cause but shows only what is fit to be shown: a decoder quotes what it met.
func (r *Rows) scrubbed(err error) error {
	return &scrubbedError{text: refusal.Text(err.Error(), r.token), cause: err}
}

type scrubbedError struct {
	text  string
	cause error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.cause }

// unexpectedEOF: the end of the body is never the end of an answer.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

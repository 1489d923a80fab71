package hunting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Rows are the rows of one answer, read while its body streams. It is not safe for concurrent use.
type Rows struct {
	reply
	ctx     context.Context // the request's, whose cause tells why a body broke off
	cancel  context.CancelCauseFunc
	body    *body
	clock   *ServiceClock
	err     error       // sticky
	onClose func(Stats) // nil once it was told
}

func newRows(ctx context.Context, cancel context.CancelCauseFunc, x exchange, b *body, clock *ServiceClock, columns []tables.Column) *Rows {
	r := &Rows{reply: reply{exchange: x, dec: newDecoder(b)}, ctx: ctx, cancel: cancel, body: b, clock: clock}
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
			r.dec.locate(err)
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

// Link is where to go on. It is known when Next has given false without an error.
func (r *Rows) Link() Link { return r.link }

// Count is how many objects a list has in all, where that was asked for and the service says so. It is known when Next has
// given false.
func (r *Rows) Count() (n int, known bool) {
	if r.count == nil {
		return 0, false
	}
	return *r.count, true
}

// Stats is what is known of the answer so far.
func (r *Rows) Stats() Stats {
	s := r.stats
	s.Bytes, s.Waited, s.Repaired = r.body.read, r.body.patience.spent, r.row.repaired
	return s
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
	case errors.Is(err, errForeignLink):
		// Nothing broke off: the settings are to blame, and no row.
		e.Kind = Unexpected
	}
	e.Err = fmt.Errorf("after %d whole rows: %w", r.stats.Rows, r.scrubbed(err))
	return e
}

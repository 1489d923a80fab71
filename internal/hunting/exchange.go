package hunting

import (
	"context"
	"net/http"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// TokenSource gives access tokens.
type TokenSource interface {
	Token(context.Context) (string, error)
	// Invalidate says that the service did not accept token: the next Token is another one.
	Invalidate(token string)
	// Challenge is Invalidate with the claims that the service wants to see in the next token, as JSON.
	Challenge(token, claims string)
}

// exchange is one request and the header of its answer.
type exchange struct {
	api    API
	of     subject
	host   string // that was asked
	token  string // that was sent
	tokens TokenSource
	resp   *http.Response
	// sent and received are when the request went and the header came, on this machine's clock.
	sent, received time.Time
}

// refusalError makes the error of a refusal, whatever the status it came with. asked reports whether the query names a
// column.
func (x *exchange) refusalError(a refused, asked func(column string) bool) *Error {
	a.api, a.of, a.host, a.asked = x.api, x.of, x.host, asked
	e := &Error{
		of: x.of, Status: x.resp.StatusCode,
		Code:      refusal.Text(a.code, x.token),
		Message:   refusal.Text(a.message, x.token),
		RequestID: refusal.Text(a.requestID, x.token),
	}
	if e.RequestID == "" {
		e.RequestID = refusal.Text(x.resp.Header.Get("request-id"), x.token)
	}
	a.judge(e)
	if e.Kind == Forbidden && x.tokens != nil {
		// A permission that is granted now stands in new tokens only.
		x.tokens.Invalidate(x.token)
	}
	return e
}

// scrubbed keeps the cause but shows only what is fit to be shown: a decoder quotes what it met.
func (x *exchange) scrubbed(err error) error {
	return &scrubbedError{text: refusal.Text(err.Error(), x.token), cause: err}
}

type scrubbedError struct {
	text  string
	cause error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.cause }

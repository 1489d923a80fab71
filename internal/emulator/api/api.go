// Package api emulates what the APIs of Graph and the legacy hunting API have in common: how a call is noted and how its
// answer goes out. An answer is chunked and has no length, as the service's, and may be compressed. A fault strikes it
// where the plan says.
//
// HTTP/2 is Go's own, and there is no limit on connections.
package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// API serves calls of one API.
type API struct {
	Graph    bool // of Microsoft Graph
	Now      func() time.Time
	Judge    *judge.Judge
	Limit    *judge.Throttle // of which its 429s are
	Envelope answer.Envelope
}

// Exchange is one call and its answer.
type Exchange struct {
	answer.Call
	Outcome string // for the report
}

// Serve answers one call, and notes what the client did about an earlier 429 of the same limit. The function sends an
// answer, or returns why there is none and nothing was sent.
func (a *API) Serve(w http.ResponseWriter, r *http.Request, reply func(http.ResponseWriter, *http.Request, *Exchange) *answer.Failure) {
	c := &Exchange{
		Call:    answer.Call{Start: a.Now(), RequestID: uuid.NewString(), ClientRequestID: r.Header.Get("client-request-id")},
		Outcome: "200",
	}
	if c.ClientRequestID == "" {
		c.ClientRequestID = c.RequestID
	}
	w.Header().Set("request-id", c.RequestID)
	w.Header().Set("client-request-id", c.ClientRequestID)
	a.Judge.Arrived(a.Limit, c.Start)
	// Deferred, since a broken connection is made by a panic that net/http knows.
	defer func() { a.Judge.Call(r.URL.Path, c.Outcome) }()
	if failure := reply(w, r, c); failure != nil {
		c.Outcome = failure.Label()
		a.Judge.Refused(a.Limit, failure.Status, failure.RetryAfter, c.Start)
		failure.Write(w, c.Call, a.Envelope)
	}
}

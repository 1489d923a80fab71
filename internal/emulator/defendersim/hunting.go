package defendersim

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// api is one of the two hunting APIs, or what Graph's users have in common with them.
type api struct {
	server         *Server
	graph          bool
	audience, role string
	decode         func(body []byte) (query string, span *engine.Range, failure *apiError)
	envelope       func(*apiError, *exchange) any
	frame          func(*api, *result) (head, tail []byte)
}

func newGraphAPI(s *Server) *api {
	a := &api{server: s, graph: true, audience: audienceGraph, role: RoleGraph, envelope: graphError, frame: graphFrame}
	a.decode = a.graphRequest
	return a
}

func newLegacyAPI(s *Server) *api {
	a := &api{server: s, audience: audienceLegacy, role: RoleLegacy, envelope: legacyError, frame: legacyFrame}
	a.decode = a.legacyRequest
	return a
}

// exchange is one call and its answer.
type exchange struct {
	start                      time.Time
	requestID, clientRequestID string
	outcome                    string // for the report
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.serve(w, r, a.server.judge.huntingThrottle, a.answer)
}

// serve answers one call, and notes what the client did about an earlier 429 of the same limit.
func (a *api) serve(w http.ResponseWriter, r *http.Request, limit *throttle, answer func(http.ResponseWriter, *http.Request, *exchange) *apiError) {
	s := a.server
	c := &exchange{start: s.now(), requestID: uuid.NewString(), clientRequestID: r.Header.Get("client-request-id"), outcome: "200"}
	if c.clientRequestID == "" {
		c.clientRequestID = c.requestID
	}
	w.Header().Set("request-id", c.requestID)
	w.Header().Set("client-request-id", c.clientRequestID)
	s.judge.arrived(limit, c.start)
	// Deferred, since a broken connection is made by a panic that net/http knows.
	defer func() { s.judge.call(r.URL.Path, c.outcome) }()

	if failure := answer(w, r, c); failure != nil {
		c.outcome = failure.label()
		s.judge.refused(limit, failure, c.start)
		a.writeError(w, c, failure)
	}
}

// answer sends the result of a query, or returns why there is none and nothing was sent.
func (a *api) answer(w http.ResponseWriter, r *http.Request, c *exchange) *apiError {
	s := a.server
	if !a.graph && s.legacyRetired() {
		return &apiError{
			status: http.StatusGone, code: "Gone", outcome: "410 retired",
			message: "This API has been retired. Use the Microsoft Graph security API: https://graph.microsoft.com/v1.0/security/runHuntingQuery.",
		}
	}
	if failure := s.entra.authorize(r, a.audience, a.role); failure != nil {
		return failure
	}
	body, failure := a.readBody(w, r)
	if failure != nil {
		return failure
	}
	if failure := s.quotas.admit(); failure != nil {
		return failure
	}
	s.hold.wait(r.Context(), s.Report)
	text, span, failure := a.decode(body)
	if failure != nil {
		return failure
	}
	view := s.database.view()
	q, err := s.compile(view, text, engineOptions{now: c.start, seed: s.nextSeed(), timespan: span})
	if err != nil {
		return a.queryFailure(err)
	}
	names, _ := view.read()
	fault := s.faults.draw(names)
	if failure := fault.apiError(c.start); failure != nil {
		return failure
	}
	switch fault.Kind {
	case FaultDrop:
		c.outcome = "fault drop"
		panic(http.ErrAbortHandler)
	case FaultSlow:
		pause(r.Context(), fault.delay())
	}
	result, failure := a.evaluate(r.Context(), q, fault.Kind == FaultPoison)
	if failure != nil {
		return failure
	}
	if fault.Kind != "" {
		c.outcome = "fault " + string(fault.Kind)
	}
	result.cut = cutShort(text, result.rows-result.made, s.limits.MaxRows-int(result.made))
	if a.send(w, r, result, fault) {
		_, scans := view.read()
		s.judge.read(names, scans, result)
	}
	return nil
}

package hunting

import (
	"net/http"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/api"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
)

// Graph is Microsoft Graph's API.
func (s *Service) Graph() *API {
	a := &API{Service: s, api: s.common(answer.GraphEnvelope), audience: entra.AudienceGraph, role: s.RoleGraph, frame: graphFrame}
	a.api.Graph, a.decode = true, a.graphRequest
	return a
}

// Legacy is Microsoft Threat Protection's API.
func (s *Service) Legacy() *API {
	a := &API{Service: s, api: s.common(answer.LegacyEnvelope), audience: entra.AudienceLegacy, role: s.RoleLegacy, frame: legacyFrame}
	a.decode = a.legacyRequest
	return a
}

func (s *Service) common(envelope answer.Envelope) api.API {
	return api.API{Now: s.Now, Judge: s.Judge, Limit: s.Judge.HuntingThrottle, Envelope: envelope}
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.api.Serve(w, r, a.answer) }

// answer sends the result of a query, or returns why there is none and nothing was sent.
func (a *API) answer(w http.ResponseWriter, r *http.Request, c *api.Exchange) *answer.Failure {
	if !a.api.Graph && a.retired.Load() {
		return &answer.Failure{
			Status: http.StatusGone, Code: "Gone", Outcome: "410 retired",
			Message: "This API has been retired. Use the Microsoft Graph security API: https://graph.microsoft.com/v1.0/security/runHuntingQuery.",
		}
	}
	if failure := a.Entra.Authorize(r, a.audience, a.role); failure != nil {
		return failure
	}
	body, failure := a.readBody(w, r)
	if failure != nil {
		return failure
	}
	if failure := a.quotas.admit(); failure != nil {
		return failure
	}
	defer a.hold.wait(r.Context(), func() judge.Report { return a.Judge.Report(a.Spent()) })()
	text, span, failure := a.decode(body)
	if failure != nil {
		return failure
	}
	view := a.Database.View()
	q, err := a.Compile(view, text, CompileOptions{Now: c.Start, Seed: a.nextSeed(), Timespan: span})
	if err != nil {
		return a.queryFailure(err)
	}
	names, _ := view.Read()
	fault := a.Faults.Draw(names)
	if failure := fault.Failure(c.Start); failure != nil {
		return failure
	}
	switch fault.Kind {
	case faults.Challenge:
		return a.Entra.Challenge()
	case faults.Drop:
		c.Outcome = "fault drop"
		panic(http.ErrAbortHandler)
	case faults.Slow:
		api.Pause(r.Context(), fault.Wait())
	}
	result, failure := a.evaluate(r.Context(), q, fault.Kind == faults.Poison)
	if failure != nil {
		return failure
	}
	if fault.Kind != "" {
		c.Outcome = "fault " + string(fault.Kind)
	}
	result.Cut = judge.CutShort(text, result.Rows-result.Made, a.Limits.MaxRows-int(result.Made))
	if a.send(w, r, result, fault) {
		_, scans := view.Read()
		a.Judge.Read(names, scans, &result.Result)
	}
	return nil
}

// send streams a result and reports whether all of it went out.
func (a *API) send(w http.ResponseWriter, r *http.Request, res *result, fault faults.Fault) bool {
	head, tail := a.frame(a.Quirks, res)
	chunks := append([][]byte{head}, res.blocks...)
	return a.api.Stream(w, r, append(chunks, tail), a.Faults.Strike(fault, len(head), res.Bytes, int(res.Rows)), fault)
}

// Package hunting emulates Microsoft Defender's two Advanced Hunting APIs.
package hunting

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/answer"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/api"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/faults"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/judge"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
)

// Config is what the APIs serve, and with what.
type Config struct {
	RoleGraph, RoleLegacy string // the app roles that callers need
	Limits                Limits
	Quirks                Quirks
	Seed                  uint64
	Compile               Compile
	Now                   func() time.Time
	Logger                *slog.Logger
	Database              *rows.Database
	Entra                 *entra.Entra
	Faults                *faults.Plan
	Judge                 *judge.Judge
}

// Service is the tenant's hunting, which both APIs share.
type Service struct {
	Config
	quotas  quotas
	hold    hold
	seed    atomic.Uint64
	retired atomic.Bool
}

// New returns a tenant's hunting.
func New(c Config) *Service {
	s := &Service{Config: c, quotas: quotas{now: c.Now, limits: c.Limits}}
	s.seed.Store(c.Seed)
	return s
}

// Spent is the CPU that all queries have cost.
func (s *Service) Spent() time.Duration { return s.quotas.spent() }

// SetLegacyRetired switches the legacy API off or on.
func (s *Service) SetLegacyRetired(retired bool) { s.retired.Store(retired) }

// HoldAfter makes queries wait from when so many rows of events have been returned until release is called,
// so that a test can be sure that there is work left. It stands in the place of an earlier one.
func (s *Service) HoldAfter(rows int64) (release func()) { return s.hold.set(rows) }

// nextSeed gives every query another order of the rows that it did not order.
func (s *Service) nextSeed() uint64 { return s.seed.Add(1) }

// API is one of the two hunting APIs.
type API struct {
	*Service
	api            api.API
	audience, role string
	decode         func(body []byte) (query string, span *engine.Range, failure *answer.Failure)
	frame          func(*API, *result) (head, tail []byte)
}

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
	a.hold.wait(r.Context(), func() judge.Report { return a.Judge.Report(a.Spent()) })
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
	head, tail := a.frame(a, res)
	chunks := append([][]byte{head}, res.blocks...)
	return a.api.Stream(w, r, append(chunks, tail), a.Faults.Strike(fault, len(head), res.Bytes, int(res.Rows)), fault)
}

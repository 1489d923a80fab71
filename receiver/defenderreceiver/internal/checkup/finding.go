package checkup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// finding is what a step found.
type finding struct {
	outcome        diagnosis.Outcome
	severity       diagnosis.Severity
	detail, remedy string
	rows           *int64
}

func fine(format string, args ...any) finding {
	return finding{outcome: diagnosis.OK, detail: fmt.Sprintf(format, args...)}
}

// errNoTurn: the receiver's share has no room for a query.
var errNoTurn = errors.New("no turn came in time")

// of is what an error of a token or a query means for the whole receiver.
func of(err error) finding {
	token, refused := (*entra.Error)(nil), (*hunting.Error)(nil)
	switch {
	case errors.Is(err, context.Canceled):
		return own(step.Ended())
	case errors.As(err, &token):
		return own(step.Token(token))
	case errors.As(err, &refused):
		return ofQuery(refused)
	case errors.Is(err, context.DeadlineExceeded):
		return own(step.NoAnswer())
	default:
		return finding{diagnosis.Failed, diagnosis.Fatal, refusal.Text(err.Error()), "", nil}
	}
}

// own is a finding of a step that all receivers have.
func own(f step.Finding) finding {
	return finding{outcome: f.Outcome, severity: f.Severity, detail: f.Detail, remedy: f.Remedy}
}

var outcomes = map[hunting.Kind]struct {
	outcome  diagnosis.Outcome
	severity diagnosis.Severity
	detail   string
}{
	hunting.RateLimited:   {diagnosis.Throttled, diagnosis.Warning, "the tenant's requests are used up for now"},
	hunting.CPULimited:    {diagnosis.Throttled, diagnosis.Warning, "the tenant's CPU share is used up for now"},
	hunting.UnknownTable:  {diagnosis.NotInPlan, diagnosis.Fatal, "the tenant has no such table"},
	hunting.UnknownColumn: {diagnosis.UnknownColumn, diagnosis.Fatal, "the table has no such column"},
	hunting.BadQuery:      {diagnosis.BadQuery, diagnosis.Fatal, "the service does not take the query"},
	hunting.Unauthorized:  {diagnosis.Credentials, diagnosis.Fatal, "the service does not accept the token"},
	hunting.Forbidden:     {diagnosis.NoPermission, diagnosis.Fatal, "the app registration may not ask"},
	hunting.Unlicensed:    {diagnosis.NoLicence, diagnosis.Fatal, "the tenant has no licence"},
	hunting.Unexpected:    {diagnosis.WrongService, diagnosis.Fatal, "something else answers in the service's place"},
	hunting.Retired:       {diagnosis.WrongService, diagnosis.Fatal, "the legacy API answers no more"},
}

func ofQuery(e *hunting.Error) finding {
	if e.Status == 0 && errors.As(e.Err, new(*url.Error)) {
		return own(step.Unreached(e.Err, e.Advice))
	}
	f := finding{remedy: e.Advice}
	if known, ok := outcomes[e.Kind]; ok {
		f.outcome, f.severity, f.detail = known.outcome, known.severity, known.detail
	} else {
		f.outcome, f.severity, f.detail = diagnosis.ServiceFailed, diagnosis.Warning, "the service fails"
		f.remedy = "wait: the receiver tries again by itself"
	}
	if e.Status != 0 {
		f.detail += fmt.Sprintf(" (status %d)", e.Status)
	}
	if text := step.Said(e.Message, e.Err); e.Message != "" || e.Err != nil {
		f.detail += ": " + text
	}
	if e.RequestID != "" {
		f.detail += " (request id " + e.RequestID + ")"
	}
	switch e.Kind {
	case hunting.RateLimited:
		f.remedy = step.Wait(e.RetryAfter, time.Minute) + "; if it comes often, lower quota::share or ask who else queries this tenant"
	case hunting.CPULimited:
		f.remedy = step.Wait(e.RetryAfter, 15*time.Minute) + "; if it comes often, lower quota::share or ask who else queries this tenant"
	default:
	}
	return f
}

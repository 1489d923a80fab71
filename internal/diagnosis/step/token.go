package step

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
)

// Token is about a token that did not come.
func Token(e *entra.Error) Finding {
	f := Finding{Outcome: diagnosis.Credentials, Severity: diagnosis.Fatal, Remedy: e.Advice}
	said := Said(e.Description, e.Err)
	switch {
	case e.Status == http.StatusTooManyRequests:
		f.Outcome, f.Severity = diagnosis.Throttled, diagnosis.Warning
		f.Detail, f.Remedy = "Entra ID throttles: "+said, Wait(e.RetryAfter, time.Minute)
	case e.Kind == entra.BadCredentials && e.Status == 0:
		f.Outcome, f.Detail = diagnosis.BadSettings, "the credentials cannot be used: "+said
	case e.Kind == entra.BadCredentials:
		f.Detail = "Entra ID refuses the app registration: " + said
	case e.Status == 0 && errors.As(e.Err, new(*url.Error)):
		return Unreached(e.Err, e.Advice)
	case e.Status >= http.StatusInternalServerError:
		f.Outcome, f.Severity = diagnosis.ServiceFailed, diagnosis.Warning
		f.Detail = fmt.Sprintf("Entra ID fails with status %d: %s", e.Status, said)
		f.Remedy = "wait: the receiver tries again by itself"
	default:
		f.Outcome, f.Detail = diagnosis.WrongService, "Entra ID gave no token: "+said
	}
	if e.CorrelationID != "" {
		f.Detail += " (correlation id " + e.CorrelationID + ")"
	}
	return f
}

// Said joins what a service and an error say.
func Said(text string, err error) string {
	if err != nil {
		if text != "" {
			text += ": "
		}
		text += err.Error()
	}
	if text == "" {
		return "no reason is given"
	}
	return text
}

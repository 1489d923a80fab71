package checkup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
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
		return finding{diagnosis.Failed, diagnosis.Fatal, "the test was ended before it was through", "run it again", nil}
	case errors.As(err, &token):
		return ofToken(token)
	case errors.As(err, &refused):
		return ofQuery(refused)
	case errors.Is(err, context.DeadlineExceeded):
		return finding{diagnosis.TimedOut, diagnosis.Fatal, "no answer came in time", "run it again; if it stays so, look at the network", nil}
	default:
		return finding{diagnosis.Failed, diagnosis.Fatal, refusal.Text(err.Error()), "", nil}
	}
}

func ofToken(e *entra.Error) finding {
	f := finding{outcome: diagnosis.Credentials, severity: diagnosis.Fatal, remedy: e.Advice}
	said := said(e.Description, e.Err)
	switch {
	case e.Status == http.StatusTooManyRequests:
		f.outcome, f.severity = diagnosis.Throttled, diagnosis.Warning
		f.detail, f.remedy = "Entra ID throttles: "+said, wait(e.RetryAfter, time.Minute)
	case e.Kind == entra.BadCredentials && e.Status == 0:
		f.outcome, f.detail = diagnosis.BadSettings, "the credentials cannot be used: "+said
	case e.Kind == entra.BadCredentials:
		f.detail = "Entra ID refuses the app registration: " + said
	case e.Status == 0 && errors.As(e.Err, new(*url.Error)):
		return ofRoute(e.Err, e.Advice)
	case e.Status >= http.StatusInternalServerError:
		f.outcome, f.severity = diagnosis.ServiceFailed, diagnosis.Warning
		f.detail = fmt.Sprintf("Entra ID fails with status %d: %s", e.Status, said)
		f.remedy = "wait: the receiver tries again by itself"
	default:
		f.outcome, f.detail = diagnosis.WrongService, "Entra ID gave no token: "+said
	}
	if e.CorrelationID != "" {
		f.detail += " (correlation id " + e.CorrelationID + ")"
	}
	return f
}

// said joins what a service and an error say.
func said(text string, err error) string {
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
		return ofRoute(e.Err, e.Advice)
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
	if text := said(e.Message, e.Err); e.Message != "" || e.Err != nil {
		f.detail += ": " + text
	}
	if e.RequestID != "" {
		f.detail += " (request id " + e.RequestID + ")"
	}
	switch e.Kind {
	case hunting.RateLimited:
		f.remedy = wait(e.RetryAfter, time.Minute) + "; if it comes often, lower quota::share or ask who else queries this tenant"
	case hunting.CPULimited:
		f.remedy = wait(e.RetryAfter, 15*time.Minute) + "; if it comes often, lower quota::share or ask who else queries this tenant"
	default:
	}
	return f
}

func wait(asked, otherwise time.Duration) string {
	if asked <= 0 {
		asked = otherwise
	}
	return "wait " + asked.Round(time.Second).String() + ": the receiver does so by itself"
}

// ofRoute is about a request that got no answer.
func ofRoute(err error, advice string) finding {
	f := finding{outcome: diagnosis.Unreachable, severity: diagnosis.Fatal, detail: reason(err), remedy: advice}
	timeout := net.Error(nil)
	operation := (*net.OpError)(nil)
	switch {
	case errors.As(err, &operation) && operation.Op == "proxyconnect", strings.Contains(advice, "the proxy "):
		f.outcome = diagnosis.ProxyRefused
	case errors.As(err, new(*net.DNSError)):
		f.outcome = diagnosis.Unresolved
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(x509.UnknownAuthorityError)), errors.As(err, new(x509.HostnameError)):
		f.outcome = diagnosis.Untrusted
	case errors.As(err, &timeout) && timeout.Timeout():
		f.outcome = diagnosis.TimedOut
	}
	if f.remedy == "" {
		f.remedy = "look at what stands between this machine and the service (firewall, proxy)"
	}
	return f
}

// reason is the error of a request without its method and URL, which the check's subject says.
func reason(err error) string {
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	return refusal.Text(err.Error())
}

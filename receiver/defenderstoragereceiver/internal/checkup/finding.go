package checkup

import (
	"context"
	"errors"
	"net/http"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
)

// of is what an error of a token or a request means for the whole receiver.
func of(err error) step.Finding {
	token, refused := (*entra.Error)(nil), (*account.Error)(nil)
	switch {
	case errors.Is(err, context.Canceled):
		return step.Ended()
	case errors.As(err, &token):
		return step.Token(token)
	case errors.As(err, &refused):
		return ofAccount(refused)
	case errors.Is(err, context.DeadlineExceeded):
		return step.NoAnswer()
	default:
		return step.Finding{Outcome: diagnosis.Failed, Severity: diagnosis.Fatal, Detail: refusal.Text(err.Error())}
	}
}

// ofAccount is about a request that the account did not do.
func ofAccount(e *account.Error) step.Finding {
	if e.Status == 0 {
		return step.Unreached(e.Err, e.Advice)
	}
	said := *e
	said.Advice = ""
	f := step.Finding{Severity: diagnosis.Fatal, Detail: said.Error(), Remedy: e.Advice}
	switch {
	case e.Kind == account.Credentials:
		f.Outcome = diagnosis.Credentials
	case e.Kind == account.Permission:
		f.Outcome = diagnosis.NoPermission
	case e.Kind == account.Absent:
		f.Outcome, f.Severity = diagnosis.NoContainer, diagnosis.Warning
	case e.Kind == account.Unreadable:
		f.Outcome, f.Severity = diagnosis.Failed, diagnosis.Warning
	case e.Status == http.StatusProxyAuthRequired:
		f.Outcome = diagnosis.ProxyRefused
	case e.Advice != "":
		f.Outcome = diagnosis.WrongService
	default:
		f.Outcome, f.Severity, f.Remedy = diagnosis.ServiceFailed, diagnosis.Warning, "wait: the receiver tries again by itself"
	}
	return f
}

package service

import (
	"errors"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// Outcomes are all that Outcome can give.
func Outcomes() []string {
	outcomes := []string{"ok", "no_token", "error"}
	for _, kind := range hunting.Kinds() {
		outcomes = append(outcomes, kind.String())
	}
	return outcomes
}

// Outcome is how a request ended, for metrics and log.
func Outcome(err error) string {
	token := (*entra.Error)(nil)
	switch {
	case err == nil:
		return "ok"
	case failure.Refusal(err) != nil:
		return failure.Refusal(err).Kind.String()
	case errors.As(err, &token):
		return "no_token"
	default:
		return "error"
	}
}

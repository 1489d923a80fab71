package defenderreceiver

import (
	"errors"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// refusalOf is what the hunting API said in err; nil if err is of something else.
func refusalOf(err error) *hunting.Error {
	refusal := (*hunting.Error)(nil)
	errors.As(err, &refusal)
	return refusal
}

func isKind(err error, kinds ...hunting.Kind) bool {
	refusal := refusalOf(err)
	return refusal != nil && slices.Contains(kinds, refusal.Kind)
}

// isTooMuch reports whether the service could not give the result, but may give a smaller one.
func isTooMuch(err error) bool { return isKind(err, hunting.TooLarge, hunting.TooHeavy) }

// isTooHeavy reports whether the service gave up on a query, which may also be because it is down.
func isTooHeavy(err error) bool { return isKind(err, hunting.TooHeavy) }

// isMaybeSize reports whether a query failed in a way that may be due to its size, or to a service that is down.
func isMaybeSize(err error) bool {
	refusal := refusalOf(err)
	return refusal != nil && refusal.MaybeSize
}

// isBroken reports whether an answer broke off or could not be decoded.
func isBroken(err error) bool { return isKind(err, hunting.Interrupted) }

// isRefused reports whether the service does not accept a query as it stands.
func isRefused(err error) bool { return isKind(err, hunting.BadQuery, hunting.UnknownColumn) }

// isCredentials reports whether an operator has to change credentials or permissions.
func isCredentials(err error) bool {
	token := (*entra.Error)(nil)
	return isKind(err, hunting.Unauthorized, hunting.Forbidden) || errors.As(err, &token) && token.Kind == entra.BadCredentials
}

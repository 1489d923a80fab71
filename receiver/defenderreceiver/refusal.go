package defenderreceiver

import (
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
)

// isTooMuch reports whether the service could not give the result, but may give a smaller one.
func isTooMuch(err error) bool { return failure.Is(err, hunting.TooLarge, hunting.TooHeavy) }

// isTooHeavy reports whether the service gave up on a query, which may also be because it is down.
func isTooHeavy(err error) bool { return failure.Is(err, hunting.TooHeavy) }

// maybeSize reports whether an error may be about the size of what was asked for, or about anything else.
func maybeSize(err error) bool {
	refusal := failure.Refusal(err)
	return refusal != nil && refusal.MaybeSize
}

// isRefused reports whether the service does not accept a query as it stands.
func isRefused(err error) bool { return failure.Is(err, hunting.BadQuery, hunting.UnknownColumn) }

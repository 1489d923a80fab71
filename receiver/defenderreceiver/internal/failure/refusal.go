package failure

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// IsTooMuch reports whether the service could not give the result, but may give a smaller one.
func IsTooMuch(err error) bool { return Is(err, hunting.TooLarge, hunting.TooHeavy) }

// IsTooHeavy reports whether the service gave up on a query, which may also be because it is down.
func IsTooHeavy(err error) bool { return Is(err, hunting.TooHeavy) }

// MaybeSize reports whether an error may be about the size of what was asked for, or about anything else.
func MaybeSize(err error) bool {
	refusal := Refusal(err)
	return refusal != nil && refusal.MaybeSize
}

// IsRefused reports whether the service does not accept a query as it stands.
func IsRefused(err error) bool { return Is(err, hunting.BadQuery, hunting.UnknownColumn) }

// SaysNoArrival reports whether the service refuses ingestion_time(), by its own word.
func SaysNoArrival(err error) bool {
	refusal := Refusal(err)
	return IsRefused(err) && refusal != nil && strings.Contains(strings.ToLower(refusal.Message+refusal.Name), "ingestion_time")
}

// IsThrottled reports whether the tenant's limits are reached, which is no trouble of what was asked for.
func IsThrottled(err error) bool { return Is(err, hunting.RateLimited, hunting.CPULimited) }

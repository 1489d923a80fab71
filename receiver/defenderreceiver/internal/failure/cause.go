package failure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

// Errors that the loops make themselves.
var (
	// ErrRefused: the pipeline does not take rows at present. The service still has them, so they are read again.
	ErrRefused = delivery.ErrRefused
	// ErrStorage: what was delivered cannot be stored.
	ErrStorage = errors.New("cursors cannot be stored, so nothing more is read")
	// ErrNoArrival: the service does not say when rows of the table arrived.
	ErrNoArrival = errors.New("the service does not say when rows of this table arrived (ingestion_time() is null): " +
		"set late_arrival::mode to auto or event_time")
)

// Cause is what an error is about.
type Cause uint8

const (
	// Passing: network, outage, timeout, gateway, broken answer. It ends by itself.
	Passing Cause = iota
	// Throttled: the service asks to wait. It is no failure.
	Throttled
	// Pipeline: the pipeline refuses data. It is no failure.
	Pipeline
	// Storage: what was delivered cannot be stored. It is no failure of the table.
	Storage
	// Absent: the tenant has no such table.
	Absent
	// NoArrival: the table cannot be read by arrival.
	NoArrival
	// Licence: the tenant, or a part of it, has no licence.
	Licence
	// Credentials: Entra ID or the service does not accept who asks.
	Credentials
	// Permission: who asks is known, and lacks a role.
	Permission
	// Query: the service does not accept the query.
	Query
	// Size: the result is too large, or the query too heavy, by the service's own word.
	Size
	// Stopped: the loop was ended.
	Stopped
)

var ofKind = map[hunting.Kind]Cause{
	hunting.Transient: Passing, hunting.Interrupted: Passing, hunting.Unexpected: Passing, hunting.LinkExpired: Passing,
	hunting.TooLarge: Size, hunting.TooHeavy: Size,
	hunting.RateLimited: Throttled, hunting.CPULimited: Throttled,
	hunting.UnknownTable: Absent, hunting.Unlicensed: Licence,
	hunting.UnknownColumn: Query, hunting.BadQuery: Query, hunting.Retired: Query,
	hunting.Unauthorized: Credentials, hunting.Forbidden: Permission,
}

// CauseOf tells what an error is about. What is not known passes.
func CauseOf(err error) Cause {
	token := (*entra.Error)(nil)
	refusal := Refusal(err)
	switch {
	case errors.Is(err, ErrRefused):
		return Pipeline
	case errors.Is(err, ErrStorage):
		return Storage
	case errors.Is(err, ErrNoArrival):
		return NoArrival
	case errors.As(err, &token) && token.Status == tooManyRequests:
		return Throttled
	case errors.As(err, &token) && token.Kind == entra.BadCredentials:
		return Credentials
	case refusal != nil && !errors.Is(err, context.Canceled):
		return ofKind[refusal.Kind]
	case errors.Is(err, context.Canceled):
		return Stopped
	default:
		return Passing
	}
}

// Refusal is what the hunting API said in err; nil if err is of something else.
func Refusal(err error) *hunting.Error {
	refusal := (*hunting.Error)(nil)
	errors.As(err, &refusal)
	return refusal
}

// Is reports whether err is what the hunting API said in one of these kinds.
func Is(err error, kinds ...hunting.Kind) bool {
	refusal := Refusal(err)
	return refusal != nil && slices.Contains(kinds, refusal.Kind)
}

// changing is what differs between two errors of one cause: ports, ids and large numbers.
var changing = regexp.MustCompile(`\(request id [^)]*\)|\(correlation id [^)]*\)|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|:\d+->|\d{5,}`)

// Key is equal for errors that tell an operator the same.
func Key(err error) string {
	return fmt.Sprintf("%d %s", CauseOf(err), changing.ReplaceAllString(rootOf(err).Error(), "#"))
}

// rootOf leaves out what our own wrapping says of the table: the service's and Entra's errors tell the cause.
func rootOf(err error) error {
	token := (*entra.Error)(nil)
	if errors.As(err, &token) {
		return token
	}
	if refusal := Refusal(err); refusal != nil {
		return refusal
	}
	for _, sentinel := range []error{ErrRefused, ErrStorage, ErrNoArrival} {
		if errors.Is(err, sentinel) {
			return sentinel
		}
	}
	return err
}

const tooManyRequests = http.StatusTooManyRequests

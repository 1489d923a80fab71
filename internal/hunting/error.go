package hunting

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind says what a failed query needs.
type Kind uint8

const (
	// Transient: the service or the way to it failed; the same query may work later. Where MaybeSize is
	// set, the size of the result is a possible cause.
	Transient Kind = iota
	// Interrupted: the answer broke off or is not what was asked for; the rows before that are whole.
	Interrupted
	// TooLarge: the result exceeds the size cap; ask for a shorter range.
	TooLarge
	// TooHeavy: the query took too long or too much CPU or memory; ask for a shorter range.
	TooHeavy
	// RateLimited: too many requests; wait for RetryAfter, or a minute.
	RateLimited
	// CPULimited: the tenant's CPU share is used up; wait for RetryAfter, or for the next quarter hour.
	CPULimited
	// UnknownTable: the tenant has no table Name; mostly its plan lacks the product.
	UnknownTable
	// UnknownColumn: the table has no column Name.
	UnknownColumn
	// BadQuery: the service refuses the request as it stands.
	BadQuery
	// Unauthorized: the token is not accepted, nor is a new one.
	Unauthorized
	// Forbidden: the app registration lacks the permission. The next try uses a new token.
	Forbidden
	// Unlicensed: the tenant has no licence for what was asked, or is not set up for it.
	Unlicensed
	// Unexpected: not the API answered, but something in its place: a login page, a gateway, another
	// service. It says nothing about the query.
	Unexpected
	// Retired: the legacy API no longer answers.
	Retired
	// LinkExpired: the service does not know any more what a link of Users leads to; begin anew.
	LinkExpired
)

var kindNames = [...]string{
	Transient: "transient", Interrupted: "interrupted", TooLarge: "too_large", TooHeavy: "too_heavy",
	RateLimited: "rate_limited", CPULimited: "cpu_limited", UnknownTable: "unknown_table",
	UnknownColumn: "unknown_column", BadQuery: "bad_query", Unauthorized: "unauthorized",
	Forbidden: "forbidden", Unlicensed: "unlicensed", Unexpected: "unexpected", Retired: "retired", LinkExpired: "link_expired",
}

// String is the kind in snake_case, as metrics and pages show it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// subject is what a request asks for. Its text names who answers.
type subject string

const (
	hunted subject = "" // the hunting API
	users  subject = "Microsoft Graph's /users"
)

func (s subject) String() string {
	if s == hunted {
		return "the hunting API"
	}
	return string(s)
}

// Error is a query that failed.
type Error struct {
	Kind       Kind
	of         subject
	Status     int           // HTTP status; 0 when no answer came
	Code       string        // the service's error code, e.g. BadRequest
	Name       string        // the table or column that the service does not know; "" where it names none
	MaybeSize  bool          // of a Transient or Interrupted error: a smaller result might have come
	Advice     string        // what an operator can do; "" where it is for the caller to say, or to wait
	Message    string        // the service's text, scrubbed and cut; of a transport error, ""
	RequestID  string        // what Microsoft's support asks for
	RetryAfter time.Duration // as the header asks, not capped; 0 when it does not
	Err        error         // the cause of a transport or decoding error
	claims     string        // that the service asks for in a new token, as JSON; "": none
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.outcome())
	if e.Advice != "" {
		b.WriteString(": " + e.Advice)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.RequestID != "" {
		b.WriteString(" (request id " + e.RequestID + ")")
	}
	return b.String()
}

// outcome is what became of the request.
func (e *Error) outcome() string {
	status := fmt.Sprintf("status %d", e.Status)
	if e.Code != "" {
		status += " " + e.Code
	}
	switch {
	case e.Status == 0:
		return "no answer from " + e.of.String()
	case e.Status == http.StatusOK && e.Code == "":
		return "the answer of " + e.of.String() + " is not usable"
	case e.Status == http.StatusOK:
		return "the answer of " + e.of.String() + " holds the error " + e.Code
	case e.Kind == Unexpected:
		return fmt.Sprintf("an answer with %s came that is not that of %s", status, e.of)
	case e.Kind == Transient:
		return fmt.Sprintf("%s failed with %s", e.of, status)
	default:
		return fmt.Sprintf("%s refused the query with %s", e.of, status)
	}
}

// Unwrap gives the cause, so that a cancelled context is recognised.
func (e *Error) Unwrap() error { return e.Err }

// Kinds are all kinds.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(kindNames))
	for kind := range Kind(len(kindNames)) {
		kinds = append(kinds, kind)
	}
	return kinds
}

package entra

import (
	"fmt"
	"strings"
	"time"
)

// Kind says who can help.
type Kind uint8

const (
	// Transient will pass: network, throttling, an outage.
	Transient Kind = iota
	// BadCredentials must be changed by the operator; Advice says how.
	BadCredentials
)

// String is the kind in snake_case.
func (k Kind) String() string {
	if k == BadCredentials {
		return "credentials"
	}
	return "transient"
}

// Error is a token that could not be had. It never holds a secret, a token or a raw answer.
type Error struct {
	Kind          Kind
	Codes         []int  // Entra's error_codes, the numbers of AADSTS…
	Advice        string // what an operator can do, e.g. which setting to change; "" where only waiting helps
	Description   string // Entra's own words, or the transport's
	CorrelationID string // what Microsoft's support asks for
	Status        int    // HTTP status; 0 when no answer came
	RetryAfter    time.Duration
	Err           error // the cause, where it may be shown
	offered       bool  // what was refused is the secret, certificate or token itself
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("Entra ID gave no token")
	if e.Advice != "" {
		b.WriteString(": " + e.Advice)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.Description != "" {
		b.WriteString(": " + e.Description)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.CorrelationID != "" {
		b.WriteString(" (correlation id " + e.CorrelationID + ")")
	}
	return b.String()
}

// Unwrap gives the cause, so that a cancelled context is recognised.
func (e *Error) Unwrap() error { return e.Err }

package account

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// Kind is what a refusal is about.
type Kind uint8

const (
	// Passing: network, outage, overload, broken answer. It ends by itself.
	Passing Kind = iota
	// Credentials: the service does not accept who asks.
	Credentials
	// Permission: who asks is known, and may not read.
	Permission
	// Absent: there is no such container or blob.
	Absent
	// Unreadable: the service does not give this blob at all.
	Unreadable
)

// Error is a request that gave no result.
type Error struct {
	Kind       Kind
	Status     int    // 0: no answer came
	Code       string // the service's
	Message    string // the service's, fit to be shown
	Advice     string // what helps; empty: nothing needs to be done
	RequestID  string
	RetryAfter time.Duration
	Err        error
}

// Setting is the key that names the account.
const Setting = "account_url"

// Role is what a reader of data needs.
const Role = "Storage Blob Data Reader"

func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Status == 0:
		fmt.Fprintf(&b, "the storage account was not reached: %v", e.Err)
	case e.Code != "":
		fmt.Fprintf(&b, "the storage account answered %d %s", e.Status, e.Code)
	default:
		fmt.Fprintf(&b, "the storage account answered %d", e.Status)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Advice != "" {
		b.WriteString(" (" + e.Advice + ")")
	}
	if e.RequestID != "" {
		b.WriteString(" (request id " + e.RequestID + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether err is a refusal of a kind.
func Is(err error, kind Kind) bool {
	refused := (*Error)(nil)
	return errors.As(err, &refused) && refused.Kind == kind
}

func unreachable(err error) error {
	return &Error{Kind: Passing, Err: err, Advice: refusal.Unreachable(err, Setting)}
}

// judge is what a status and the service's code are about, and what helps.
func judge(status int, code string) (Kind, string) {
	switch {
	case status == http.StatusUnauthorized:
		return Credentials, "check 'credentials', and that 'account_url' is of the tenant whose app registration this is"
	case code == "AuthorizationFailure":
		return Permission, "the account's firewall does not let this machine in: allow its network under Networking of the storage account, " +
			"or reach the account by a private endpoint"
	case code == "AuthenticationFailed":
		return Credentials, "check that 'credentials' are of the account's tenant, and this machine's clock"
	case status == http.StatusForbidden:
		return Permission, "the app registration needs the role " + Role + " on the storage account: an owner's or contributor's role lists the blobs, " +
			"and does not read them. A new role takes some minutes"
	case status == http.StatusNotFound:
		return Absent, ""
	case status == http.StatusProxyAuthRequired:
		return Passing, refusal.ProxyLogin
	case status == http.StatusConflict, status == http.StatusPreconditionFailed, status == http.StatusBadRequest && code != "":
		return Unreadable, "look at the blob's properties: what is archived, for one, is not read"
	default:
		return Passing, ""
	}
}

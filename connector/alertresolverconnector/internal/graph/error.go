package graph

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// defaultWait is how long to wait when the service throttles and does not say for how long.
const defaultWait = 5 * time.Second

// Error is a refusal by the service.
type Error struct {
	Status        int
	Code, Message string
	RetryAfter    time.Duration // of 429
}

func (e *Error) Error() string {
	text := fmt.Sprintf("status %d", e.Status)
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// is reports whether an error is a refusal with a status.
func is(err error, status int) bool {
	refusal := (*Error)(nil)
	return errors.As(err, &refusal) && refusal.Status == status
}

// IsNotFound: the alert is not there any more.
func IsNotFound(err error) bool { return is(err, http.StatusNotFound) }

// IsForbidden: the app registration may not do that.
func IsForbidden(err error) bool { return is(err, http.StatusForbidden) }

// Throttled is how long the service asks to wait, if it does.
func Throttled(err error) (time.Duration, bool) {
	refusal := (*Error)(nil)
	if !errors.As(err, &refusal) || refusal.Status != http.StatusTooManyRequests {
		return 0, false
	}
	return max(refusal.RetryAfter, 0), true
}

// IsRefusal: the service was reached, and has not done what was asked. for sure: it has not even begun, as an error of its own
// could leave open.
func IsRefusal(err error) (refused, forSure bool) {
	refusal := (*Error)(nil)
	if !errors.As(err, &refusal) {
		return false, false
	}
	return true, refusal.Status < http.StatusInternalServerError
}

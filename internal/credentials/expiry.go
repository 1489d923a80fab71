package credentials

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// ExpiryNote is the attribute of a component's status that holds the end of its credentials, in RFC 3339.
const ExpiryNote = "credential_expiry"

// expiryInterval is how soon the status shows the end of credentials that were replaced.
const expiryInterval = time.Minute

// expiryWarnings are the times before the end at which the log says so.
var expiryWarnings = []time.Duration{30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, 0}

// Expiry is when credentials end; it is not known of all.
type Expiry func() (end time.Time, known bool)

// Follow notes the end of the credentials, and warns before it, until ctx ends.
func (e Expiry) Follow(ctx context.Context, now func() time.Time, note func(end string), logger *zap.Logger) {
	ticker := time.NewTicker(expiryInterval)
	defer ticker.Stop()
	var shown time.Time
	warned := 0
	for {
		end, known := e()
		if !known {
			return // it never is: it is known from the start, or not at all
		}
		if !end.Equal(shown) {
			note(end.UTC().Format(time.RFC3339))
			shown, warned = end, 0
		}
		if stage := expiryStage(end.Sub(now())); stage > warned {
			warned = stage
			logger.Warn(expiryText(end, now()), zap.Time("end", end.UTC()))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// expiryStage counts the warnings that are due.
func expiryStage(left time.Duration) int {
	stage := 0
	for _, before := range expiryWarnings {
		if left <= before {
			stage++
		}
	}
	return stage
}

func expiryText(end, now time.Time) string {
	const remedy = "create the next one in the app registration, and put it in the place of this one; no restart is needed for a file"
	if !now.Before(end) {
		return "The credentials have ended: " + remedy + "."
	}
	return fmt.Sprintf("The credentials end in %s: %s.", roughly(end.Sub(now)), remedy)
}

// roughly is a time as people say it.
func roughly(left time.Duration) string {
	const day = 24 * time.Hour
	if left >= 2*day {
		return fmt.Sprintf("%d days", left/day)
	}
	return left.Round(time.Minute).String()
}

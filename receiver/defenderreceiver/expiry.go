package defenderreceiver

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
)

const (
	// expiryInterval is how soon the status shows the end of credentials that were replaced.
	expiryInterval = time.Minute
	// expiryNote is the status' attribute that holds it, in RFC 3339.
	expiryNote = "credential_expiry"
)

// expiryWarnings are the times before the end at which the log says so.
var expiryWarnings = []time.Duration{30 * 24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, 0}

// expiry is when credentials end; it is not known of all.
type expiry func() (end time.Time, known bool)

// observeExpiry lets the gauge read how long the credentials are still good.
func (t *telemetry) observeExpiry(of expiry, now func() time.Time) error {
	return t.builder.RegisterReceiverDefenderCredentialExpiryCallback(func(_ context.Context, o metric.Float64Observer) error {
		if end, known := of(); known {
			o.Observe(end.Sub(now()).Seconds(), t.of())
		}
		return nil
	})
}

// followExpiry keeps the end of the credentials in the status, and warns before it, until ctx ends.
func (r *defenderReceiver) followExpiry(ctx context.Context, registry *health.Registry) {
	ticker := time.NewTicker(expiryInterval)
	defer ticker.Stop()
	var shown time.Time
	warned := 0
	for {
		end, known := r.service.expiry()
		if !known {
			return // it never is: it is known from the start, or not at all
		}
		if !end.Equal(shown) {
			registry.Note(expiryNote, end.UTC().Format(time.RFC3339))
			shown, warned = end, 0
		}
		if stage := expiryStage(end.Sub(r.now())); stage > warned {
			warned = stage
			r.set.Logger.Warn(expiryText(end, r.now()), zap.Time("end", end.UTC()))
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

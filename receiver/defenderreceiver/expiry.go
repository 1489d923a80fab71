package defenderreceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
)

// observeExpiry lets the gauge read how long the credentials are still good.
func (t *telemetry) observeExpiry(of credentials.Expiry, now func() time.Time) error {
	return t.builder.RegisterReceiverDefenderCredentialExpiryCallback(func(_ context.Context, o metric.Float64Observer) error {
		if end, known := of(); known {
			o.Observe(end.Sub(now()).Seconds(), t.of())
		}
		return nil
	})
}

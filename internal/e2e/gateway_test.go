package e2e

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// A backend behind a second collector, as docs/backends.md has it for exporters that are not part of the distribution: the
// second one has neither queue nor retries, and passes on what the backend answers. The backend is away at first, then it
// refuses one row for good: that row alone is kept, and all others arrive.
func TestGateway(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	poison := slices.Min(slices.Collect(maps.Keys(want.events)))
	backend := startOTLPHTTPServer(t, http.StatusServiceUnavailable)
	backend.judged(func(plog.Logs) error { return errors.New("away") })
	port := ports.Free(t)
	gateway := s.start(run{configs: []string{"otlpgateway.yaml"}, variables: []string{"E2E_OTLP_PORT=" + port, "E2E_BACKEND=" + backend.endpoint}})
	c := s.startOTLP("127.0.0.1:"+port, "otlphasty.yaml", "hasty.yaml")
	s.eventually(func() bool {
		_, calls := backend.received()
		return calls > 3
	}, "calls should come while the backend is away")
	backend.refuseWith(http.StatusBadRequest)
	backend.judged(func(logs plog.Logs) error {
		if slices.ContainsFunc(recordsOf(logs), hasID(poison)) {
			return errors.New("not this one")
		}
		return nil
	})
	received := func() []totalEvent {
		events, _ := backend.received()
		return events
	}
	require.Eventually(t, func() bool {
		return slices.Equal(want.missing(received()), []string{poison}) && len(s.deadLetters()) == 1
	}, 2*wait, longTick, "delivered or kept")
	c.stop()
	gateway.stop()
	kept := s.deadLetters()
	require.Len(t, kept, 1)
	require.Equal(t, poison, kept[0].uid)
}

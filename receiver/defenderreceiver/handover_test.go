package defenderreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// A worker that gives the receiver to another has no gauge of it any more, by which alert rules know that it is not the one
// that reads: its counters stay as they are.
func TestGaugesEndWithTheReceiver(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	stop := s.start(s.config(logons))
	s.Polls(logons, 1)
	gauges := []string{"poll_interval", "cursor_lag", "quota_short", "paused"}
	for _, name := range gauges {
		_, err := s.Metrics.GetMetric("otelcol_receiver_defender_" + name)
		assert.NoError(t, err, name)
	}
	stop()
	for _, name := range gauges {
		_, err := s.Metrics.GetMetric("otelcol_receiver_defender_" + name)
		assert.Error(t, err, name)
	}
	assert.NotEmpty(t, s.Metrics.Points("otelcol_receiver_defender_queries"))
}

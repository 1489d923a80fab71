package watermark

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestUntil(t *testing.T) {
	l := ledger.Begin(nil, "DeviceEvents", "ingestion_time", "", noon)
	l.Advance(noon.Add(time.Hour))
	assert.Equal(t, noon.Add(time.Hour), Until(l, 0))
	assert.Equal(t, noon.Add(50*time.Minute), Until(l, 10*time.Minute))
	l.Unreadable().Add(noon.Add(30*time.Minute), noon.Add(31*time.Minute), noon)
	l.Unreadable().Add(noon.Add(20*time.Minute), noon.Add(21*time.Minute), noon)
	assert.Equal(t, noon.Add(20*time.Minute), Until(l, 0), "what was passed over is not complete")
	for _, r := range l.Unreadable().All() {
		l.Unreadable().Remove(r)
	}
	assert.Equal(t, noon.Add(time.Hour), Until(l, 0))
}

func TestNeverBackwards(t *testing.T) {
	stored := collector.NewStorage()
	var sent []time.Duration
	begin := func() *Emitter {
		return New(stored, "Tenant", "Alerts", func(until time.Time) error {
			sent = append(sent, until.Sub(noon))
			return nil
		})
	}
	e := begin()
	for _, minutes := range []time.Duration{5, 10, 10, 7, 11} {
		require.NoError(t, e.Emit(t.Context(), noon.Add(minutes*time.Minute)))
	}
	// A restart, from a cursor that was stored before the last watermark.
	e = begin()
	for _, minutes := range []time.Duration{8, 11, 12} {
		require.NoError(t, e.Emit(t.Context(), noon.Add(minutes*time.Minute)))
	}
	assert.Equal(t, []time.Duration{5 * time.Minute, 10 * time.Minute, 11 * time.Minute, 12 * time.Minute}, sent)
}

// What cannot be stored is not said, and what the pipeline refused is not said again.
func TestFailures(t *testing.T) {
	stored, refuse, sent := collector.NewStorage(), false, 0
	e := New(stored, "t", "Alerts", func(time.Time) error {
		if refuse {
			return assert.AnError
		}
		sent++
		return nil
	})
	stored.Fail(assert.AnError)
	require.ErrorIs(t, e.Emit(t.Context(), noon), assert.AnError)
	assert.Zero(t, sent)
	stored.Fail(nil)
	refuse = true
	require.ErrorIs(t, e.Emit(t.Context(), noon), assert.AnError)
	refuse = false
	require.NoError(t, e.Emit(t.Context(), noon))
	require.NoError(t, e.Emit(t.Context(), noon.Add(time.Second)))
	assert.Equal(t, 1, sent)

	require.NoError(t, stored.Set(t.Context(), "watermark/v1/t/Alerts", []byte("x")))
	require.Error(t, New(stored, "t", "Alerts", nil).Emit(t.Context(), noon))
}

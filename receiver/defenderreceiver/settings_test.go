package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// A count costs at most a quarter of the CPU that the receiver may spend in a quarter of an hour, or in a day if that is
// less. Each lane of a table is told so.
func TestQuotaBoundsTheCostOfACount(t *testing.T) {
	for name, c := range map[string]struct {
		share     float64
		hour, day time.Duration
		want      time.Duration
	}{
		"an hour's CPU is spent by quarters": {share: 1, hour: 16 * time.Minute, day: 100 * time.Hour, want: time.Minute},
		"of which a share is the receiver's": {share: 0.5, hour: 16 * time.Minute, day: 100 * time.Hour, want: 30 * time.Second},
		"a day's CPU that is less":           {share: 0.5, hour: time.Hour, day: 4 * time.Minute, want: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			cfg := s.historyConfig()
			cfg.Quota.Share, cfg.Quota.CPUPerHour, cfg.Quota.CPUPerDay = c.share, c.hour, c.day
			live, past, _ := s.manual(cfg)
			assert.Equal(t, c.want, live.audits.CountBudget)
			assert.Equal(t, c.want, past.audits.CountBudget)
		})
	}
}

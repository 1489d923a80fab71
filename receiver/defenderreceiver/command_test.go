package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// A table that a user has paused is not asked for; it goes on at once where it stands.
func TestTableThatAUserPauses(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inBubble(0, func(b *bubble) {
		cfg := b.config(logons)
		cfg.LateArrival.Audit.Interval = 0
		cfg.Tables[logons] = TableConfig{Enabled: true, PollInterval: 10 * time.Minute, Priority: 1}
		r, stop := b.start(cfg)
		defer stop()
		source := r.readers()[0].health
		time.Sleep(30 * time.Minute)
		source.Commands.Pause()
		asked := len(b.sent())
		time.Sleep(time.Hour)
		assert.Len(t, b.sent(), asked)
		assert.Equal(t, "user", b.pausedFor(logons))
		b.plant(0, 5, b.now().Add(-time.Hour+time.Minute))
		source.Commands.Resume()
		time.Sleep(10 * time.Second)
		require.Greater(t, len(b.sent()), asked, "at once")
		b.exactly(5)
		assert.Empty(t, b.pausedFor(logons))

		asked = len(b.sent())
		source.Commands.Poll()
		time.Sleep(10 * time.Second)
		assert.Greater(t, len(b.sent()), asked, "a poll that is wanted now does not wait for its interval")
	})
}

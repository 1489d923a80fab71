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
	s.inFakeTime(0, func(b *fakeTime) {
		cfg := b.config(logons)
		cfg.LateArrival.Audit.Interval = 0
		cfg.Tables[logons] = TableConfig{Enabled: true, PollInterval: 10 * time.Minute, Priority: 1}
		r, stop := b.start(cfg)
		defer stop()
		source := r.readers()[0].health
		time.Sleep(30 * time.Minute)
		source.Commands.Pause()
		asked := len(b.Sent())
		time.Sleep(time.Hour)
		assert.Len(t, b.Sent(), asked)
		assert.Equal(t, "user", b.pausedFor(logons))
		b.Plant(0, 5, b.Now().Add(-time.Hour+time.Minute))
		source.Commands.Resume()
		time.Sleep(10 * time.Second)
		require.Greater(t, len(b.Sent()), asked, "at once")
		b.Exactly(5)
		assert.Empty(t, b.pausedFor(logons))

		asked = len(b.Sent())
		source.Commands.Poll()
		time.Sleep(10 * time.Second)
		assert.Greater(t, len(b.Sent()), asked, "a poll that is wanted now does not wait for its interval")
	})
}

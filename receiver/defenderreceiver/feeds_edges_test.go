package defenderreceiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// The overlap does not reach back behind the start.
func TestFeedBeginsAtItsStart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.putAlert("before", epoch.Add(-90*time.Minute), epoch)
	s.putAlert("after", epoch.Add(-50*time.Minute), epoch)
	cfg := s.feedConfig()
	cfg.Feeds.AlertsV2.InitialLookback = time.Hour
	s.start(cfg)
	s.allButOld(1)
	s.polled(3)
	assert.Equal(t, 1, s.Sink.Count())
}

// What a longer window or overlap reaches and is not remembered was delivered under the earlier settings.
func TestFeedWithALongerWindowThanBefore(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.putAlert("old", epoch.Add(-10*time.Hour), epoch)
	s.putAlert("new", epoch.Add(-time.Minute), epoch)
	cfg := s.feedConfig()
	stop := s.start(cfg)
	s.allButOld(2)
	s.polled(2)
	s.putAlert("newer", epoch, epoch) // what was forgotten is stored with it
	s.allButOld(3)
	stop()
	cfg.Feeds.AlertsV2.Audit.Interval, cfg.Feeds.AlertsV2.Overlap = time.Second, 12*time.Hour
	s.start(cfg)
	require.Eventually(t, func() bool { return s.audited("matched") > 0 }, wait, 10*time.Millisecond)
	s.polled(2)
	s.once()
	assert.Zero(t, s.audited("recovered"))
}

// An alert that cannot be read any more stops an audit, and no new alert.
func TestFeedAuditThatCannotBegin(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.putAlert("bad", epoch.Add(-20*time.Hour), epoch)
	s.putAlert("good", epoch.Add(-19*time.Hour), epoch)
	s.putAlert("last", epoch, epoch)
	cfg := s.feedConfig()
	cfg.Feeds.AlertsV2.Audit.Interval = time.Second
	s.start(cfg)
	s.allButOld(3)
	s.Clock.Advance(2 * time.Hour) // the window begins behind the start, and moves
	s.Sim.BreakAlerts(epoch.Add(-20*time.Hour), epoch.Add(-20*time.Hour+time.Second))
	require.Eventually(t, func() bool {
		s.Clock.Advance(time.Second)
		return s.receivers[0].lanes[0].health.View().Unreadable > 0
	}, wait, 10*time.Millisecond)
	s.putAlert("new", s.Clock.Now(), s.Clock.Now())
	s.allFinal()
	s.once()
}

// While a provider gives nothing, the pages behind the one that is not whole come all the same.
func TestFeedReadsOnBehindAPartThatLacks(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for i := range 100 {
		s.putAlert(fmt.Sprintf("da%d", i), epoch.Add(time.Duration(i-100)*time.Minute), epoch)
	}
	cfg := s.feedConfig()
	cfg.Feeds.AlertsV2.Page.MaxItems = 20
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultPartial, Rate: 1})
	s.start(cfg)
	require.Eventually(t, func() bool { return s.versions()["da85 "+epoch.Add(-15*time.Minute).Format(time.RFC3339)] == 1 }, wait, 10*time.Millisecond)
	require.Eventually(t, func() bool { return s.receivers[0].lanes[0].health.View().Failures > 0 }, wait, time.Millisecond, "the poll counts when it ends")
	s.Sim.SetFaults()
	s.allFinal()
	s.once()
}

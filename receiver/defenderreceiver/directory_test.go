package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// While the credentials are refused, nothing is said of events that would be read without the directories.
func TestUnreadDirectoriesAreNotToldOfRefusedCredentials(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Sim.SetRoles()
	s.inFakeTime(time.Second, func(b *fakeTime) {
		core, logs := observer.New(zap.InfoLevel)
		r := b.create(b.config(logons, "DeviceInfo", "IdentityInfo"))
		r.now, r.set.Logger = b.Now, zap.New(core)
		require.NoError(t, r.Start(t.Context(), b.Host()))
		time.Sleep(10 * time.Minute)
		require.NoError(t, r.Shutdown(context.Background()))
		assert.Equal(t, 1, logs.FilterMessageSnippet("All tables are paused").Len())
		assert.Zero(t, logs.FilterMessageSnippet("directories are not read").Len())
	})
}

// plantDevices plants n rows of DeviceInfo, one a device, which arrived at a time.
func (s *stage) plantDevices(n int, arrived time.Time, users string) {
	s.t.Helper()
	for i := range n {
		require.NoError(s.t, s.Sim.Plant("DeviceInfo", defendersim.Planted{IngestionTime: arrived, Row: map[string]any{
			"Timestamp": arrived.Format(time.RFC3339Nano), "DeviceId": fmt.Sprint("d", i), "DeviceName": "ws", "LoggedOnUsers": users,
		}}))
	}
}

// Of each device the newest whole row comes; after that only what is new; and anew after a restart.
func TestDirectoryGivesTheNewestOfEach(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plantDevices(3, epoch.Add(-2*time.Hour), `[{"UserName":"old"}]`)
	s.plantDevices(3, epoch.Add(-time.Hour), `[{"UserName":"new"}]`)
	s.plantDevices(3, epoch.Add(-time.Minute), "")
	cfg := s.config("DeviceInfo")
	stop := s.start(cfg)
	s.delivered(3)
	for _, r := range s.Sink.Records() {
		assert.Equal(t, `[{"UserName":"new"}]`, r.Body()["LoggedOnUsers"])
	}
	s.plantDevices(1, s.Clock.Now(), `[]`)
	s.Clock.Advance(2 * settle)
	s.delivered(4)
	stop()
	s.start(cfg)
	require.Eventually(t, func() bool { return s.Sink.Count() == 7 }, wait, time.Millisecond)
}

func TestDirectoryLargerThanAPage(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plantDevices(60, epoch.Add(-time.Hour), `[]`)
	cfg := s.config("DeviceInfo")
	cfg.Page.MaxRows = 25
	s.start(cfg)
	s.delivered(60)
}

// Who is who is known before the first event comes.
func TestDirectoriesComeFirst(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.plantDevices(5, epoch.Add(-time.Hour), `[]`)
	s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultSlow, Delay: 300 * time.Millisecond, Table: "DeviceInfo"})
	s.start(s.config(logons, "DeviceInfo"))
	s.delivered(10)
	for _, r := range s.Sink.Records()[:5] {
		assert.Equal(t, "DeviceInfo", r.Table)
	}
}

// A directory that is throttled or fails at first is waited for, too.
func TestDirectoriesThatFailAtFirstComeFirst(t *testing.T) {
	for _, kind := range []defendersim.FaultKind{defendersim.FaultServerError, defendersim.FaultTooManyRequests} {
		s := newStage(t, defendersim.Options{})
		s.Plant(0, 5, epoch.Add(-time.Minute))
		s.plantDevices(5, epoch.Add(-time.Hour), `[]`)
		s.Sim.FailNext(3, defendersim.Fault{Kind: kind, Delay: time.Second, Table: "DeviceInfo"})
		s.start(s.config(logons, "DeviceInfo"))
		s.delivered(10)
		for _, r := range s.Sink.Records()[:5] {
			assert.Equal(t, "DeviceInfo", r.Table)
		}
	}
}

// A directory that cannot be delivered does not keep the events from being tried.
func TestDirectoryTroubleDoesNotStopEvents(t *testing.T) {
	s := newStage(t, defendersim.Options{WithoutTables: []string{"IdentityInfo"}})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.Sink.Refuse(func(logs plog.Logs) error {
		if collector.Attribute(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0), "microsoft.defender.table") == "DeviceInfo" {
			return errors.New("no")
		}
		return nil
	})
	s.start(s.config(logons, "IdentityInfo"))
	s.delivered(5)
}

// Where the service does not say when rows arrive, directories are read along event time.
func TestDirectoryWithoutIngestionTime(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	s.start(s.config("DeviceInfo"))
	s.Polls("DeviceInfo", 3)
	s.plantDevices(3, s.Clock.Now(), `[]`)
	s.Clock.Advance(20 * time.Minute)
	s.delivered(3)
	s.Polls("DeviceInfo", 3)
	s.Exactly(3)
}

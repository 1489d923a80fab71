package defenderreceiver

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// Whatever strikes half of the calls, every row arrives once.
func TestFaults(t *testing.T) {
	for _, kind := range []defendersim.FaultKind{
		defendersim.FaultUnauthorized, defendersim.FaultHTML413, defendersim.FaultServerError, defendersim.FaultHTML502,
		defendersim.FaultUnavailable, defendersim.FaultGatewayTimeout, defendersim.FaultResultSize, defendersim.FaultPreempted,
		defendersim.FaultTimeout, defendersim.FaultTruncate, defendersim.FaultReset, defendersim.FaultDrop,
		defendersim.FaultBadJSON, defendersim.FaultPoison, defendersim.FaultToken503,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, defendersim.Options{Seed: 7})
			fault := defendersim.Fault{Kind: kind, Rate: 0.5, Delay: time.Nanosecond}
			if kind == defendersim.FaultUnavailable {
				fault.Delay = 0 // or each asks for a wait of a second
			}
			s.Sim.SetFaults(fault)
			n := 0
			for second := range 20 {
				s.Plant(n, 10, epoch.Add(-time.Minute).Add(time.Duration(second)*time.Second))
				n += 10
			}
			cfg := s.config(logons)
			cfg.Page.MaxRows, cfg.Batch.MaxRecords = 35, 8
			s.start(cfg)
			s.delivered(n)
			s.Clock.Advance(time.Minute)
			s.Polls(logons, 2)
			s.Exactly(n)
			assert.Equal(t, n, s.rows(delivered))
		})
	}
}

// An instant that the service cannot give at once is read in parts, and what comes after it too.
func TestSizeCap(t *testing.T) {
	limits := defendersim.DefaultLimits().WithoutQuotas()
	limits.MaxResultBytes = 20_000
	s := newStage(t, defendersim.Options{Limits: &limits})
	s.Plant(0, 300, epoch.Add(-time.Minute))
	s.Plant(300, 20, epoch.Add(-time.Minute+time.Second))
	s.start(s.config(logons))
	s.delivered(320)
}

func TestThrottleHoldsAllTablesAndIsNoFailure(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultTooManyRequests, Delay: time.Second, Table: logons})
	cfg := s.config(logons, "DeviceEvents")
	cfg.PauseAfterFailures = 1
	s.start(cfg)
	s.delivered(5)
	assert.Zero(t, s.Sim.Report().RetriedTooEarly)
	m, err := s.Metrics.GetMetric("otelcol_receiver_defender_throttled")
	require.NoError(t, err)
	throttled := int64(0)
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		throttled += point.Value
	}
	assert.EqualValues(t, 1, throttled)
}

func TestPauseAfterFailures(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1})
	cfg := s.config(logons)
	cfg.PauseAfterFailures = 3
	stop := s.start(cfg)
	require.Eventually(t, func() bool { return s.paused(logons) }, wait, time.Millisecond)
	assert.EqualValues(t, 3, s.Sim.Report().Count("/v1.0/security/runHuntingQuery", ""))
	stop()
	s.Sim.SetFaults()
	s.start(cfg)
	s.delivered(5)
}

func TestTableThatThePlanLacksIsPausedAlone(t *testing.T) {
	s := newStage(t, defendersim.Options{WithoutTables: []string{logons}})
	s.start(s.config(logons))
	require.Eventually(t, func() bool { return s.paused(logons) }, wait, time.Millisecond)
	assert.EqualValues(t, 1, s.Sim.Report().Count("/v1.0/security/runHuntingQuery", ""))
}

func TestTableWithoutIngestionTimeIsNotReadBlindly(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	cfg.LateArrival.Mode = ModeIngestionTime
	s.start(cfg)
	require.Eventually(t, func() bool { return s.paused(logons) }, wait, time.Millisecond)
	s.Exactly(0)
}

// While cursors cannot be stored nothing more is read: what is read would come again.
func TestFullStorageStopsTheTable(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.start(s.config(logons))
	s.delivered(5)
	s.Storage.Fail(storage.ErrStorageFull)
	s.Clock.Advance(2 * settle)
	require.Eventually(t, func() bool { return s.Status.Has("cursors cannot be stored") }, wait, time.Millisecond)
	s.Plant(5, 5, s.Clock.Now())
	s.Clock.Advance(2 * settle)
	calls := s.Sim.Report().Count("", "")
	source := s.receivers[0].readers()[0].health
	for range 20 {
		last := source.View().LastPoll
		require.Eventually(t, func() bool { return source.View().LastPoll.After(last) }, wait, time.Millisecond)
	}
	assert.Equal(t, 1, s.Status.Times("cursors cannot be stored"), "one trouble is one status")
	assert.Equal(t, calls, s.Sim.Report().Count("", ""), "nothing more is read")
	s.Exactly(5)
	s.Storage.Fail(nil)
	s.delivered(10)
	require.Eventually(t, func() bool { return s.Status.OK() }, wait, time.Millisecond)
}

func TestUnreadableCursorFailsStart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	key := "cursor/v1/" + defendersim.DefaultTenantID + "/DeviceLogonEvents"
	require.NoError(t, s.Storage.Set(t.Context(), key, []byte("{")))
	r := s.create(s.config(logons))
	require.ErrorContains(t, r.Start(t.Context(), s.Host()), strconv.Quote(key))
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestStorageMustBeThere(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	id := cfg.StorageID
	*id = testbed.StorageID
	r := s.create(cfg)
	require.ErrorContains(t, r.Start(t.Context(), collector.Extensions{}), "'storage' names the extension memory/cursors, which is not there")
	require.NoError(t, r.Shutdown(context.Background()))
}

// A rotated secret is taken up without a restart: wrong credentials are no permanent error.
func TestWrongSecretHeals(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.Sim.SetClientSecret("another")
	s.start(s.config(logons))
	require.Eventually(t, func() bool {
		return s.Sim.Report().Count("", "401 AADSTS7000215") > 2 || s.Sim.Report().Count("", "") > 4
	}, wait, time.Millisecond)
	s.Sim.SetClientSecret(defendersim.DefaultClientSecret)
	s.delivered(5)
}

// A row that breaks every answer that it is in does not block what comes after it.
func TestRowThatBreaksAnswersIsSetAside(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	const poison = 5
	table := answeringTo(t, s, func(from, to time.Time) []int {
		var seconds []int
		for second := range 10 {
			if at := epoch.Add(time.Duration(second) * time.Second); !at.Before(from) && at.Before(to) {
				seconds = append(seconds, second)
			}
		}
		return seconds
	}, poison)
	table.loop.PauseAfter = 5
	for range 500 {
		if err := table.poll(t.Context()); err != nil {
			verdict, _ := table.loop.Judge(t.Context(), err)
			require.Equal(t, failure.None, verdict.Pause)
		}
		if s.Sink.Count() == 9 {
			break
		}
	}
	s.Exactly(9)
	require.Len(t, table.ledger().Unreadable().All(), 1)
	assert.Equal(t, epoch.Add(poison*time.Second), table.ledger().Unreadable().All()[0].From)
	assert.Equal(t, paging.Tick, table.ledger().Unreadable().All()[0].To.Sub(table.ledger().Unreadable().All()[0].From))
}

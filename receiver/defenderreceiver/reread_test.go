package defenderreceiver

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// reread opens what reads again, with the clock of the stage.
func (s *stage) reread(cfg *Config) *Rereading {
	s.t.Helper()
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), *cfg, outputs{})
	require.NoError(s.t, err)
	began := time.Now()
	r.now = func() time.Time { return s.Clock.Now().Add(time.Since(began)) }
	a, err := r.openRereading(s.t.Context(), s.Host())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { assert.NoError(s.t, a.Close(context.Background())) })
	return a
}

// again are the uids of the rows that are read again, sorted; none comes twice.
func again(t *testing.T, a *Rereading, table string, from, to time.Time) []string {
	t.Helper()
	sink := &collector.Sink{}
	require.NoError(t, a.ReadRows(t.Context(), table, from, to, sink))
	return uidsOf(sink, table, from, to)
}

// uidsOf are the uids of the records of a period.
func uidsOf(s *collector.Sink, table string, from, to time.Time) []string {
	var uids []string
	for _, r := range s.Records() {
		if at := r.Log.Timestamp().AsTime(); r.Table == table && !at.Before(from) && at.Before(to) {
			uids = append(uids, r.UID)
		}
	}
	slices.Sort(uids)
	return uids
}

// spent are the requests that the storage says were spent within the hour.
func (s *stage) spent(cfg *Config) float64 {
	s.t.Helper()
	a := s.reread(cfg)
	for _, w := range a.receiver.scheduler.Snapshot().Windows {
		if w.Limit.Window == time.Hour && w.Resource == "requests" {
			return w.Spent
		}
	}
	s.t.Fatal("there is no such window")
	return 0
}

// A period is read again as it was delivered: late rows, instants with more rows than a page, and rows at its edges.
func TestRereadingGivesTheSameRows(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 20, 7
	first := epoch.Add(-time.Hour) // the event of row 0
	s.Plant(0, 50, epoch.Add(-50*time.Minute))
	s.Plant(50, 50, epoch.Add(-time.Minute)) // late
	var burst []defendersim.Planted
	for i := range 70 {
		row := testbed.LogonRow(1000 + i)
		row["Timestamp"] = first.Add(30 * paging.Tick).Format(time.RFC3339Nano)
		burst = append(burst, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-50 * time.Minute)})
	}
	require.NoError(t, s.Sim.Plant(logons, burst...))
	stop := s.start(cfg)
	s.delivered(170)
	stop()
	cursor, _ := s.stored(logons)

	a := s.reread(cfg)
	assert.Equal(t, []string{logons}, a.Tables())
	from, to := first.Add(10*paging.Tick), first.Add(90*paging.Tick)
	want := uidsOf(s.Sink, logons, from, to)
	require.Len(t, want, 150)
	assert.Equal(t, want, again(t, a, logons, from, to))
	assert.Empty(t, again(t, a, logons, first.Add(-time.Hour), first))
	after, _ := s.stored(logons)
	assert.Equal(t, cursor, after, "no cursor moves")
}

// Records are what they were, but for their lane, and say when their rows arrived.
func TestRereadRecords(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 1, epoch.Add(-50*time.Minute))
	stop := s.start(s.config(logons))
	s.delivered(1)
	stop()
	sink := &collector.Sink{}
	require.NoError(t, s.reread(s.config(logons)).ReadRows(t.Context(), logons, epoch.Add(-2*time.Hour), epoch, sink))
	require.Len(t, sink.Records(), 1)
	original, copied := s.Sink.Records()[0].Log, sink.Records()[0].Log
	assert.Equal(t, original.Body().Map().AsRaw(), copied.Body().Map().AsRaw())
	assert.Equal(t, original.Timestamp(), copied.Timestamp())
	assert.Equal(t, collector.Attribute(original, "microsoft.defender.ingestion_time"), collector.Attribute(copied, "microsoft.defender.ingestion_time"))
	assert.NotEmpty(t, collector.Attribute(copied, "microsoft.defender.ingestion_time"))
}

// A pair of an alert and its evidence has the uid that it was delivered with.
func TestRereadAlerts(t *testing.T) {
	s := newAlertStage(t)
	s.info(nil)
	s.evidence(nil)
	s.evidence(map[string]any{"DeviceId": "d2"})
	s.delivered(2)
	s.receivers[0].Shutdown(context.Background()) //nolint:errcheck // the stage asserts it
	from := epoch.Add(-time.Hour)
	want := uidsOf(s.Sink, "Alerts", from, epoch)
	require.Len(t, want, 2)
	assert.Equal(t, want, again(t, s.reread(s.config("Alerts")), "Alerts", from, epoch))
	assert.Empty(t, again(t, s.reread(s.config("Alerts")), "Alerts", from, epoch.Add(-30*time.Minute)), "the evidence tells when it was")
}

func TestRereadDirectories(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plantDevices(3, epoch.Add(-time.Hour), `[{"UserName":"jane"}]`)
	cfg := s.config(logons, "DeviceInfo", "IdentityInfo")
	a, sink := s.reread(cfg), &collector.Sink{}
	require.NoError(t, a.ReadDirectories(t.Context(), sink))
	assert.Len(t, sink.Records(), 3)
	assert.Equal(t, []string{logons}, a.Tables())
}

// What is read again counts in the receiver's quota, after the command's end too.
func TestRereadingSpendsTheQuota(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	cfg.Page.MaxRows = 10
	s.Plant(0, 100, epoch.Add(-50*time.Minute))
	before := s.spent(cfg)
	a := s.reread(cfg)
	require.Len(t, again(t, a, logons, epoch.Add(-2*time.Hour), epoch), 100)
	require.NoError(t, a.Close(t.Context()))
	queries := s.Sim.Report().Count(huntingPath, "")
	require.Greater(t, queries, int64(10))
	assert.GreaterOrEqual(t, s.spent(cfg)-before, float64(queries))
}

// The service does not say when rows arrived.
func TestRereadingWithoutArrival(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	s.Plant(0, 20, epoch.Add(-50*time.Minute))
	assert.Len(t, again(t, s.reread(s.config(logons)), logons, epoch.Add(-2*time.Hour), epoch), 20)
}

// What can pass is waited for; what cannot ends the reading with its reason.
func TestRereadingInTrouble(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 20, epoch.Add(-50*time.Minute))
	cfg := s.config(logons)
	read := func() error {
		return s.reread(cfg).ReadRows(t.Context(), logons, epoch.Add(-2*time.Hour), epoch, &collector.Sink{})
	}
	s.Sim.FailNext(2, defendersim.Fault{Kind: defendersim.FaultServerError})
	require.NoError(t, read())
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1})
	require.Error(t, read())
	s.Sim.SetFaults()

	cfg.Credentials.ClientSecret = configopaque.String("wrong")
	err := read()
	require.ErrorContains(t, err, "AADSTS7000215")
	cfg.Credentials.ClientSecret = configopaque.String(defendersim.DefaultClientSecret)

	require.NoError(t, s.Sim.SetWithoutTables(logons))
	require.NoError(t, read(), "a table that the tenant does not have has no rows")
	require.NoError(t, s.Sim.SetWithoutTables())

	a := s.reread(cfg)
	err = a.ReadRows(t.Context(), logons, epoch.Add(-31*24*time.Hour), epoch, &collector.Sink{})
	require.ErrorIs(t, err, source.ErrNotGiven)
	assert.ErrorContains(t, err, "the service keeps rows for 30 days")
	assert.ErrorContains(t, a.ReadRows(t.Context(), "Nonsense", epoch, epoch, &collector.Sink{}), `there is no table "Nonsense"`)

	full := &collector.Sink{}
	full.Refuse(func(plog.Logs) error { return errFull })
	assert.ErrorIs(t, a.ReadRows(t.Context(), logons, epoch.Add(-2*time.Hour), epoch, full), errFull)

	ended, end := context.WithCancel(t.Context())
	end()
	assert.ErrorIs(t, a.ReadRows(ended, logons, epoch.Add(-2*time.Hour), epoch, &collector.Sink{}), context.Canceled)
}

var errFull = errors.New("the disk is full")

// What must have been delivered follows from the cursors.
func TestRereadingKnowsWhatIsDue(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 5, epoch.Add(-50*time.Minute))
	cfg := s.config(logons)
	stop := s.start(cfg)
	s.delivered(5)
	s.Clock.Advance(time.Hour)
	s.readUntil(epoch.Add(30*time.Minute), logons)
	stop()
	cursor := s.cursor(logons)
	cfg.PollInterval = 5 * time.Minute

	from, until := s.reread(cfg).Due(logons, s.Clock.Now().Add(time.Hour))
	assert.Equal(t, cursor.LiveStart.At, from)
	assert.Equal(t, cursor.CompleteUntil, until)
	_, until = s.reread(cfg).Due(logons, epoch)
	assert.Equal(t, epoch.Add(-settle-10*time.Minute), until, "a poll may be that far behind")
	cfg.Backfill.Window = 24 * time.Hour
	from, _ = s.reread(cfg).Due(logons, epoch)
	assert.Zero(t, from, "history was read too")

	other := s.config("DeviceEvents")
	_, until = s.reread(other).Due("DeviceEvents", epoch)
	assert.Zero(t, until, "nothing of a table was ever delivered that has no cursor")
}

// Without its storage nothing is spent.
func TestRereadingNeedsTheStorage(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	_, err := OpenRereading(t.Context(), receivertest.NewNopSettings(metadata.Type), s.config(logons), componenttest.NewNopHost())
	require.ErrorContains(t, err, "'storage'")
	assert.Zero(t, s.Sim.Report().Count(huntingPath, ""))
}

// countingLender lends any turn, or none.
type countingLender struct {
	err            error
	lent, returned int
}

func (l *countingLender) Lend(context.Context, time.Duration) (control.Loan, error) {
	if l.err == nil {
		l.lent++
	}
	return l, l.err
}

func (l *countingLender) Return(time.Duration) { l.returned++ }

// Beside a running collector each query has a turn of its receiver's, and nothing is sent without one.
func TestRereadingBesideACollector(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 100, epoch.Add(-50*time.Minute))
	cfg := s.config(logons)
	cfg.Page.MaxRows = 10
	open := func(turns control.Lender) *Rereading {
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), *cfg, outputs{})
		require.NoError(t, err)
		r.now = s.Clock.Now
		a, err := r.openRereadingBeside(t.Context(), componenttest.NewNopHost(), turns, map[string]time.Time{logons: epoch.Add(-time.Minute)})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, a.Close(context.Background())) })
		return a
	}
	turns := &countingLender{}
	a := open(turns)
	require.Len(t, again(t, a, logons, epoch.Add(-2*time.Hour), epoch), 100)
	queries := s.Sim.Report().Count(huntingPath, "")
	assert.Greater(t, queries, int64(10))
	assert.EqualValues(t, queries, turns.lent)
	assert.Equal(t, turns.lent, turns.returned)
	_, until := a.Due(logons, epoch.Add(time.Hour))
	assert.Equal(t, epoch.Add(-time.Minute), until)
	assert.True(t, a.HasCursors())

	err := open(&countingLender{err: errFull}).ReadRows(t.Context(), logons, epoch.Add(-2*time.Hour), epoch, &collector.Sink{})
	require.ErrorIs(t, err, errNoTurn)
	require.ErrorIs(t, err, errFull)
	assert.Equal(t, queries, s.Sim.Report().Count(huntingPath, ""), "nothing is sent without a turn")
}

// A lent turn is the receiver's: it counts in its account.
func TestLend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, err := scheduler.Join(t.Context(), scheduler.Config{
			Receiver: "defender", Slots: 1, Limits: quota.Limits{
				Requests: []quota.Limit{{Window: time.Minute, Amount: 10}}, CPU: []quota.Limit{{Window: time.Hour, Amount: 100}},
			},
		})
		require.NoError(t, err)
		defer func() { assert.NoError(t, line.Stop(context.Background())) }()
		c := &controlled{quota: line}
		turn, err := c.Lend(t.Context(), time.Second)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = c.Lend(ctx, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded, "it holds the slot")
		turn.Return(7 * time.Second)
		for _, use := range line.Snapshot().Windows {
			if use.Resource == "cpu" {
				assert.InDelta(t, 7, use.Spent, 0.001)
			}
		}
		turn, err = c.Lend(t.Context(), 0)
		require.NoError(t, err)
		turn.Return(0)
	})
}

// Without arrival a pair has its place where the later half happened. Its event is of the period of the evidence.
func TestRereadAlertsWithoutArrival(t *testing.T) {
	s := newStage(t, defendersim.Options{NoIngestionTime: true})
	plant := func(table string, row map[string]any) {
		require.NoError(t, s.Sim.Plant(table, defendersim.Planted{IngestionTime: epoch.Add(-50 * time.Minute), Row: row}))
	}
	plant("AlertInfo", map[string]any{"Timestamp": epoch.Add(-time.Hour).Format(time.RFC3339), "AlertId": "a1", "Title": "t"})
	plant("AlertEvidence", map[string]any{"Timestamp": epoch.Add(-90 * time.Minute).Format(time.RFC3339), "AlertId": "a1", "EntityType": "Machine"})
	a := s.reread(s.config("Alerts"))
	assert.Len(t, again(t, a, "Alerts", epoch.Add(-100*time.Minute), epoch.Add(-80*time.Minute)), 1, "when the evidence was")
	sink := &collector.Sink{}
	require.NoError(t, a.ReadRows(t.Context(), "Alerts", epoch.Add(-70*time.Minute), epoch.Add(-50*time.Minute), sink))
	assert.Empty(t, sink.Records(), "when the alert was told")
}

package defenderreceiver

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/storagetest"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// refusing is a service that can be made to refuse queries.
type refusing struct {
	service.API
	refuse func(kql string) error
	asked  int
}

func (r *refusing) Query(ctx context.Context, kql string, columns []column) (*hunting.Rows, error) {
	r.asked++
	if r.refuse != nil {
		if err := r.refuse(kql); err != nil {
			return nil, err
		}
	}
	return r.API.Query(ctx, kql, columns)
}

// manual makes a receiver of one table with a backfill, whose lanes are polled by hand.
func (s *stage) manual(cfg *Config) (live *table, past *backfill, service *refusing) {
	s.t.Helper()
	r := s.create(cfg)
	client, closeIdle, err := r.newClient(s.t.Context(), s.host())
	require.NoError(s.t, err)
	s.t.Cleanup(closeIdle)
	service = &refusing{API: client}
	r.keeper = ledger.NewKeeper(s.storage, cfg.Credentials.TenantID, 0, func(int, error) {})
	registry := health.NewRegistry()
	s.registry = registry
	r.scheduler, err = r.joinQuota(s.t.Context(), s.storage, registry)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { assert.NoError(s.t, r.scheduler.Stop(context.Background())) })
	require.NoError(s.t, r.newTables(s.t.Context(), service, registry))
	return r.readers()[0], r.backfills()[0], service
}

// pollAll polls until nothing is left, at most n times, with a failed poll's consequences.
func (s *stage) pollAll(l *backfill, n int) {
	s.t.Helper()
	for range n {
		again, err := l.Poll(s.t.Context())
		if err != nil {
			s.t.Log(err)
			s.loopOf(l.id()).Judge(s.t.Context(), err)
		} else if !again {
			return
		}
	}
}

// at plants a row of a number.
func (s *stage) at(number int, event, arrived, visible time.Time) {
	s.t.Helper()
	row := logonRow(number)
	row[tables.TimestampColumn] = event.Format(time.RFC3339Nano)
	require.NoError(s.t, s.sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: arrived, Visible: visible}))
}

// came are the lanes in which the rows came, by number.
func (s *stage) came() map[int64][]string {
	lanes := map[int64][]string{}
	for _, r := range s.sink.records() {
		id, _ := r.log.Body().Map().Get("ReportId")
		lanes[id.Int()] = append(lanes[id.Int()], attributeOf(r.log, logrecord.AttributeLane))
	}
	return lanes
}

func (s *stage) historyConfig() *Config {
	cfg := s.config(logons)
	cfg.InitialLookback, cfg.Backfill.Window = time.Hour, 72*time.Hour
	cfg.LateArrival.Audit.Window = time.Hour
	return cfg
}

// Where the live lane begins is stored before history ends there: else a crash before the first live rows
// are accepted would let it begin later.
func TestLiveStartOutlivesACrash(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.at(1, epoch.Add(-2*time.Hour), epoch.Add(-2*time.Hour), time.Time{})
	s.at(2, epoch.Add(-30*time.Minute), epoch.Add(-30*time.Minute), time.Time{})
	cfg := s.historyConfig()
	s.sink.setRefuse(func(logs plog.Logs) error {
		if attributeOf(recordsOf(logs)[0].log, logrecord.AttributeLane) == "" {
			return errors.New("closed")
		}
		return nil
	})
	life := s.launch(cfg)
	require.Eventually(t, func() bool { return s.sink.count() == 1 && s.cursor(logons+"/"+logrecord.LaneBackfill).History != nil }, wait, time.Millisecond)
	life.kill()
	s.clock.Advance(3 * time.Hour)
	s.sink.setRefuse(nil)
	life = s.launch(cfg)
	s.filled(life)
	s.readUntil(s.clock.Now().Add(-settle-time.Second), logons)
	life.stop()
	assert.Equal(t, []string{""}, s.came()[2])
	assert.Contains(t, s.came(), int64(1))
}

// A row that cannot be read is set aside and does not keep older days from being read.
func TestHistoryBehindWhatIsSetAside(t *testing.T) {
	limits := defendersim.DefaultLimits().WithoutQuotas()
	limits.MaxResultBytes = 20_000
	s := newStage(t, defendersim.Options{Limits: &limits})
	s.at(1, epoch.Add(-2*time.Hour), epoch.Add(-2*time.Hour), time.Time{})
	s.at(2, epoch.Add(-40*time.Hour), epoch.Add(-40*time.Hour), time.Time{})
	row := logonRow(3)
	row[tables.TimestampColumn] = epoch.Add(-3 * time.Hour).Format(time.RFC3339Nano)
	row["FailureReason"], row["DeviceName"] = strings.Repeat("x", 30_000), strings.Repeat("x", 30_000)
	require.NoError(t, s.sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-3 * time.Hour)}))
	live, past, service := s.manual(s.historyConfig())
	require.NoError(t, live.poll(t.Context()))
	s.pollAll(past, 200)
	assert.Less(t, service.asked, 1500, "only the way down to the row's instant and its 1024 parts")
	assert.Equal(t, map[int64][]string{1: {logrecord.LaneBackfill}, 2: {logrecord.LaneBackfill}}, s.came())
	assert.Len(t, past.ledger.Unreadable().All(), 1)
	assert.True(t, past.health.View().History.Done)
}

// A service that does not say when rows arrived, from the beginning or from some time on, gives no row in
// both lanes.
func TestHistoryWithoutArrival(t *testing.T) {
	for name, never := range map[string]bool{"never told": true, "no longer told": false} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{NoIngestionTime: never})
			s.at(1, epoch.Add(-40*time.Hour), epoch.Add(-40*time.Hour), time.Time{})
			live, past, service := s.manual(s.historyConfig())
			require.NoError(t, live.poll(t.Context()))
			for i := range 5 {
				s.at(10+i, s.clock.Now(), s.clock.Now(), time.Time{})
				s.clock.Advance(5 * time.Minute)
				require.NoError(t, live.poll(t.Context()))
			}
			service.refuse = func(kql string) error {
				if strings.Contains(kql, "ingestion_time()") && !never {
					return &hunting.Error{Kind: hunting.BadQuery, Message: "Unknown function: 'ingestion_time'."}
				}
				return nil
			}
			s.pollAll(past, 20)
			assert.True(t, past.health.View().History.Done)
			assert.Equal(t, []string{logrecord.LaneBackfill}, s.came()[1])
			for id, lanes := range s.came() {
				assert.Len(t, lanes, 1, "%d", id)
			}
		})
	}
}

// What comes, or is seen, only after history was read up to the live lane's start is found by the second
// count, an audit's window later.
func TestHistoryIsCountedAgain(t *testing.T) {
	for _, mode := range []Mode{ModeEventTime, ModeIngestionTime} {
		t.Run(string(mode), func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.at(1, epoch.Add(-time.Minute), epoch.Add(-time.Minute), time.Time{})
			arrived := epoch.Add(10 * time.Minute)
			if mode == ModeIngestionTime {
				arrived = epoch.Add(-time.Minute)
			}
			s.at(2, epoch.Add(-time.Minute), arrived, epoch.Add(10*time.Minute))
			s.at(3, epoch.Add(-50*time.Hour), epoch.Add(-time.Minute), time.Time{})
			cfg := s.historyConfig()
			cfg.LateArrival.Mode, cfg.InitialLookback = mode, 0
			live, past, _ := s.manual(cfg)
			require.NoError(t, live.poll(t.Context()))
			learn := func() { // the service's time
				_, _, err := live.probe(t.Context())
				require.NoError(t, err)
			}
			s.clock.Advance(5 * time.Second)
			learn()
			s.pollAll(past, 20)
			assert.Len(t, s.came(), 2, "1 and 3")
			assert.False(t, past.health.View().History.Done)
			s.clock.Advance(2 * time.Hour)
			learn()
			s.pollAll(past, 20)
			assert.True(t, past.health.View().History.Done)
			assert.Equal(t, map[int64][]string{1: {logrecord.LaneBackfill}, 2: {logrecord.LaneBackfill}, 3: {logrecord.LaneBackfill}}, s.came())
		})
	}
}

// counted is how much of time a query counts; 0 if it is no count.
func counted(kql string) time.Duration {
	found := regexp.MustCompile(`datetime\(([^)]+)\)`).FindAllStringSubmatch(kql, 2)
	if !strings.Contains(kql, "= count() by") {
		return 0
	}
	from, _ := parseTime(found[0][1])
	to, _ := parseTime(found[1][1])
	return to.Sub(from)
}

// A day that is too much to be counted at once is counted in parts.
func TestHistoryTooHeavyToCount(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.at(1, epoch.Add(-2*time.Hour), epoch.Add(-2*time.Hour), time.Time{})
	s.at(2, epoch.Add(-40*time.Hour), epoch.Add(-40*time.Hour), time.Time{})
	live, past, service := s.manual(s.historyConfig())
	require.NoError(t, live.poll(t.Context()))
	var refused []time.Duration
	service.refuse = func(kql string) error {
		if counted(kql) > 5*time.Hour {
			refused = append(refused, counted(kql))
			return &hunting.Error{Kind: hunting.TooHeavy}
		}
		return nil
	}
	s.pollAll(past, 20)
	assert.Len(t, refused, 1, "what is too much is found out once")
	assert.True(t, past.health.View().History.Done)
	assert.Equal(t, map[int64][]string{1: {logrecord.LaneBackfill}, 2: {logrecord.LaneBackfill}}, s.came())
}

// What was dear to count is counted in parts, too, until they are found to be cheap.
func TestHistoryDearToCount(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.at(1, epoch.Add(-40*time.Hour), epoch.Add(-40*time.Hour), time.Time{})
	live, past, service := s.manual(s.historyConfig())
	require.NoError(t, live.poll(t.Context()))
	past.counts.Answered(epoch, 10*time.Hour, past.set.countBudget+1, past.set.countBudget)
	var counts []time.Duration
	service.refuse = func(kql string) error {
		if extent := counted(kql); extent > 0 {
			counts = append(counts, extent)
		}
		return nil
	}
	s.pollAll(past, 20)
	assert.True(t, past.health.View().History.Done)
	require.NotEmpty(t, counts)
	assert.LessOrEqual(t, counts[0], 5*time.Hour)
	assert.Greater(t, slices.Max(counts), 10*time.Hour)
	assert.Equal(t, map[int64][]string{1: {logrecord.LaneBackfill}}, s.came())
}

// A storage that fails while the live lane begins does not keep history from ever being read.
func TestHistoryAfterAFailedWrite(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.historyConfig()
	live, past, _ := s.manual(cfg)
	full := storagetest.New() // for cursors alone: the quota's figures must be stored before a query is sent
	full.Fail(storage.ErrStorageFull)
	live.keeper = ledger.NewKeeper(full, cfg.Credentials.TenantID, 0, func(int, error) {})
	go live.keeper.Run(t.Context())
	require.NoError(t, ledger.Begin(live.keeper, "another", "", "", epoch).Keep(time.Now()))
	require.Eventually(t, func() bool { return live.keeper.Failure() != nil }, wait, time.Millisecond)
	require.ErrorIs(t, live.poll(t.Context()), failure.ErrStorage)
	select {
	case <-past.live.known:
	default:
		require.Fail(t, "history was not told where the live lane begins")
	}
}

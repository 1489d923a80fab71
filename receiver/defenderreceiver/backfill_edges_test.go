package defenderreceiver

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// Texts that tell queries apart.
const (
	ofCount = "= count() by"
	ofRead  = "| project "
)

// editing is a service whose queries are changed on their way, or fail.
type editing struct {
	service.API
	edit  func(kql string) (string, error)
	asked map[string]int // by ofCount and ofRead, and all by the empty text
}

func (e *editing) Query(ctx context.Context, kql string, columns []tables.Column) (*hunting.Rows, error) {
	for _, kind := range []string{ofCount, ofRead, ""} {
		if strings.Contains(kql, kind) {
			e.asked[kind]++
		}
	}
	if e.edit != nil {
		edited, err := e.edit(kql)
		if err != nil {
			return nil, err
		}
		kql = edited
	}
	return e.API.Query(ctx, kql, columns)
}

// refusing makes the queries fail for which there is an error.
func refusing(why func(kql string) error) func(string) (string, error) {
	return func(kql string) (string, error) { return kql, why(kql) }
}

// manual makes a receiver of one table with a backfill, whose lanes are polled by hand.
func (s *stage) manual(cfg *Config, edits ...func(*defenderReceiver)) (live, past *lane, service *editing) {
	s.t.Helper()
	r := s.create(cfg)
	conn, err := r.connect(s.t.Context(), s.Host())
	require.NoError(s.t, err)
	s.t.Cleanup(conn.close)
	service = &editing{API: conn.api, asked: map[string]int{}}
	r.keeper = ledger.NewKeeper(s.Storage, cfg.Credentials.TenantID, 0, func(int, error) {})
	for _, edit := range edits {
		edit(r)
	}
	registry := health.NewRegistry()
	s.registry = registry
	r.scheduler, err = r.cfg.joinQuota(s.t.Context(), r.set, s.Storage, registry)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { assert.NoError(s.t, r.scheduler.Stop(context.Background())) })
	require.NoError(s.t, r.newTables(s.t.Context(), service, registry))
	return r.readers()[0], r.backfills()[0], service
}

// pollAll polls until nothing is left, at most n times, with a failed poll's consequences.
func (s *stage) pollAll(l *lane, n int) {
	s.t.Helper()
	for range n {
		again, err := l.source.Poll(s.t.Context())
		if err != nil {
			s.t.Log(err)
			l.loop.Judge(s.t.Context(), err)
		} else if !again {
			return
		}
	}
}

// at plants a row of a number.
func (s *stage) at(number int, event, arrived, visible time.Time) {
	s.t.Helper()
	row := testbed.LogonRow(number)
	row[tables.TimestampColumn] = event.Format(time.RFC3339Nano)
	require.NoError(s.t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: arrived, Visible: visible}))
}

// came are the lanes in which the rows came, by number.
func (s *stage) came() map[int64][]string {
	lanes := map[int64][]string{}
	for _, r := range s.Sink.Records() {
		id, _ := r.Log.Body().Map().Get("ReportId")
		lanes[id.Int()] = append(lanes[id.Int()], collector.Attribute(r.Log, logrecord.AttributeLane))
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
	s.Sink.Refuse(func(logs plog.Logs) error {
		if collector.Attribute(collector.Records(logs)[0].Log, logrecord.AttributeLane) == "" {
			return errors.New("closed")
		}
		return nil
	})
	life := s.launch(cfg)
	require.Eventually(t, func() bool { return s.Sink.Count() == 1 && s.cursor(logons+"/"+logrecord.LaneBackfill).History != nil }, wait, time.Millisecond)
	life.kill()
	s.Clock.Advance(3 * time.Hour)
	s.Sink.Refuse(nil)
	life = s.launch(cfg)
	s.filled(life)
	s.readUntil(s.Clock.Now().Add(-settle-time.Second), logons)
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
	row := testbed.LogonRow(3)
	row[tables.TimestampColumn] = epoch.Add(-3 * time.Hour).Format(time.RFC3339Nano)
	row["FailureReason"], row["DeviceName"] = strings.Repeat("x", 30_000), strings.Repeat("x", 30_000)
	require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-3 * time.Hour)}))
	live, past, service := s.manual(s.historyConfig())
	require.NoError(t, live.poll(t.Context()))
	s.pollAll(past, 200)
	assert.Less(t, service.asked[""], 1500, "only the way down to the row's instant and its 1024 parts")
	assert.Equal(t, map[int64][]string{1: {logrecord.LaneBackfill}, 2: {logrecord.LaneBackfill}}, s.came())
	assert.Len(t, past.ledger().Unreadable().All(), 1)
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
				s.at(10+i, s.Clock.Now(), s.Clock.Now(), time.Time{})
				s.Clock.Advance(5 * time.Minute)
				require.NoError(t, live.poll(t.Context()))
			}
			service.edit = refusing(func(kql string) error {
				if strings.Contains(kql, "ingestion_time()") && !never {
					return &hunting.Error{Kind: hunting.BadQuery, Message: "Unknown function: 'ingestion_time'."}
				}
				return nil
			})
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
			learn := func() { require.NoError(t, live.probe(t.Context())) } // the service's time
			s.Clock.Advance(5 * time.Second)
			learn()
			s.pollAll(past, 20)
			assert.Len(t, s.came(), 2, "1 and 3")
			assert.False(t, past.health.View().History.Done)
			s.Clock.Advance(2 * time.Hour)
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
	service.edit = refusing(func(kql string) error {
		if counted(kql) > 5*time.Hour {
			refused = append(refused, counted(kql))
			return &hunting.Error{Kind: hunting.TooHeavy}
		}
		return nil
	})
	s.pollAll(past, 20)
	assert.Len(t, refused, 1, "what is too much is found out once")
	assert.True(t, past.health.View().History.Done)
	assert.Equal(t, map[int64][]string{1: {logrecord.LaneBackfill}, 2: {logrecord.LaneBackfill}}, s.came())
}

// A storage that fails while the live lane begins does not keep history from ever being read.
func TestHistoryAfterAFailedWrite(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.historyConfig()
	full := collector.NewStorage() // for cursors alone: the quota's figures must be stored before a query is sent
	keeper := ledger.NewKeeper(full, cfg.Credentials.TenantID, 0, func(int, error) {})
	live, past, _ := s.manual(cfg, func(r *defenderReceiver) { r.keeper = keeper })
	full.Fail(storage.ErrStorageFull)
	go keeper.Run(t.Context())
	require.NoError(t, ledger.Begin(keeper, "another", "", "", epoch).Keep(time.Now()))
	require.Eventually(t, func() bool { return keeper.Failure() != nil }, wait, time.Millisecond)
	require.ErrorIs(t, live.poll(t.Context()), failure.ErrStorage)
	select {
	case <-past.ready:
	default:
		require.Fail(t, "history was not told where the live lane begins")
	}
}

package detectionrateconnector

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// A hit is told at once and a miss when it has settled; both are counted then. A late alert corrects what was told.
func TestAnExecutionIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, nil, nil, func(c *Config) { c.Lookback = 6 * time.Hour })
		now := time.Now()
		require.NoError(t, s.give(batchOf(
			executionOf(t, "hit", now, nil), executionOf(t, "miss", now, object{"security.test.techniques": []any{"T1003"}, "security.test.id": "another"}),
			alertOf(t, "a1", now.Add(time.Minute), now.Add(time.Minute), object{"evidence": evidenceOf("pc1.acme.local", testID+".exe")}),
		)))
		time.Sleep(time.Minute)
		told, n := s.told()
		require.Equal(t, 1, n)
		assert.Equal(t, object{
			"execution_id": "hit", "test_id": testID, "host": "PC1", "outcome": "unprotected", "completed_at": now.UTC().Format(time.RFC3339Nano),
			"techniques": []any{"T1059.001"}, "detected_techniques": []any{"T1059.001"}, "correlated": true, "tier": "evidence",
			"attribution": "stage", "delay_seconds": 60.0, "alert_ids": []any{"a1"}, "alerts_total": int64(1), "settled": false, "excluded": false,
			"revision": int64(1),
			"alerts": []any{object{
				"id": "a1", "tier": "evidence", "attribution": "stage", "techniques": []any{"T1059.001"}, "delay_seconds": 60.0,
			}},
		}, told["hit"])
		assert.Equal(t, map[string]float64{
			"defender.detection.rate": 0, "defender.detection.executions": 0, "defender.detection.correlated": 0,
			"defender.detection.techniques/tested": 0, "defender.detection.techniques/detected": 0,
			"defender.detection.pending": 2, "defender.detection.excluded": 0,
		}, s.metrics.figures())

		time.Sleep(2 * time.Hour)
		told, n = s.told()
		require.Equal(t, 2, n)
		assert.Equal(t, false, told["miss"]["correlated"])
		assert.Equal(t, true, told["miss"]["settled"])
		assert.Equal(t, map[string]float64{
			"defender.detection.rate": 0.5, "defender.detection.executions": 2, "defender.detection.correlated": 1,
			"defender.detection.rate/T1003": 0, "defender.detection.executions/T1003": 1, "defender.detection.correlated/T1003": 0,
			"defender.detection.rate/T1059.001": 1, "defender.detection.executions/T1059.001": 1, "defender.detection.correlated/T1059.001": 1,
			"defender.detection.techniques/tested": 2, "defender.detection.techniques/detected": 1,
			"defender.detection.pending": 0, "defender.detection.excluded": 0,
		}, s.metrics.figures())

		// A later version of an alert has the technique of the miss.
		require.NoError(t, s.give(batchOf(alertOf(t, "a2", now.Add(-time.Hour), now.Add(3*time.Hour), object{"mitreTechniques": []any{"T1003"}}))))
		time.Sleep(time.Minute)
		told, n = s.told()
		require.Equal(t, 3, n)
		assert.Equal(t, []any{true, "technique", "", int64(2), -3600.0},
			[]any{told["miss"]["correlated"], told["miss"]["tier"], told["miss"]["attribution"], told["miss"]["revision"], told["miss"]["delay_seconds"]})
		correction, _ := s.logs.Records()[2].Log.Attributes().Get("defender.detection.correction")
		assert.True(t, correction.Bool())
		assert.InDelta(t, 1, s.metrics.figures()["defender.detection.rate"], 0)
		s.logs.Exactly(t, 3)

		// After the lookback nothing is left.
		time.Sleep(4 * time.Hour)
		assert.Zero(t, s.metrics.figures()["defender.detection.executions"])
		_, n = s.told()
		assert.Equal(t, 3, n)
	})
}

// What comes again, in whatever order, changes nothing, and whoever kills the connector at any point loses nothing: a new one
// goes on with what is stored, and gets again what was not acknowledged.
func TestKilledAtAnyPoint(t *testing.T) {
	var want map[string]float64
	var wantTold map[string]object
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 5))
			batches := shuffledBatches(t, time.Now().Truncate(time.Hour), random)
			storage := collector.NewStorage()
			s := start(t, storage, nil)
			told := map[string]object{}
			for i := 0; i < len(batches); i++ {
				require.NoError(t, s.give(batches[i]))
				if random.IntN(2) == 0 {
					time.Sleep(31 * time.Second)
				}
				if random.IntN(5) != 0 {
					continue
				}
				// What the other one does after this is seen by nobody.
				storage = storage.Snapshot()
				last, _ := s.told()
				maps.Copy(told, last)
				killed := s
				s = start(t, storage, nil)
				killed.stop()
				i = max(0, i-1)
			}
			time.Sleep(3 * time.Hour)
			last, _ := s.told()
			maps.Copy(told, last)
			for _, body := range told { // what depends on when it was told
				delete(body, "revision")
				delete(body, "settled")
				delete(body, "alerts")
				delete(body, "alert_ids")
				delete(body, "alerts_total")
				delete(body, "delay_seconds")
			}
			if want == nil {
				want, wantTold = s.metrics.figures(), told
				require.NotZero(t, want["defender.detection.correlated"])
				require.Less(t, want["defender.detection.correlated"], want["defender.detection.executions"])
			}
			require.Equal(t, want, s.metrics.figures())
			require.Equal(t, wantTold, told)
		})
	}
}

// shuffledBatches are executions and alerts of the last day in some order, some of them twice.
func shuffledBatches(t *testing.T, now time.Time, shuffle *rand.Rand) []plog.Logs {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1)) // the same each time
	when := func() time.Time { return now.Add(-time.Duration(random.IntN(24*60)) * time.Minute) }
	techniques := []any{"T1059.001", "T1059", "T1003", "T1574.002", "T1021"}
	var records []plog.LogRecord
	for i := range 60 {
		records = append(records, executionOf(t, fmt.Sprint("e", i), when(), object{
			"security.test.techniques": []any{techniques[random.IntN(5)], techniques[random.IntN(5)]}, "host.name": fmt.Sprint("pc", random.IntN(3)),
		}))
	}
	for i := range 20 {
		created := when()
		body := object{"mitreTechniques": []any{techniques[random.IntN(5)]}, "evidence": evidenceOf(fmt.Sprint("pc", random.IntN(3), ".acme"), testID+".exe")}
		records = append(records,
			alertOf(t, fmt.Sprint("a", i), created, created, object{"mitreTechniques": []any{}}), alertOf(t, fmt.Sprint("a", i), created, created.Add(time.Hour), body))
	}
	records = append(records, records[shuffle.IntN(100)], records[shuffle.IntN(100)], records[shuffle.IntN(100)])
	shuffle.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	var batches []plog.Logs
	for len(records) > 0 {
		n := min(len(records), 1+shuffle.IntN(10))
		batches = append(batches, batchOf(records[:n]...))
		records = records[n:]
	}
	return batches
}

// What was told is not told again by the next process.
func TestToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := collector.NewStorage()
		s := start(t, storage, nil, func(c *Config) { c.Settle = 0 })
		require.NoError(t, s.give(batchOf(executionOf(t, "e1", time.Now(), nil))))
		time.Sleep(time.Minute)
		s.logs.Exactly(t, 1)
		again := start(t, storage.Snapshot(), nil, func(c *Config) { c.Settle = 0 })
		time.Sleep(time.Minute)
		again.logs.Exactly(t, 0)
		require.NoError(t, again.give(batchOf(alertOf(t, "a1", time.Now(), time.Now(), nil))))
		time.Sleep(time.Minute)
		told, _ := again.told()
		assert.Equal(t, int64(2), told["e1"]["revision"])
	})
}

// A call fails while nothing can be stored, and what came with it is stored with the next one.
func TestStorageFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := collector.NewStorage()
		s := start(t, storage, nil)
		storage.Fail(errors.New("the disk is full"))
		now := time.Now()
		require.ErrorContains(t, s.give(batchOf(executionOf(t, "e1", now, nil))), "'storage': writing 1 executions and alerts: the disk is full")
		storage.Fail(nil)
		require.NoError(t, s.give(batchOf(executionOf(t, "e2", now, nil))))
		again := start(t, storage.Snapshot(), nil)
		time.Sleep(3 * time.Hour)
		assert.InDelta(t, 2, again.metrics.figures()["defender.detection.executions"], 0)
	})
}

// What a pipeline refuses is handed on again.
func TestPipelinesRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, nil, nil, func(c *Config) { c.Settle = 0 })
		s.logs.Refuse(func(plog.Logs) error { return errors.New("not now") })
		s.metrics.refuse(errors.New("not now"))
		require.NoError(t, s.give(batchOf(executionOf(t, "e1", time.Now(), nil))))
		time.Sleep(10 * time.Minute)
		s.logs.Exactly(t, 0)
		s.logs.Refuse(nil)
		s.metrics.refuse(nil)
		time.Sleep(10 * time.Minute)
		s.logs.Exactly(t, 1)
		assert.InDelta(t, 1, s.metrics.figures()["defender.detection.executions"], 0)
	})
}

// The end tells what is due.
func TestTheEndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, nil, nil, func(c *Config) { c.Settle, c.Interval = 0, time.Hour })
		synctest.Wait()
		require.NoError(t, s.give(batchOf(executionOf(t, "e1", time.Now(), nil))))
		s.stop()
		s.logs.Exactly(t, 1)
	})
}

// Executions of a file are read whenever it changes; a line that is not whole waits.
func TestExecutionsFile(t *testing.T) {
	for name, parts := range map[string][2]string{
		"x.ndjson": {
			`{"execution_id":"e1","techniques":["T1059"],"completed_at":"2026-03-15T11:00:00Z","host":"PC1","exit_code":101}` + "\nno JSON\n" + `{"execution_id":"e2","techn`,
			`iques":["T1003"],"completed_at":"2026-03-15T11:00:00Z","outcome":"protected"}`,
		},
		"x.CSV": {
			"execution_id,test_id,techniques,completed_at,outcome\n" + `e1,t1,"T1059;T1003",2026-03-15T11:00:00Z,protected` + "\ne2,t2,T10",
			"03,2026-03-15T11:00:00Z,unprotected\n",
		},
	} {
		path := filepath.Join(t.TempDir(), name)
		synctest.Test(t, func(t *testing.T) {
			s := start(t, nil, func() time.Time { return time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC) }, func(c *Config) { c.Settle, c.ExecutionsFile = 0, path })
			time.Sleep(time.Minute)
			require.NoError(t, os.WriteFile(path, []byte(parts[0]), 0o600))
			time.Sleep(time.Minute)
			told, _ := s.told()
			assert.Contains(t, told, "e1")
			assert.Len(t, told, 1, name)
			require.NoError(t, os.WriteFile(path, []byte(parts[0]+parts[1]), 0o600))
			time.Sleep(time.Minute)
			told, n := s.told()
			assert.Contains(t, told, "e2")
			assert.Equal(t, 2, n)
		})
	}
}

// The two components are one connector, whichever is there.
func TestOneSignalAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := createDefaultConfig().(*Config)
		cfg.Settle = 0
		f := NewFactory()
		logs := new(collector.Sink)
		c, err := f.CreateLogsToLogs(t.Context(), settingsOf(), cfg, logs)
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context(), collector.Extensions{}))
		require.NoError(t, c.ConsumeLogs(t.Context(), batchOf(executionOf(t, "e1", time.Now(), nil))))
		time.Sleep(time.Minute)
		logs.Exactly(t, 1)
		require.NoError(t, c.Shutdown(t.Context()))
	})
}

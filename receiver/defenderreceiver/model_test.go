package defenderreceiver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

const (
	// cureAfter is how long poison rows stay poison where nothing else is offered.
	cureAfter    = 100 * time.Millisecond
	modelSettle  = time.Minute
	modelOverlap = 10 * time.Minute
	// clockSlack is how far the receiver's idea of the service's time may be ahead of a clock that stands.
	clockSlack = 2 * time.Second
)

// modelRow is a row as the reference model knows it.
type modelRow struct {
	table, key              string
	event, arrived, visible time.Time
}

// due is the reference model: whether the row must have been accepted when its table's cursor stands
// at complete. What becomes visible later than a cursor can wait for is due after an audit only.
func (r modelRow) due(mode Mode, complete time.Time) bool {
	if mode == ModeIngestionTime {
		return r.arrived.Before(complete) && !r.visible.After(r.arrived.Add(modelSettle-clockSlack))
	}
	ready := r.visible.Add(clockSlack)
	return ready.Before(complete) && ready.Sub(r.event) < modelOverlap
}

// aside reports whether the row lies in a range that is read later, because it could not be read.
func (r modelRow) aside(mode Mode, cursor ledger.Cursor) bool {
	at := r.arrived
	if mode == ModeEventTime {
		at = r.event
	}
	return slices.ContainsFunc(cursor.Unreadable, func(a ledger.Range) bool { return !at.Before(a.From) && at.Before(a.To) })
}

// TestModel plays random histories, each from its seed, against the reference model. More are played
// with DEFENDER_MODEL_SEEDS=n, and one again with DEFENDER_MODEL_SEED=seed.
func TestModel(t *testing.T) {
	first, n := uint64(1), uint64(60)
	if raceEnabled {
		n = 20 // one takes a second then; make test plays all of them without the race detector
	}
	if seed, err := strconv.ParseUint(os.Getenv("DEFENDER_MODEL_SEED"), 10, 64); err == nil {
		first, n = seed, 1
	} else if seeds, err := strconv.ParseUint(os.Getenv("DEFENDER_MODEL_SEEDS"), 10, 64); err == nil {
		n = seeds
	}
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			play(t, seed)
		})
	}
}

// history is one random run.
type history struct {
	*stage
	random *rand.Rand
	mode   Mode
	tables []string

	life  *process
	moods *moods
	dead  string // the directory of the dead letters
	rows  []modelRow
	log   []string
	// again is how often each uid may be accepted again, because processes ended.
	again map[string]int
}

func play(t *testing.T, seed uint64) {
	t.Helper()
	h := &history{
		stage: newStage(t, defendersim.Options{Seed: seed, Quirks: defendersim.DefaultQuirks()}), random: rand.New(rand.NewPCG(seed, 1)),
		mode: ModeIngestionTime, tables: []string{logons, "DeviceEvents"}, moods: &moods{}, dead: t.TempDir(), again: map[string]int{},
	}
	if seed%2 == 0 {
		h.mode = ModeEventTime
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d, %s: %v", seed, h.mode, h.log)
		}
	})
	h.Sink.Refuse(h.moods.consume)
	h.begin()
	for range 40 {
		h.act()
		h.check()
		if t.Failed() {
			return
		}
	}
	h.finish()
}

// act does one random thing.
func (h *history) act() {
	switch n := h.random.IntN(100); {
	case n < 35:
		h.arrive()
	case n < 55:
		step := time.Duration(1+h.random.IntN(300)) * time.Second
		h.note("step %s", step)
		h.Clock.Advance(step)
	case n < 75:
		h.note("poll")
		h.Storage.Fail(nil)
		// Where nothing else shows that a row is poison, its table waits for it.
		cured := time.AfterFunc(cureAfter, h.moods.cure)
		h.readUntil(h.reach(), h.tables...)
		cured.Stop()
	case n < 83:
		h.fault()
	case n < 86:
		h.Sim.SetFaults()
		h.note("no faults")
	case n < 90:
		h.note("refuse")
		h.moods.refuse(1+h.random.IntN(4), false)
	case n < 91:
		h.note("refuse everything for good")
		h.moods.refuse(1+h.random.IntN(20), true)
	case n < 92:
		h.note("poison")
		h.moods.poison(h.random.IntN(1 + len(h.rows)))
	case n < 93:
		h.note("storage full")
		h.Storage.Fail(storage.ErrStorageFull)
	case n < 97:
		h.note("restart")
		h.Storage.Fail(nil)
		h.restart()
	default:
		h.kill()
		h.begin()
	}
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

// reach is how far a receiver that is up to date has read.
func (h *history) reach() time.Time {
	if h.mode == ModeEventTime {
		return h.Clock.Now()
	}
	return h.Clock.Now().Add(-modelSettle)
}

// begin starts a receiver whose pages and batches have sizes of their own.
func (h *history) begin() {
	cfg := h.config(h.tables...)
	cfg.Settle, cfg.InitialLookback = modelSettle, 24*time.Hour
	cfg.DeadLetter.Directory = h.dead
	cfg.LateArrival.Mode, cfg.LateArrival.Overlap = h.mode, modelOverlap
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 20+h.random.IntN(60), 1+h.random.IntN(30)
	cfg.CheckpointDelay = []time.Duration{0, 20 * time.Millisecond}[h.random.IntN(2)]
	cfg.RetryOnFailure.Enabled = h.random.IntN(2) == 0 // without it, what is refused is read again
	h.note("start pages of %d, batches of %d, checkpoint_delay %s", cfg.Page.MaxRows, cfg.Batch.MaxRecords, cfg.CheckpointDelay)
	h.life = h.launch(cfg)
}

// arrive plants rows: on time, late, of the future, or visible some time after their ingestion time.
func (h *history) arrive() {
	table := h.tables[h.random.IntN(len(h.tables))]
	now := h.Clock.Now()
	n := 1 + h.random.IntN(8)
	if h.random.IntN(5) == 0 {
		n *= 10
	}
	var lag time.Duration
	switch h.random.IntN(6) {
	case 0: // hours late, in either mode within what an audit looks back
		lag = time.Duration(h.random.Int64N(int64(16 * time.Hour)))
	case 1:
		lag = time.Duration(h.random.Int64N(int64(modelOverlap)))
	case 2:
		lag = -time.Duration(h.random.Int64N(int64(20 * time.Minute)))
	case 3:
		if h.mode == ModeIngestionTime {
			lag = time.Duration(h.random.IntN(28*24)) * time.Hour
		}
	}
	arrived, visible := now, now
	switch h.random.IntN(6) {
	case 0:
		visible = now.Add(time.Duration(h.random.Int64N(int64(modelSettle))))
	case 1:
		visible = now.Add(time.Duration(h.random.Int64N(int64(2 * time.Hour))))
	case 2:
		arrived = now.Add(-time.Duration(h.random.Int64N(int64(modelSettle))))
	case 3:
		arrived = now.Add(-time.Duration(h.random.Int64N(int64(2 * time.Hour))))
	}
	h.note("%d rows of %s, event %s ago, ingested %s ago, visible in %s", n, table, lag, now.Sub(arrived), visible.Sub(now))
	planted := make([]defendersim.Planted, n)
	for i := range planted {
		number := len(h.rows)
		row := modelRow{
			table: table, event: now.Add(-lag).Truncate(paging.Tick), arrived: arrived.Truncate(paging.Tick), visible: visible.Truncate(paging.Tick),
			key: defendersim.RowKey("d1", now.Add(-lag).Truncate(paging.Tick), int64(number), "LogonSuccess"),
		}
		if row.event.After(row.visible) {
			// Without a Timespan the service gives no rows of the future.
			row.visible = row.event
		}
		h.rows = append(h.rows, row)
		values := testbed.LogonRow(number)
		values["Timestamp"] = row.event.Format(time.RFC3339Nano)
		planted[i] = defendersim.Planted{Row: values, IngestionTime: row.arrived, Visible: visible}
	}
	require.NoError(h.t, h.Sim.Plant(table, planted...))
}

// fault makes one kind of fault strike from now on.
func (h *history) fault() {
	kind := quickFaults[h.random.IntN(len(quickFaults))]
	rate := 0.2 + 0.3*h.random.Float64()
	h.note("fault %s at %.2f", kind, rate)
	h.Sim.SetFaults(fault(kind, rate))
}

// restart ends the process in order: nothing comes again.
func (h *history) restart() {
	h.life.stop()
	h.begin()
}

// kill ends the process and notes which rows may come again: those that the stored ledger lacks.
func (h *history) kill() {
	h.life.kill()
	accepted := h.outcomes()
	lost := 0
	for _, table := range h.tables {
		cursor, ledger := h.stored(table)
		for _, r := range h.rows {
			for _, uid := range accepted[r.table+r.key] {
				if _, ok := ledger[uuid.MustParse(uid)]; ok || r.table != table {
					continue
				}
				lost++
				h.again[uid]++
				if h.mode == ModeIngestionTime && r.due(h.mode, cursor.CompleteUntil) && !r.aside(h.mode, cursor) {
					assert.Fail(h.t, "a row before the stored cursor is not in the ledger that was stored with it", "%v", r)
				}
			}
		}
	}
	h.note("kill, %d rows may come again", lost)
}

// outcomes are the uids of the rows that the pipeline has taken or refused for good, by table and key.
func (h *history) outcomes() map[string][]string {
	outcomes := map[string][]string{}
	for _, r := range append(h.letters(), h.Sink.Records()...) {
		outcomes[r.Table+testbed.Key(r)] = append(outcomes[r.Table+testbed.Key(r)], r.UID)
	}
	return outcomes
}

// letters are the rows in the dead letters.
func (h *history) letters() (records []collector.Record) {
	files, err := filepath.Glob(filepath.Join(h.dead, "*.ndjson"))
	require.NoError(h.t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(h.t, err)
		for line := range strings.Lines(string(text)) {
			logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs([]byte(line))
			require.NoError(h.t, err)
			records = append(records, collector.Records(logs)...)
		}
	}
	return records
}

// check compares what was accepted with what the model says must have been by now.
func (h *history) check() {
	cursors := map[string]ledger.Cursor{}
	for _, table := range h.tables {
		cursors[table] = h.cursor(table)
	}
	outcomes := h.outcomes()
	known := map[string]bool{}
	for _, r := range h.rows {
		known[r.table+r.key] = true
		if cursor := cursors[r.table]; len(outcomes[r.table+r.key]) == 0 && r.due(h.mode, cursor.CompleteUntil) && !r.aside(h.mode, cursor) {
			assert.Fail(h.t, "lost", "%+v is behind the cursor %s and was not accepted", r, cursor.CompleteUntil)
			return
		}
	}
	for name, uids := range outcomes {
		assert.True(h.t, known[name], "%s never existed", name)
		assert.LessOrEqual(h.t, len(uids), 1+h.again[uids[0]], "%s was accepted again", name)
		for _, uid := range uids {
			assert.Equal(h.t, uids[0], uid, "%s has one uid", name)
		}
	}
}

// finish lets everything become visible and be audited: then every row was accepted.
func (h *history) finish() {
	h.note("finish")
	h.Storage.Fail(nil)
	h.Sim.SetFaults()
	h.moods.cure()
	for range 5 {
		h.Clock.Advance(31 * time.Minute)
		h.readUntil(h.reach(), h.tables...)
		h.check()
	}
	h.Clock.Advance(61 * time.Minute)
	missing := modelRow{}
	require.Eventually(h.t, func() bool {
		outcomes := h.outcomes()
		for _, r := range h.rows {
			if missing = r; len(outcomes[r.table+r.key]) == 0 {
				return false
			}
		}
		return true
	}, wait, 10*time.Millisecond, "every row is accepted in the end; lost: %v", &missing)
	h.life.stop()
	h.check()
	h.accounts(len(h.rows), false)
	assert.Len(h.t, h.letters(), h.stage.rows(refused), "every row that was refused for good is a dead letter")
}

// moods is a pipeline that refuses everything for a while, and poison rows always.
type moods struct {
	mu       sync.Mutex // guards everything below
	calls    int
	forGood  bool
	poisoned map[int64]bool
}

// refuse makes the next calls fail.
func (m *moods) refuse(calls int, forGood bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls, m.forGood = calls, forGood
}

// poison makes a row one that is refused for good.
func (m *moods) poison(number int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.poisoned == nil {
		m.poisoned = map[int64]bool{}
	}
	m.poisoned[int64(number)] = true
}

// cure makes the pipeline take all rows.
func (m *moods) cure() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls, m.poisoned = 0, nil
}

func (m *moods) consume(logs plog.Logs) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls > 0 {
		m.calls--
		if !m.forGood {
			return errors.New("busy")
		}
		return consumererror.NewPermanent(errors.New("token expired"))
	}
	for _, r := range collector.Records(logs) {
		if number, _ := r.Log.Body().Map().Get("ReportId"); m.poisoned[number.Int()] {
			return consumererror.NewPermanent(errors.New("too large"))
		}
	}
	return nil
}

package defenderreceiver

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// Many rows of one instant come once each, in pages that hold few of them; what the receiver holds is
// a page and their ids, at 128 bytes a row. Most of the time is the emulator's, which filters all rows
// for each of 32 parts.
func TestBurstAtOneInstant(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("the emulator filters all rows for each part, which takes minutes under the race detector; make test runs it without")
	}
	burst(t, newStage(t, defendersim.Options{}), 1_000_000, 50_000)
}

// The same where the service's cap on a result's size is what cuts.
func TestBurstUnderSizeCap(t *testing.T) {
	limits := defendersim.DefaultLimits().WithoutQuotas()
	limits.MaxResultBytes = 100_000
	burst(t, newStage(t, defendersim.Options{Limits: &limits}), 3_000, 50_000)
}

// burst lets rows rows arrive at one instant, with a few before and after it. The heap may grow by
// 112 MB, for a page in the emulator and one in the receiver, and 128 bytes a row for the receiver, and 64 for the test's own set.
func burst(t *testing.T, s *stage, rows, maxRows int) {
	t.Helper()
	s.Plant(0, 10, epoch.Add(-2*time.Minute))
	s.Plant(10, rows, epoch.Add(-time.Minute))
	s.Plant(10+rows, 10, epoch.Add(-time.Minute+paging.Tick))
	rows += 20
	cfg := s.config(logons)
	cfg.Page.MaxRows = maxRows
	before := heap()
	began := time.Now()
	set := &uidSet{uids: make(map[uuid.UUID]struct{}, rows)}
	life := s.launch(cfg, func(r *defenderReceiver) { r.next = set })
	peak := before
	for came, last := 0, began; came < rows; {
		if n := set.count(); n > came {
			came, last = n, time.Now()
		}
		require.Less(t, time.Since(last), 5*wait, "%d of %d rows came", came, rows)
		time.Sleep(heapEvery)
		peak = max(peak, heap())
	}
	took := time.Since(began)
	s.readUntil(s.Clock.Now().Add(-settle), logons)
	life.stop()
	assert.Equal(t, rows, set.count())
	assert.Zero(t, set.repeated(), "none twice")
	t.Logf("%d rows in %s, heap grew by %d MB", rows, took.Round(time.Millisecond), (int64(peak)-int64(before))>>20)
	assert.Less(t, int64(peak)-int64(before), int64(112<<20+rows*(128+64)))
	assert.Equal(t, rows, s.rows(delivered))
	var repeated int
	for _, table := range s.Sim.Report().Tables {
		repeated += int(table.RowsRepeated)
	}
	assert.Equal(t, rows+repeated, s.rows(delivered)+s.rows(duplicate)+s.rows(refused), "rows that were read")
}

// heapEvery is how often heap is asked for. It collects garbage first, which takes most of a second where a million rows lie.
const heapEvery = 500 * time.Millisecond

// heap is the number of bytes that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// uidSet is a pipeline that keeps the ids alone.
type uidSet struct {
	mu    sync.Mutex // guards everything below
	uids  map[uuid.UUID]struct{}
	twice int
}

var _ consumer.Logs = (*uidSet)(nil)

func (*uidSet) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (u *uidSet) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, r := range collector.Records(logs) {
		uid := uuid.MustParse(r.UID)
		if _, ok := u.uids[uid]; ok {
			u.twice++
		}
		u.uids[uid] = struct{}{}
	}
	return nil
}

func (u *uidSet) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.uids)
}

func (u *uidSet) repeated() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.twice
}

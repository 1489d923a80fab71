package defenderreceiver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// process is one life of a receiver, which can also end the way kill -9 ends it.
type process struct {
	*stage
	receiver *defenderReceiver
	dead     atomic.Bool
	stop     func()
}

var _ consumer.Logs = (*process)(nil)

// launch starts a receiver; edit changes it before.
func (s *stage) launch(cfg *Config, edit ...func(*defenderReceiver)) *process {
	s.t.Helper()
	p := &process{stage: s, receiver: s.create(cfg)}
	p.receiver.next = p
	for _, change := range edit {
		change(p.receiver)
	}
	require.NoError(s.t, p.receiver.Start(s.t.Context(), s.Host()))
	p.stop = sync.OnceFunc(func() {
		if err := p.receiver.Shutdown(context.Background()); !p.dead.Load() {
			assert.NoError(s.t, err)
		}
	})
	s.t.Cleanup(p.stop)
	return p
}

var errDead = errors.New("the process is dead")

func (*process) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (p *process) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if p.dead.Load() {
		return errDead
	}
	return p.Sink.ConsumeLogs(ctx, logs)
}

// kill ends the process: nothing that it does from now on is seen, and its successors find the storage
// as it was.
func (p *process) kill() {
	p.dead.Store(true)
	p.stage.Storage = p.stage.Storage.Snapshot()
	p.stop()
}

// stored is a table's cursor and the rows of its ledger as they are in the storage; both are empty if
// there is none.
func (s *stage) stored(table string) (ledger.Cursor, map[uuid.UUID]struct{}) {
	s.t.Helper()
	now := stage{t: s.t, Stage: &testbed.Stage{Storage: s.Storage.Snapshot()}}
	return now.cursor(table), now.storedRows("ledger", table)
}

// storedRows are the ids of a lane in the storage: those of the "ledger", or the "refused" ones of them.
func (s *stage) storedRows(kind, lane string) map[uuid.UUID]struct{} {
	s.t.Helper()
	rows := map[uuid.UUID]struct{}{}
	require.NoError(s.t, s.Storage.Walk(s.t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
		segment, is := strings.CutPrefix(key, kind+"/v1/"+defendersim.DefaultTenantID+"/"+lane+"/")
		if !is || strings.Count(segment, "/") != 1 {
			return nil, nil
		}
		for id := range slices.Chunk(value, len(uuid.UUID{})) {
			rows[uuid.UUID(id)] = struct{}{}
		}
		return nil, nil
	}))
	return rows
}

// cursor is a table's stored cursor; the zero Cursor if there is none.
func (s *stage) cursor(table string) ledger.Cursor {
	keeper := ledger.NewKeeper(s.Storage, defendersim.DefaultTenantID, 0, func(int, error) {})
	l, err := ledger.Open(context.Background(), keeper, table)
	assert.NoError(s.t, err)
	if l == nil {
		return ledger.Cursor{}
	}
	return l.Cursor()
}

// readUntil waits until the stored cursors of the tables have come to the time.
func (s *stage) readUntil(until time.Time, names ...string) {
	s.t.Helper()
	left := slices.Clone(names)
	for deadline := time.Now().Add(wait); len(left) > 0; {
		require.True(s.t, time.Now().Before(deadline), "%s should be read until %s, and is read until %s", left[0], until, s.cursor(left[0]).CompleteUntil)
		if s.cursor(left[0]).CompleteUntil.Before(until) {
			time.Sleep(10 * time.Millisecond) // a look decodes the whole ledger
			continue
		}
		left = left[1:]
	}
}

// truthOf is the rows that arrived at a table, by the emulator's keys, sorted.
func (s *stage) truthOf(table string, from, to time.Time) []string {
	s.t.Helper()
	rows, err := s.Sim.Truth(table, from, to)
	require.NoError(s.t, err)
	var keys []string
	for _, row := range rows {
		keys = append(keys, row.Key)
	}
	slices.Sort(keys)
	return keys
}

// keysOf are the keys of the records that were accepted of a table of device events, sorted.
func (s *stage) keysOf(table string) []string {
	var keys []string
	for _, r := range s.Sink.Records() {
		if r.Table == table {
			keys = append(keys, testbed.Key(r))
		}
	}
	slices.Sort(keys)
	return keys
}

// late plants n rows that arrive now, so long after their event.
func (s *stage) late(table string, first, n int, lag time.Duration) {
	s.t.Helper()
	rows := make([]defendersim.Planted, n)
	for i := range rows {
		row := testbed.LogonRow(first + i)
		row["Timestamp"] = s.Clock.Now().Add(-lag).Format(time.RFC3339Nano)
		rows[i] = defendersim.Planted{Row: row, IngestionTime: s.Clock.Now()}
	}
	require.NoError(s.t, s.Sim.Plant(table, rows...))
}

// complete waits until the rows of the tables, as the emulator knows them, were delivered, and compares
// them one by one: none is missing, none came twice.
func (s *stage) complete(names ...string) {
	s.t.Helper()
	want := map[string][]string{}
	total := 0
	for _, name := range names {
		want[name] = s.truthOf(name, epoch.Add(-30*24*time.Hour), s.Clock.Now().Add(-settle-paging.Tick))
		total += len(want[name])
	}
	assert.Eventually(s.t, func() bool { return s.Sink.Count() >= total }, wait, time.Millisecond, "%d rows should come", total)
	for _, name := range names {
		assert.Equal(s.t, want[name], s.keysOf(name), name)
	}
}

// quiet makes the service give nothing more, and waits until the table that is read has met that and all
// that was given before has been counted: a shutdown cuts no answer off then. An answer can be under way
// for as long as the proxy between takes.
func (s *stage) quiet() {
	s.t.Helper()
	s.Sim.SetFaults(fault(defendersim.FaultServerError, 1))
	struck := func() int64 { return s.Sim.Report().Count("", "fault "+string(defendersim.FaultServerError)) }
	before := struck()
	require.Eventually(s.t, func() bool { return struck() > before+1 }, wait, time.Millisecond)
	assert.Eventually(s.t, func() bool { return s.read() == s.Sink.Count()+s.repeated() }, wait, time.Millisecond,
		"the rows that the service gave should be counted")
}

// read is how many rows the receiver counts as read.
func (s *stage) read() int { return s.rows(delivered) + s.rows(duplicate) + s.rows(refused) }

// repeated is how many rows the service gave more than once.
func (s *stage) repeated() int {
	repeated := 0
	for _, table := range s.Sim.Report().Tables {
		repeated += int(table.RowsRepeated)
	}
	return repeated
}

// accounts checks the receiver's figures once it has ended: what it read is what it delivered, what it
// had delivered before, and what was refused. The emulator counts what it gave: with whole, every answer
// was read to its end.
func (s *stage) accounts(rows int, whole bool) {
	s.t.Helper()
	assert.Equal(s.t, s.Sink.Count(), s.rows(delivered), "rows that were delivered")
	if whole {
		assert.Equal(s.t, rows+s.repeated(), s.read(), "rows that were read")
		return
	}
	assert.GreaterOrEqual(s.t, s.read(), rows, "rows that were read")
}

// fault is a fault that does not make a client wait long on the machine's clock.
func fault(kind defendersim.FaultKind, rate float64) defendersim.Fault {
	f := defendersim.Fault{Kind: kind, Rate: rate}
	if kind == defendersim.FaultSlow || kind == defendersim.FaultStall {
		f.Delay = time.Millisecond
	}
	return f
}

// quickFaults are all kinds that do not make a client wait on the machine's clock.
var quickFaults = []defendersim.FaultKind{
	defendersim.FaultUnauthorized, defendersim.FaultHTML413, defendersim.FaultServerError, defendersim.FaultHTML502,
	defendersim.FaultUnavailable, defendersim.FaultGatewayTimeout, defendersim.FaultResultSize, defendersim.FaultPreempted,
	defendersim.FaultTimeout, defendersim.FaultTruncate, defendersim.FaultReset, defendersim.FaultDrop, defendersim.FaultSlow,
	defendersim.FaultStall, defendersim.FaultBadJSON, defendersim.FaultPoison, defendersim.FaultToken503,
}

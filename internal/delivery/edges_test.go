package delivery

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

func TestSizeOfARow(t *testing.T) {
	body := pcommon.NewMap()
	body.PutStr("a", "12345")
	body.PutInt("b", 7)
	body.PutEmptyBytes("c").FromRaw([]byte("123"))
	body.PutEmptyMap("d").PutStr("e", "12")
	list := body.PutEmptySlice("f")
	list.AppendEmpty().SetStr("1234")
	list.AppendEmpty().SetBool(true)
	assert.Equal(t, 6+9+4+(1+1+2)+(1+4+8), sizeOf(body))
}

// A batch is full by rows, by the bytes of rows that share calls, or by several calls' worth of large rows.
func TestFull(t *testing.T) {
	declared, _ := tables.ByName(logons)
	for name, c := range map[string]struct {
		sizes []int
		want  bool
	}{
		"empty": {nil, false}, "a row": {[]int{10}, false}, "three rows": {[]int{10, 10, 10}, true},
		"bytes": {[]int{60_000, 60_000}, true}, "a large row": {[]int{200_000}, false}, "many large bytes": {[]int{400_000, 400_000}, true},
	} {
		b := NewBatch(declared, Origin{}, "backfill", Limits{Records: 3, Bytes: 100_000})
		for n, size := range c.sizes {
			addRow(b, n, strings.Repeat("x", size))
		}
		assert.Equal(t, c.want, b.Full(), name)
		assert.Equal(t, len(c.sizes) > 0, b.Holds(uidOf(logons, 0)), name)
		assert.Equal(t, logons+"/backfill", b.id())
	}
}

// What is about the caller or the server is hardly ever about the row: it takes more refusals to believe it.
func TestRefusalsNeeded(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"bad data":          {errBad, sureAfter},
		"a size":            {errTooLarge, sureAfter},
		"invalid":           {status.Error(codes.InvalidArgument, "x"), sureAfter},
		"a token":           {errToken, 2 * sureAfter},
		"a permission":      {status.Error(codes.PermissionDenied, "x"), 2 * sureAfter},
		"a wrong address":   {status.Error(codes.Unimplemented, "x"), 2 * sureAfter},
		"a broken server":   {status.Error(codes.Unknown, "500"), 2 * sureAfter},
		"a topic of others": {errors.New("TOPIC_AUTHORIZATION_FAILED: not authorized"), 2 * sureAfter},
		"a login":           {errors.New("SASL_AUTHENTICATION_FAILED"), 2 * sureAfter},
	} {
		assert.Equal(t, c.want, refusalsNeeded(c.err), name)
	}
}

// Rows that an error names only in part are not known: all of the call are offered again.
func TestFailedRowsWithoutAnID(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.AppendEmpty().Attributes().PutStr(logrecord.AttributeUID, "a")
	assert.Equal(t, map[string]bool{"a": true}, failedRows(consumererror.NewLogs(errBusy, logs)))
	records.AppendEmpty()
	assert.Nil(t, failedRows(consumererror.NewLogs(errBusy, logs)))
	assert.Nil(t, failedRows(errBusy))
}

// A watermark is offered once, whatever becomes of it, and has the same id each time.
func TestAnnounce(t *testing.T) {
	b := newBench(t, &pipeline{}, false)
	var got []plog.Logs
	failing := error(nil)
	var err error
	b.Next, err = consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		got = append(got, logs)
		return failing
	})
	require.NoError(t, err)
	o := NewOutlet(b.Deliverer, batch(logons, 0, 0), time.Minute, nil)
	until := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	require.NoError(t, o.Announce(until, "event_time", until))
	failing = errBad
	require.ErrorIs(t, o.Announce(until, "event_time", until.Add(time.Hour)), errBad)
	require.Len(t, got, 2)
	uid := func(logs plog.Logs) string {
		record := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		assert.True(t, logrecord.IsWatermark(record))
		id, _ := record.Attributes().Get(logrecord.AttributeUID)
		return id.Str()
	}
	assert.NotEmpty(t, uid(got[0]))
	assert.Equal(t, uid(got[0]), uid(got[1]))
}

// What became of a batch is counted, also when its rows are held.
func TestOutletCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{}
		b := newBench(t, p, false)
		var counted []int
		o := NewOutlet(b.Deliverer, batch(logons, 0, 3), time.Minute, func(_ context.Context, r Result) {
			counted = append(counted, r.Count(Delivered), r.Count(Held))
		})
		_, err := o.Deliver(t.Context())
		require.NoError(t, err)
		addRow(o.Batch, 3, "")
		p.judge = func([]int) error { return errToken }
		_, err = o.Deliver(t.Context())
		require.ErrorIs(t, err, ErrRefused)
		require.ErrorContains(t, err, "deliver rows")
		assert.Equal(t, []int{3, 0, 0, 1}, counted)
		result, err := o.Deliver(t.Context())
		require.NoError(t, err)
		assert.Empty(t, result.Rows, "an empty batch needs no call")
	})
}

// Where a delivery ends early nothing is called delivered that was not.
func TestEndOfADelivery(t *testing.T) {
	full := func(*testing.T, *bench) {}
	for name, c := range map[string]struct {
		judge func([]int) error
		begin func(*testing.T, *bench)
		ctx   time.Duration // when the caller's context ends
		calls time.Duration // when that of the calls ends; 0: never
		took  time.Duration
	}{
		"before the first call": {nil, full, 0, 0, 0},
		"in a pause":            {func([]int) error { return errBusy }, full, time.Hour, 0, time.Hour},
		"while letters wait": {refuses(errBad, 1), func(t *testing.T, b *bench) {
			t.Helper()
			require.NoError(t, os.Mkdir(filepath.Join(b.letters, logons+".ndjson"), 0o700))
		}, time.Hour, 0, time.Hour},
		"cut off": {func([]int) error {
			time.Sleep(time.Minute)
			return errBad
		}, full, time.Hour, time.Second, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, &pipeline{judge: c.judge}, true)
			c.begin(t, b)
			ctx, cancel := context.WithTimeout(t.Context(), c.ctx)
			defer cancel()
			if c.calls > 0 {
				var end context.CancelFunc
				b.Calls, end = context.WithTimeout(t.Context(), c.calls)
				defer end()
			}
			began := time.Now()
			result, err := b.Deliver(ctx, batch(logons, 0, 4), 0)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, c.took, time.Since(began), name)
			assert.Equal(t, 4, result.Count(Held)+len(b.pipe.taken), name)
			assert.Zero(t, b.Refusals(logons), name)
		})
	}
}

func TestDeadLettersOfABadDisk(t *testing.T) {
	none, err := OpenDeadLetters("")
	require.NoError(t, err)
	assert.Nil(t, none, "without a directory there are none")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("a line\n"), 0o600))
	_, err = OpenDeadLetters(filepath.Join(file, "dead"))
	require.ErrorContains(t, err, "dead_letter::directory", "it is told at start")

	read, err := os.Open(file)
	require.NoError(t, err)
	require.Error(t, appendLine(read, []byte("x")), "nothing can be written")
	require.NoError(t, read.Close())
	require.Error(t, appendLine(read, []byte("x")), "the file is gone")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "a line\n", string(text))
}

// Rows that were refused on their own are offered as soon as the other lane of their table brings something. Other tables
// end a pause early only a few times, because they show nothing about many rows.
func TestTheOtherLaneEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := upTo(lastRows + 2)
		p := &pipeline{judge: refuses(errToken, bad...)}
		b := newBench(t, p, false)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := b.Deliver(ctx, batch(logons, 0, len(bad)), 0)
			ended <- err
		}()
		offered := func(more *Batch) bool {
			p.mu.Lock()
			before := len(p.calls)
			p.mu.Unlock()
			_, err := b.Deliver(t.Context(), more, 0)
			require.NoError(t, err)
			synctest.Wait() // no time passes
			p.mu.Lock()
			defer p.mu.Unlock()
			return len(p.calls) > before+1
		}
		time.Sleep(time.Hour) // each row is a suspect by now, and pauses are long
		for early := range earlyRounds + 2 {
			assert.Equal(t, early < earlyRounds, offered(batch(processes, 1000+early, 1)), "early round %d", early)
		}
		assert.True(t, offered(batch(logons, 1000, 1)))
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
}

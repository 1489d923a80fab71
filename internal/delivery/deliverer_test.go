package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

var (
	errBusy     = errors.New("busy")
	errBad      = consumererror.NewPermanent(errors.New("bad data"))
	errTooLarge = consumererror.NewPermanent(status.Error(codes.ResourceExhausted, "grpc: received message larger than max"))
	// errToken is what an OTLP exporter makes of a 401.
	errToken = consumererror.NewPermanent(status.Error(codes.Unauthenticated, "token expired"))
)

// pipeline is a fake: judge says what becomes of a call that holds these rows.
type pipeline struct {
	judge func(rows []int) error
	// drops are rows that a processor drops.
	drops func(row int) bool

	mu    sync.Mutex // guards what follows, and judge where a test changes it
	calls [][]int
	taken []int
}

// heal makes the pipeline accept everything.
func (p *pipeline) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judge = nil
}

func (*pipeline) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (p *pipeline) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	rows := numbersOf(logs)
	p.mu.Lock()
	p.calls = append(p.calls, rows)
	judge := p.judge
	p.mu.Unlock()
	if p.drops != nil {
		reach.Judged(ctx)
		if rows = slices.DeleteFunc(slices.Clone(rows), p.drops); len(rows) == 0 {
			return nil
		}
	}
	if judge != nil {
		if err := judge(rows); err != nil {
			return err
		}
	}
	reach.Passed(ctx, len(rows))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = append(p.taken, rows...)
	return nil
}

func numbersOf(logs plog.Logs) (rows []int) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				number, _ := record.Body().Map().Get("n")
				rows = append(rows, int(number.Int()))
			}
		}
	}
	return rows
}

// bench is a Deliverer with a fake pipeline.
type bench struct {
	*Deliverer

	t       *testing.T
	pipe    *pipeline
	letters string
	log     *observer.ObservedLogs

	mu      sync.Mutex // guards what follows
	waiting map[string]error
	written map[bool]int
}

// logonsWait is why rows of the logons are held.
func (b *bench) logonsWait() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting[logons]
}

// counted is how many rows were written to the dead letters, and could not be.
func (b *bench) counted() map[bool]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.written)
}

func newBench(t *testing.T, p *pipeline, keep bool) *bench {
	t.Helper()
	set := receivertest.NewNopSettings(component.MustNewType("defender"))
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	core, log := observer.New(zapcore.InfoLevel)
	b := &bench{t: t, pipe: p, log: log, waiting: map[string]error{}, written: map[bool]int{}}
	var dead *DeadLetters
	if keep {
		b.letters = filepath.Join(t.TempDir(), "dead")
		dead, err = OpenDeadLetters(b.letters)
		require.NoError(t, err)
	}
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime, retry.MaxInterval = 0, 5*time.Minute
	b.Deliverer = New(Settings{
		Next: p, Calls: t.Context(), ObsReport: obsrep, Retry: retry, DeadLetters: dead, Logger: zap.New(core),
		Waiting: func(lane string, err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.waiting[lane] = err
		},
		Letters: func(_ string, written bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.written[written]++
		},
	})
	return b
}

const patience = time.Minute

// batch holds rows numbered from first.
func batch(table string, first, n int) *Batch {
	declared, ok := tables.ByName(table)
	if !ok {
		panic(table)
	}
	b := NewBatch(declared, Origin{TenantID: "tenant"}, "", Limits{Records: 100_000, Bytes: 1 << 30})
	for i := first; i < first+n; i++ {
		addRow(b, i, "")
	}
	return b
}

func addRow(b *Batch, number int, long string) {
	body := pcommon.NewMap()
	body.PutInt("n", int64(number))
	body.PutStr("long", long)
	b.Add(body, Row{UID: uidOf(b.table.Name, number)}, time.Now())
}

func uidOf(table string, number int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", table, number))
}

const (
	logons    = "DeviceLogonEvents"
	processes = "DeviceProcessEvents"
	devices   = "DeviceInfo"
)

// refuses makes a pipeline refuse each call that holds one of these rows.
func refuses(err error, bad ...int) func([]int) error {
	return func(rows []int) error {
		if slices.ContainsFunc(rows, func(row int) bool { return slices.Contains(bad, row) }) {
			return err
		}
		return nil
	}
}

// kept are the rows in the dead letters, in order.
func (b *bench) kept() (rows []int) {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.letters, "*.ndjson"))
	require.NoError(b.t, err)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(b.t, err)
		assert.Equal(b.t, os.FileMode(0o600), info.Mode().Perm())
		text, err := os.ReadFile(file)
		require.NoError(b.t, err)
		for line := range strings.Lines(string(text)) {
			logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs([]byte(line))
			require.NoError(b.t, err)
			require.Equal(b.t, 1, logs.LogRecordCount(), "a line is a request with one row")
			rows = append(rows, numbersOf(logs)...)
		}
	}
	return rows
}

func rowsWith(r Result, outcome Outcome) (rows []int) {
	for i, o := range r.Outcomes {
		if o == outcome {
			rows = append(rows, i)
		}
	}
	return rows
}

func upTo(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// assertRows compares without printing thousands of rows.
func assertRows(t *testing.T, want, got []int, ordered bool, text string) {
	t.Helper()
	if !ordered {
		got = slices.Sorted(slices.Values(got))
	}
	if slices.Equal(want, got) {
		return
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	assert.Failf(t, "other rows", "%s: %d of %d rows; they differ at %d: %v and %v", text, len(got), len(want), i,
		want[i:min(i+5, len(want))], got[i:min(i+5, len(got))])
}

func without(rows []int, bad ...int) []int {
	return slices.DeleteFunc(rows, func(row int) bool { return slices.Contains(bad, row) })
}

// Poison rows are found among their neighbours, which are taken once and in order.
func TestPoison(t *testing.T) {
	for name, c := range map[string]struct {
		rows  int
		bad   []int
		calls int // at most
	}{
		"none":             {5000, nil, 1},
		"one":              {5000, []int{2345}, 40},
		"first":            {5000, []int{0}, 40},
		"last":             {5000, []int{4999}, 40},
		"two":              {5000, []int{17, 4711}, 70},
		"two side by side": {5000, []int{1200, 1201}, 45},
		"first six":        {5000, []int{0, 1, 2, 3, 4, 5}, 120},
	} {
		for _, keep := range []bool{true, false} {
			t.Run(fmt.Sprint(name, keep), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := &pipeline{judge: refuses(errBad, c.bad...)}
					b := newBench(t, p, keep)
					began := time.Now()
					result, err := b.Deliver(t.Context(), batch(logons, 0, c.rows), patience)
					require.NoError(t, err)
					assert.Zero(t, time.Since(began), "nothing is waited for")
					assert.Equal(t, c.bad, rowsWith(result, Refused))
					assertRows(t, without(upTo(c.rows), c.bad...), p.taken, true, "taken once, in order")
					assert.LessOrEqual(t, len(p.calls), c.calls)
					if keep {
						assert.Equal(t, c.bad, b.kept())
						assert.Equal(t, Refusals{Kept: len(c.bad)}, b.Refusals(logons))
						assert.Equal(t, len(c.bad), b.counted()[true])
					} else {
						assert.Equal(t, Refusals{Lost: len(c.bad)}, b.Refusals(logons))
					}
					for _, uid := range c.bad {
						entries := b.log.FilterField(zap.Stringer("uid", uidOf(logons, uid))).All()
						require.Len(t, entries, 1, "told once")
						assert.Empty(t, entries[0].Stack)
						assert.Contains(t, entries[0].ContextMap()["error"], "bad data")
					}
				})
			})
		}
	}
}

// A destination that refuses everything gets no row put into the dead letters, is asked little, and gets all once it
// takes data again.
func TestDestinationRefusesAll(t *testing.T) {
	for name, drops := range map[string]func(int) bool{
		"every row is an event":         nil,
		"a processor drops most of all": func(row int) bool { return row%5 != 0 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &pipeline{judge: func([]int) error { return errToken }, drops: drops}
				b := newBench(t, p, true)
				result, err := b.Deliver(t.Context(), batch(logons, 0, 5000), patience)
				require.ErrorIs(t, err, ErrDestination)
				require.ErrorIs(t, err, ErrRefused)
				assert.ErrorContains(t, err, "token expired")
				assert.Empty(t, rowsWith(result, Refused))
				assert.Empty(t, p.taken)
				assert.Empty(t, b.kept())
				assert.Zero(t, b.Refusals(logons))
				assert.Less(t, len(p.calls), 120)
				require.Error(t, b.logonsWait())
				assert.Equal(t, 1, b.log.Len(), "one cause is one line")

				p.heal()
				p.taken = nil
				again := NewBatch(batch(logons, 0, 0).table, Origin{TenantID: "tenant"}, "", Limits{Records: 100_000, Bytes: 1 << 30})
				for row, outcome := range result.Outcomes {
					if outcome == Held {
						addRow(again, row, "")
					}
				}
				result, err = b.Deliver(t.Context(), again, patience)
				require.NoError(t, err)
				assert.Empty(t, rowsWith(result, Refused))
				want := upTo(5000)
				if drops != nil {
					want = slices.DeleteFunc(want, drops)
				}
				assertRows(t, want, p.taken, true, "everything, once and in order")
				assert.NoError(t, b.logonsWait())
			})
		})
	}
}

// A full batch is held for as long as it takes: reading it again would bring nothing new.
func TestFullBatchIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &pipeline{judge: func([]int) error {
			if time.Since(began) < 3*time.Hour {
				return errToken
			}
			return nil
		}}
		b := newBench(t, p, false)
		full := batch(logons, 0, 5000)
		full.limits.Records = 5000
		_, err := b.Deliver(t.Context(), full, patience)
		require.NoError(t, err)
		assertRows(t, upTo(5000), p.taken, true, "all")
		assert.Zero(t, b.Refusals(logons))
		assert.Less(t, len(p.calls), 300, "a few calls a round")
		rows := 0
		for _, call := range p.calls {
			rows += len(call)
		}
		assert.Less(t, rows, 30_000, "rounds try single rows, not the whole batch")
	})
}

// A token that expires while poison is looked for makes nobody poison.
func TestTokenExpiresInTheMiddle(t *testing.T) {
	for after := 1; after < 60; after++ {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{}
			b := newBench(t, p, true)
			var expired time.Time
			p.judge = func(rows []int) error {
				if len(p.calls) == after {
					expired = time.Now()
				}
				if !expired.IsZero() && time.Since(expired) < 30*time.Second {
					return consumererror.NewPermanent(errors.New("no reason"))
				}
				return refuses(errBad, 77, 300)(rows)
			}
			result, err := b.Deliver(t.Context(), batch(logons, 0, 512), patience)
			require.NoError(t, err)
			assert.Equal(t, []int{77, 300}, rowsWith(result, Refused), "expired at call %d", after)
			assertRows(t, without(upTo(512), 77, 300), p.taken, false, "once")
		})
	}
}

// A balancer with one backend that does not know the token refuses every other call, whatever is in it.
func TestFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{}
		b := newBench(t, p, true)
		p.judge = func([]int) error {
			if len(p.calls)%2 == 1 {
				return errToken
			}
			return nil
		}
		for first := 0; first < 3000; first += 30 {
			_, err := b.Deliver(t.Context(), batch(logons, first, 30), patience)
			require.NoError(t, err)
		}
		assertRows(t, upTo(3000), p.taken, false, "once")
		assert.Zero(t, b.Refusals(logons))
	})
}

// A destination that refuses a share of all calls, whatever is in them, such as an overloaded one or a balancer with
// several broken backends, refuses no row for what it is.
func TestMoodyDestination(t *testing.T) {
	errServer := consumererror.NewPermanent(status.Error(codes.Unknown, "responded with HTTP Status Code 500"))
	for name, c := range map[string]struct {
		err   error
		share float64
	}{
		"some 400": {errBad, 0.2}, "half 400": {errBad, 0.5}, "most 400": {errBad, 0.8},
		"some 401": {errToken, 0.2}, "half 401": {errToken, 0.5}, "most 401": {errToken, 0.8}, "nearly all 401": {errToken, 0.9},
		"some 500": {errServer, 0.2}, "half 500": {errServer, 0.5}, "most 500": {errServer, 0.8}, "nearly all 500": {errServer, 0.9},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 1))
				p := &pipeline{judge: func([]int) error {
					if random.Float64() < c.share {
						return c.err
					}
					return nil
				}}
				b := newBench(t, p, true)
				for first := 0; first < 3000; first += 100 {
					_, err := b.Deliver(t.Context(), batch(logons, first, 100), 0)
					require.NoError(t, err)
				}
				assert.Zero(t, b.Refusals(logons))
				assertRows(t, upTo(3000), p.taken, false, "once")
			})
		})
	}
}

// A row is still found out by a destination that refuses every other call besides.
func TestPoisonInMoodyDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 1))
		p := &pipeline{judge: func(rows []int) error {
			if slices.Contains(rows, 1234) || random.Float64() < 0.5 {
				return errBad
			}
			return nil
		}}
		b := newBench(t, p, true)
		for first := 0; first < 3000; first += 100 {
			_, err := b.Deliver(t.Context(), batch(logons, first, 100), 0)
			require.NoError(t, err)
		}
		assert.Equal(t, Refusals{Kept: 1}, b.Refusals(logons))
		assert.Equal(t, []int{1234}, b.kept())
		assertRows(t, without(upTo(3000), 1234), p.taken, false, "once")
	})
}

// A table whose batch ends with a row that is too large is not held by it, though no other table brings anything.
func TestLargeRowAtTheEndOfAFullBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{judge: refuses(errTooLarge, 1)}
		b := newBench(t, p, true)
		declared, _ := tables.ByName(logons)
		of := func(rows ...int) *Batch {
			made := NewBatch(declared, Origin{}, "", Limits{Records: 2, Bytes: 1 << 20})
			for _, row := range rows {
				size := 100
				if row == 1 {
					size = 2 << 20
				}
				addRow(made, row, strings.Repeat("x", size))
			}
			return made
		}
		full := of(0, 1)
		require.True(t, full.Full())
		_, err := b.Deliver(t.Context(), full, patience)
		require.ErrorIs(t, err, ErrRefused)
		assert.Equal(t, []int{0}, p.taken)

		again := of(1)
		assert.False(t, again.Full(), "there is room for rows beside it")
		addRow(again, 2, "")
		addRow(again, 3, "")
		result, err := b.Deliver(t.Context(), again, patience)
		require.NoError(t, err)
		assert.Equal(t, []int{0}, rowsWith(result, Refused))
		assert.Equal(t, []int{1}, b.kept())
		assert.Equal(t, []int{0, 2, 3}, p.taken)
	})
}

// Two rows show too little about each other: what the next poll brings decides.
// A destination that takes only small calls, and not one of the rows, is in no mood: the row is found out at once.
func TestSmallCallsOnly(t *testing.T) {
	const large = 90
	p := &pipeline{judge: func(rows []int) error {
		if len(rows) > 1 || slices.Contains(rows, large) {
			return errTooLarge
		}
		return nil
	}}
	b := newBench(t, p, true)
	result, err := b.Deliver(t.Context(), batch(logons, 0, 200), patience)
	require.NoError(t, err)
	assert.Equal(t, []int{large}, rowsWith(result, Refused))
	assert.Len(t, p.taken, 199)
	alone := 0
	for _, call := range p.calls {
		if slices.Equal(call, []int{large}) {
			alone++
		}
	}
	assert.LessOrEqual(t, alone, 2*sureAfter, "how often the row is offered")
}

func TestTwoRows(t *testing.T) {
	for _, bad := range []int{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{judge: refuses(errBad, bad)}
			b := newBench(t, p, true)
			_, err := b.Deliver(t.Context(), batch(logons, 0, 2), patience)
			require.ErrorIs(t, err, ErrRefused)
			assert.Equal(t, []int{1 - bad}, p.taken)
			next := batch(logons, bad, 1)
			addRow(next, 2, "")
			result, err := b.Deliver(t.Context(), next, patience)
			require.NoError(t, err)
			assert.Equal(t, []int{0}, rowsWith(result, Refused))
			assert.Equal(t, []int{1 - bad, 2}, p.taken)
		})
	}
}

// A table that brings one row only, and that row is poison: other tables show it, and without them the next poll does.
func TestLoneRow(t *testing.T) {
	t.Run("others are accepted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{judge: refuses(errBad, 1000)}
			b := newBench(t, p, true)
			done := make(chan Result)
			go func() {
				result, err := b.Deliver(t.Context(), batch(logons, 1000, 1), time.Hour)
				assert.NoError(t, err)
				done <- result
			}()
			synctest.Wait()
			began := time.Now()
			for i := range 2 {
				assert.Empty(t, b.kept(), "not sure yet")
				_, err := b.Deliver(t.Context(), batch(processes, i, 1), patience)
				require.NoError(t, err)
				synctest.Wait()
			}
			result := <-done
			assert.Zero(t, time.Since(began), "who waits is woken up")
			assert.Equal(t, []int{0}, rowsWith(result, Refused))
			assert.Equal(t, []int{1000}, b.kept())
		})
	})
	t.Run("directories show nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{judge: refuses(errBad, 1000)}
			b := newBench(t, p, true)
			ended := make(chan error)
			go func() {
				_, err := b.Deliver(t.Context(), batch(logons, 1000, 1), patience)
				ended <- err
			}()
			for i := range 10 {
				_, err := b.Deliver(t.Context(), batch(devices, i, 1), patience)
				require.NoError(t, err)
				time.Sleep(time.Second)
			}
			require.ErrorIs(t, <-ended, ErrRefused)
			assert.Empty(t, b.kept())
		})
	})
	t.Run("nothing else comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{judge: refuses(errBad, 1000)}
			b := newBench(t, p, true)
			began := time.Now()
			_, err := b.Deliver(t.Context(), batch(logons, 1000, 1), patience)
			require.ErrorIs(t, err, ErrRefused)
			assert.ErrorContains(t, err, uidOf(logons, 1000).String())
			assert.Equal(t, patience, time.Since(began))
			assert.Empty(t, b.kept())
			result, err := b.Deliver(t.Context(), batch(logons, 1000, 4), patience)
			require.NoError(t, err)
			assert.Equal(t, []int{0}, rowsWith(result, Refused))
			assert.Equal(t, []int{1001, 1002, 1003}, p.taken)
		})
	})
}

// A topic without permission to write: its rows do not become dead letters because other topics work.
func TestOneTableIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{judge: func(rows []int) error {
			if rows[0] >= 1000 {
				return errBad
			}
			return nil
		}}
		b := newBench(t, p, true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for i := range 1000 {
				if ctx.Err() != nil {
					return
				}
				_, _ = b.Deliver(ctx, batch(processes, i, 1), patience)
				time.Sleep(time.Second)
			}
		}()
		refused := 0
		for row := 1000; row < 1030; row++ {
			result, err := b.Deliver(ctx, batch(logons, row, 1), patience)
			refused += result.Count(Refused)
			assert.Equal(t, row >= 1000+lastRows, errors.Is(err, ErrRefused), "%d: %v", row, err)
		}
		_, err := b.Deliver(ctx, batch(logons, 1100, 500), patience)
		require.ErrorIs(t, err, ErrDestination)
		assert.Len(t, b.kept(), lastRows)

		p.heal()
		_, err = b.Deliver(ctx, batch(logons, 1100, 500), patience)
		require.NoError(t, err)
	})
}

// What is refused for the moment is held, and what only one row is the cause of does not hold up its neighbours.
func TestForTheMoment(t *testing.T) {
	t.Run("the same call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{}
			p.judge = func([]int) error {
				if len(p.calls) <= 3 {
					return errBusy
				}
				return nil
			}
			b := newBench(t, p, false)
			_, err := b.Deliver(t.Context(), batch(logons, 0, 20), patience)
			require.NoError(t, err)
			assert.Equal(t, upTo(20), p.taken)
			assert.Len(t, p.calls[0], 20)
			assert.Len(t, p.calls[1], 20)
		})
	})
	t.Run("an outage", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			p := &pipeline{judge: func([]int) error {
				if time.Since(began) < 2*time.Hour {
					return errBusy
				}
				return nil
			}}
			b := newBench(t, p, false)
			_, err := b.Deliver(t.Context(), batch(logons, 0, 5000), patience)
			require.NoError(t, err)
			assertRows(t, upTo(5000), p.taken, true, "all")
			assert.Less(t, len(p.calls), 600)
		})
	})
	t.Run("one row", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{judge: refuses(errBusy, 40)}
			b := newBench(t, p, true)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			result, err := b.Deliver(ctx, batch(logons, 0, 100), patience)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, []int{40}, rowsWith(result, Held), "never poison: it is for the moment")
			assert.Equal(t, without(upTo(100), 40), p.taken, "its neighbours once")
			assert.Empty(t, b.kept())
			assert.ErrorContains(t, b.logonsWait(), uidOf(logons, 40).String())
			assert.LessOrEqual(t, b.log.Len(), 3)
		})
	})
	t.Run("one row for its size", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &pipeline{judge: refuses(errors.New("one log record size is greater than max size"), 40)}
			b := newBench(t, p, true)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			result, err := b.Deliver(ctx, batch(logons, 0, 100), patience)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, []int{40}, rowsWith(result, Held))
			assert.Equal(t, without(upTo(100), 40), p.taken)
			assert.Len(t, p.calls[1], 50, "it is split at once")
		})
	})
	t.Run("no retries", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, &pipeline{judge: func([]int) error { return errBusy }}, false)
			b.Retry.Enabled = false
			result, err := b.Deliver(t.Context(), batch(logons, 0, 20), patience)
			require.ErrorIs(t, err, ErrRefused)
			assert.Equal(t, 20, result.Count(Held))
			assert.Len(t, b.pipe.calls, 1)
		})
	})
}

// An error that carries the records that failed says that the others were taken.
func TestFailedRecordsAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{}
		b := newBench(t, p, false)
		rows := batch(logons, 0, 50)
		part := rows.part(span{from: 10, to: 12})
		p.judge = func([]int) error {
			if len(p.calls) == 1 {
				return fmt.Errorf("export: %w", consumererror.NewLogs(errBusy, part))
			}
			return nil
		}
		result, err := b.Deliver(t.Context(), rows, patience)
		require.NoError(t, err)
		assert.Equal(t, 50, result.Count(Delivered))
		assert.Equal(t, []int{10, 11}, p.taken, "the fake did not count the part of the first call")
		assert.Len(t, p.calls, 2)
	})
}

// Large rows travel alone, and calls are bounded in bytes.
func TestCallsAreCut(t *testing.T) {
	p := &pipeline{}
	b := newBench(t, p, false)
	rows := batch(logons, 0, 0)
	rows.limits = Limits{Records: 100, Bytes: 40 << 10}
	for i := range 9 {
		long := 10 << 10
		if i == 2 {
			long = largeRow
		}
		addRow(rows, i, strings.Repeat("x", long))
	}
	_, err := b.Deliver(t.Context(), rows, patience)
	require.NoError(t, err)
	assert.Equal(t, [][]int{{0, 1}, {2}, {3, 4, 5, 6}, {7, 8}}, p.calls)
}

// Kafka takes the small messages of a call that it refuses. Once that was seen, rows of that size travel alone.
func TestSizesAreLearned(t *testing.T) {
	p := &pipeline{judge: refuses(consumererror.NewPermanent(errors.New("MESSAGE_TOO_LARGE")), 5)}
	b := newBench(t, p, true)
	fill := func() *Batch {
		rows := batch(logons, 0, 0)
		for i := range 20 {
			addRow(rows, i, strings.Repeat("x", 100+i%2*3000))
		}
		return rows
	}
	_, err := b.Deliver(t.Context(), fill(), patience)
	require.NoError(t, err)
	assert.Equal(t, []int{5}, b.kept())
	p.calls = nil
	_, err = b.Deliver(t.Context(), fill(), patience)
	require.NoError(t, err)
	for _, call := range p.calls {
		assert.False(t, len(call) > 1 && slices.ContainsFunc(call, func(row int) bool { return row%2 == 1 }), "%v", call)
	}
}

// Refused rows that cannot be kept are held, not lost, and the line after a broken one is whole.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{judge: refuses(errBad, 3)}
		b := newBench(t, p, true)
		file := filepath.Join(b.letters, logons+".ndjson")
		require.NoError(t, os.Mkdir(file, 0o700), "a directory in the file's place")
		done := make(chan Result)
		go func() {
			result, err := b.Deliver(t.Context(), batch(logons, 0, 10), patience)
			assert.NoError(t, err)
			done <- result
		}()
		time.Sleep(10 * time.Minute)
		require.ErrorContains(t, b.logonsWait(), "keep refused rows")
		assert.Equal(t, map[bool]int{false: 1}, b.counted())
		assert.Zero(t, b.Refusals(logons))
		require.NoError(t, os.Remove(file))
		result := <-done
		assert.Equal(t, []int{3}, rowsWith(result, Refused))
		assert.Equal(t, []int{3}, b.kept())
		assert.NoError(t, b.logonsWait())
	})
}

// A call that lasts long is told, and so is its end.
func TestStalledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipeline{judge: func([]int) error {
			time.Sleep(5 * time.Minute)
			return nil
		}}
		b := newBench(t, p, false)
		go func() {
			time.Sleep(2 * time.Minute)
			assert.ErrorIs(t, b.logonsWait(), errStalled)
		}()
		_, err := b.Deliver(t.Context(), batch(logons, 0, 10), patience)
		require.NoError(t, err)
		assert.NoError(t, b.logonsWait())
		assert.Equal(t, 2, b.log.Len())
	})
}

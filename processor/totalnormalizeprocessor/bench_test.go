package totalnormalizeprocessor

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// BenchmarkNormalize sends calls of 1000 rows of one table of the emulator's tenant, all of which become events, in
// three ways:
//
//	ours       the processor
//	build      the same logs built of values that are all known
//	transform  the transform processor with a statement a field, and groupbyattrs behind it; it is told who acted
//
// Each call is one of later rows than the call before: an event that comes after a later one is marked, which is more to do.
//
// cpu-ns/record is the time of the CPU, so that a busy machine does not change it. Neither the copy that a processor
// needs which changes its input nor the garbage collector is in it: allocs/record stands for the latter.
func BenchmarkNormalize(b *testing.B) {
	company := newTenantRows(b, 2_000_000)
	directories := company.directories(b)
	for _, table := range tables.All() {
		if table.Event == nil {
			continue
		}
		call := company.people(b, directories, table.Name, recordsPerCall)
		b.Run("table="+table.Name, func(b *testing.B) {
			nop := consumertest.NewNop()
			b.Run("way=ours", func(b *testing.B) { benchConsumer(b, oursTo(b, nop, directories), call) })
			events := normalized(b, directories, call)
			b.Run("way=build", func(b *testing.B) {
				build := newBuilder(events)
				benchCalls(b, func() plog.Logs { return plog.Logs{} }, func(plog.Logs) error { return nop.ConsumeLogs(b.Context(), build.build()) })
			})
			b.Run("way=transform", func(b *testing.B) {
				benchConsumer(b, transformTo(b, nop, table.Name), knownTo(b, call, events))
			})
		})
	}
}

const recordsPerCall = 1000

func benchConsumer(b *testing.B, c consumer.Logs, call plog.Logs) {
	b.Helper()
	input := func() plog.Logs { return later(call) }
	if c.Capabilities().MutatesData {
		input = func() plog.Logs { return copied(later(call)) }
	}
	consume := func(logs plog.Logs) error { return c.ConsumeLogs(b.Context(), logs) }
	require.NoError(b, consume(input())) // what is remembered from call to call is
	benchCalls(b, input, consume)
}

// later moves the records of a call on to the next hour, and returns it.
func later(call plog.Logs) plog.Logs {
	for _, resource := range call.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				record.SetTimestamp(record.Timestamp() + pcommon.Timestamp(time.Hour))
			}
		}
	}
	return call
}

// benchCalls measures what is done with each input.
func benchCalls(b *testing.B, input func() plog.Logs, do func(plog.Logs) error) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const callsPerCollection = 16 // each one throws the caches of the CPU out
	var spent cpuTime
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		logs := input()
		if i%callsPerCollection == 0 {
			runtime.GC()
		}
		before := threadTime()
		b.StartTimer()
		if err := do(logs); err != nil {
			b.Fatal(err)
		}
		spent += threadTime() - before
	}
	b.ReportMetric(float64(spent)/float64(b.N)/recordsPerCall, "cpu-ns/record")
	b.ReportMetric(allocations(b, input, do)/recordsPerCall, "allocs/record")
}

// allocations is how many an input takes.
func allocations(tb testing.TB, input func() plog.Logs, do func(plog.Logs) error) float64 {
	tb.Helper()
	logs := input()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := do(logs)
	runtime.ReadMemStats(&after)
	require.NoError(tb, err)
	return float64(after.Mallocs - before.Mallocs)
}

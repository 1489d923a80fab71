package ledger

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// numbered is a row id, another one for each number, as evenly spread as those of rows.
func numbered(n uint64) uuid.UUID {
	const odd = 0x9e3779b97f4a7c15
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], n*odd)
	binary.BigEndian.PutUint64(id[8:], (n^odd)*odd)
	return id
}

// filled is a ledger that has delivered rows within a day, evenly, up to its end, and stored them.
func filled(b *testing.B, k *Keeper, rows int, end time.Time) *Ledger {
	b.Helper()
	const day = 24 * time.Hour
	l := Begin(k, "T", "ingestion_time", "", end.Add(-day))
	const write = 50_000
	for i := range rows {
		at := end.Add(-day).Add(time.Duration(i) * (day / time.Duration(rows)))
		l.Deliver(numbered(uint64(i)), at)
		if i%write == write-1 {
			l.Advance(at)
			l.Forget(time.Minute, end.Add(-day))
			require.NoError(b, l.Keep(time.Now()))
			require.NoError(b, k.store(b.Context(), endOfTime))
		}
	}
	return l
}

// BenchmarkCheckpoint stores a page of new rows of a table that has delivered as many in a day, in a file, with fsync.
func BenchmarkCheckpoint(b *testing.B) {
	const page = 5_000
	for _, rows := range []int{100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprintf("ids=%d", rows), func(b *testing.B) {
			client := fileStorage(b)
			k := NewKeeper(client, tenant, 0, func(int, error) {})
			end := time.Date(2026, 11, 21, 10, 2, 0, 0, time.UTC)
			l := filled(b, k, rows, end)
			n := uint64(rows)
			b.ReportAllocs()
			for b.Loop() {
				for range page {
					l.Deliver(numbered(n), end)
					n++
				}
				l.Advance(end)
				require.NoError(b, l.Keep(time.Now()))
				require.NoError(b, k.store(b.Context(), endOfTime))
			}
			b.ReportMetric(page, "rows/op")
		})
	}
}

// fileStorage is the storage of the shipped configurations.
func fileStorage(b *testing.B) storage.Client {
	b.Helper()
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory, config.FSync = b.TempDir(), true
	extension, err := factory.Create(b.Context(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(b, err)
	require.NoError(b, extension.Start(b.Context(), componenttest.NewNopHost()))
	b.Cleanup(func() { require.NoError(b, extension.Shutdown(b.Context())) })
	client, err := extension.(storage.Extension).GetClient(b.Context(), component.KindReceiver, component.MustNewID("defender"), "")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, client.Close(b.Context())) })
	return client
}

// BenchmarkOverlap gives the memory of the rows of an hour, which are read again by event time, of 10 million a day.
func BenchmarkOverlap(b *testing.B) {
	const rows = 10_000_000 / 24
	b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
		end := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
		var kept float64
		for b.Loop() {
			k := newKeeper(collector.NewStorage(), 0)
			before := onHeap()
			l := Begin(nil, "T", "event_time", "", end.Add(-time.Hour))
			for i := range rows {
				at := end.Add(-time.Hour).Add(time.Duration(i) * (time.Hour / rows))
				l.Deliver(numbered(uint64(i)), at)
			}
			l.Advance(end)
			require.NoError(b, l.Keep(end))
			kept = float64(onHeap()-before) / 1e6
			runtime.KeepAlive(l)
			runtime.KeepAlive(k)
		}
		b.ReportMetric(kept, "heap-MB")
	})
}

// onHeap is what is in use after a collection.
func onHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

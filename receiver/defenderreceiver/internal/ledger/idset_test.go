package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func randomID(r *rand.Rand) (id uuid.UUID) {
	binary.LittleEndian.PutUint64(id[:], r.Uint64())
	binary.LittleEndian.PutUint64(id[8:], r.Uint64())
	return id
}

func TestIDSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var set idSet
	require.False(t, set.has(uuid.UUID{}))
	known := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for range 5_000 {
		id := randomID(r)
		switch r.IntN(6) {
		case 0:
			id = uuid.UUID{15: byte(r.IntN(256))} // often twice, and all at the beginning
		case 1:
			id = uuid.UUID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 15: byte(r.IntN(256))} // all at the end
		}
		require.Equal(t, known[id], set.has(id))
		set.add(id)
		known[id] = true
		ids = append(ids, id)
		require.Equal(t, len(known), set.len())
		require.True(t, set.has(ids[r.IntN(len(ids))]))
	}
	for id := range known {
		require.True(t, set.has(id))
		id[r.IntN(len(id))] ^= 1 << r.IntN(8)
		require.Equal(t, known[id], set.has(id), "an id that differs in one bit")
	}
}

// A quarter of an hour of overlap of a tenant of ten million rows a day: an hour is below 8 MB.
func TestHeapOfOverlap(t *testing.T) {
	const rows, most = 10_000_000 / 24 / 4, 8_000_000 / 4
	r := rand.New(rand.NewPCG(1, 2))
	from := time.Date(2026, 3, 15, 8, 0, 0, 0, time.UTC)
	before := onHeap()
	l := Begin(nil, "DeviceEvents", "event_time", "", from)
	for i := range rows {
		// The rows of a poll come from several bins at once.
		l.Deliver(randomID(r), from.Add(15*time.Minute*time.Duration(i)/rows+time.Duration(r.IntN(5))*time.Minute))
		if i%1000 == 0 {
			require.NoError(t, l.Keep(from))
		}
	}
	require.NoError(t, l.Keep(from))
	held := int64(onHeap()) - int64(before)
	t.Logf("%.1f MB, %.1f bytes a row", float64(held)/1e6, float64(held)/rows)
	assert.Less(t, held, int64(most))
	runtime.KeepAlive(l)
}

func BenchmarkRecent(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 3))
	at := time.Date(2026, 3, 15, 8, 0, 0, 0, time.UTC)
	const rows = 35_000 // of a bin at ten million rows a day
	ids := make([]uuid.UUID, rows)
	for i := range ids {
		ids[i] = randomID(r)
	}
	for b.Loop() {
		known := recent{}
		for _, id := range ids {
			if !known.has(BinOf(at), id) {
				known.remember(BinOf(at), id)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

package defenderstoragereceiver

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// dayVariable is how many MB the day of the test below has. A large tenant exports 30 GB.
const dayVariable = "STORAGE_DAY_MB"

// A day of a large tenant in small: 20 tables of very different sizes, 24 hours, appends of 36 KB. It tells the pace, the
// memory beside the account's and the requests.
func TestDayOfALargeTenant(t *testing.T) {
	const tablesOfDay, hours, block = 20, 24, 36 << 10
	megabytes := 2
	if text := os.Getenv(dayVariable); text != "" {
		var err error
		megabytes, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	s := newStage(t, blobs.Config{})
	written, bytes := 0, 0
	today := time.Now().UTC().Truncate(time.Hour)
	for i := range tablesOfDay {
		share := megabytes << 20 >> (1 + i) // half of it is one table's
		for h := range hours {
			name := blobOf(tenantA, today.Add(-time.Duration(h)*time.Hour))
			for left := max(share/hours, 1); left > 0; {
				var text strings.Builder
				for text.Len() < min(block, left) {
					text.WriteString(line(tenantA, "DeviceEvents", written))
					written++
				}
				left -= text.Len()
				bytes += text.Len()
				s.account.Append(export.Container("Table"+strconv.Itoa(i)), name, []byte(text.String()))
			}
		}
	}
	var taken atomic.Int64
	s.next, _ = consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		taken.Add(int64(logs.LogRecordCount()))
		return nil
	})
	before := heap()
	began, most := time.Now(), uint64(0)
	s.start(func(c *Config) { c.InitialLookback = 0 })
	require.Eventually(t, func() bool {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		return taken.Load() >= int64(written)
	}, 10*testbed.Wait, 20*time.Millisecond)
	took := time.Since(began)
	require.EqualValues(t, written, taken.Load())
	lists, reads := 0, 0
	for _, call := range s.account.Calls() {
		if call.Operation == blobs.Read {
			reads++
		} else {
			lists++
		}
	}
	assert.LessOrEqual(t, reads, tablesOfDay*hours+bytes/(4<<20)+tablesOfDay*hours/2, "a read for each blob, and one for each part of a larger one")
	t.Logf("%d rows, %.0f MB in %s: %.1f MB/s; %d lists, %d reads; %.0f MB of heap in use at most, beside %.0f MB of the account",
		written, float64(bytes)/(1<<20), took.Round(time.Millisecond), float64(bytes)/(1<<20)/took.Seconds(), lists, reads,
		(float64(most)-float64(before))/(1<<20), float64(before)/(1<<20))
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

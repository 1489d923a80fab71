package defenderstoragereceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// The export writes rows again, in the same blob and in the next.
func TestRepeats(t *testing.T) {
	write := func(s *stage) {
		for range 4 {
			s.write(epoch, lines(table, 0, 50))
		}
		s.write(epoch.Add(-time.Hour), lines(table, 0, 50))
	}
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		write(s)
		s.start(nil)
		wait(time.Minute)
		s.exactly(50)
		assert.Equal(t, 200, s.metrics.Sum("otelcol_receiver_defender_storage_rows", "outcome", "duplicate"))
		assert.Equal(t, 50, s.metrics.Sum("otelcol_receiver_defender_storage_rows", "outcome", "delivered"))
		wait(3 * time.Hour)
		s.write(epoch, lines(table, 0, 1)) // after the window
		wait(6 * time.Minute)
		assert.Equal(t, 51, s.sink.Count())
	})
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		write(s)
		s.start(func(c *Config) { c.Deduplicate.Window = 0 })
		wait(time.Minute)
		assert.Equal(t, 250, s.sink.Count())
		uids := map[string]int{}
		for _, r := range s.sink.Records() {
			uids[r.UID]++
		}
		assert.Len(t, uids, 50, "a row that comes again has the same uid")
	})
}

// The same rows have the same bodies and uids as through Event Hubs.
func TestSameAsThroughEventHubs(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		text := lines(table, 0, 20)
		s.write(epoch, text)
		s.start(nil)
		wait(time.Minute)

		encoding, err := defenderstreamingencodingextension.NewFactory().Create(t.Context(),
			extensiontest.NewNopSettings(defenderstreamingencodingextension.NewFactory().Type()), nil)
		require.NoError(t, err)
		logs, err := encoding.(plog.Unmarshaler).UnmarshalLogs([]byte(text))
		require.NoError(t, err)
		want := collector.Records(logs)
		got := s.sink.Records()
		require.Len(t, got, len(want))
		for i := range want {
			assert.Equal(t, want[i].UID, got[i].UID)
			assert.Equal(t, want[i].Body(), got[i].Body())
			assert.Equal(t, want[i].Log.EventName(), got[i].Log.EventName())
			assert.Equal(t, want[i].Log.Attributes().AsRaw(), got[i].Log.Attributes().AsRaw())
			assert.Equal(t, want[i].Log.Timestamp(), got[i].Log.Timestamp())
			assert.Equal(t, logrecord.SourceStreamingAPI, collector.Attribute(got[i].Log, logrecord.AttributeSource))
		}
	})
}

// An unchanged account: the requests of an hour are those of the README's formula.
func TestRequestsOfAnHour(t *testing.T) {
	const containers, hours = 5, 168
	inTime(t, blobs.Config{PageMost: 100}, func(t *testing.T, s *stage) {
		t.Helper()
		for i := range containers {
			name := export.Container("Table" + string(rune('a'+i)))
			for h := range hours {
				s.account.Append(name, blobOf(tenantA, epoch.Add(-time.Duration(h)*time.Hour)), []byte(line(tenantA, "DeviceEvents", i*hours+h)))
			}
		}
		s.start(func(c *Config) { c.InitialLookback = 0 })
		wait(20 * time.Minute)
		require.Equal(t, containers*hours, s.sink.Count())
		s.account.ForgetCalls()
		wait(20 * time.Minute) // within an hour's blob
		lists, blobLists, reads, bytes := 0, 0, 0, 0
		for _, call := range s.account.Calls() {
			switch call.Operation {
			case blobs.ListContainers:
				lists++
			case blobs.ListBlobs:
				blobLists++
			case blobs.Read:
				reads++
				bytes += call.Bytes
			case blobs.Write:
			}
		}
		const pages = 2 // of 100 blobs
		assert.InDelta(t, 4, lists, 1)
		assert.InDelta(t, 4*containers*pages, blobLists, containers*pages)
		assert.LessOrEqual(t, reads, 2*20*2*containers, "no more than two for each container and tail_interval")
		assert.LessOrEqual(t, reads, 20*2*containers+containers, "one, while no hour has just begun")
		assert.Zero(t, bytes)
	})
}

// The parts of several receivers are all, and no blob is read by two of them.
func TestShards(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		for i := range 40 {
			s.write(epoch.Add(-time.Duration(i%20)*time.Hour), line(tenantA, table, i))
		}
		stop := s.start(func(c *Config) { c.Shard = ShardConfig{Index: 0, Of: 2} })
		wait(time.Minute)
		first := s.sink.Count()
		assert.Greater(t, first, 4)
		assert.Less(t, first, 36)
		stop()
		s.storage = collector.NewStorage()
		s.start(func(c *Config) { c.Shard = ShardConfig{Index: 1, Of: 2} })
		wait(time.Minute)
		s.exactly(40)
	})
}

// Several receivers may share an account by containers or by tenants.
func TestSelection(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		n := 0
		for _, tenant := range []string{tenantA, tenantB} {
			for _, name := range []string{"DeviceEvents", "DeviceInfo"} {
				s.account.Append(export.Container(name), blobOf(tenant, epoch), []byte(line(tenant, name, n)))
				n++
			}
		}
		s.account.Append("unrelated", "x", []byte("y\n"))
		for name, c := range map[string]struct {
			change func(*Config)
			want   map[int]int
		}{
			"all":       {func(*Config) {}, map[int]int{0: 1, 1: 1, 2: 1, 3: 1}},
			"container": {func(c *Config) { c.Containers = []string{export.Container("DeviceInfo")} }, map[int]int{1: 1, 3: 1}},
			"excluded":  {func(c *Config) { c.ExcludeContainers = []string{export.Container("DeviceInfo")} }, map[int]int{0: 1, 2: 1}},
			"tenant":    {func(c *Config) { c.Tenants = []string{tenantB} }, map[int]int{2: 1, 3: 1}},
			"tenants":   {func(c *Config) { c.Tenants = []string{tenantB, tenantA} }, map[int]int{0: 1, 1: 1, 2: 1, 3: 1}},
			"not yet":   {func(c *Config) { c.Containers = []string{export.Container("EmailEvents")} }, map[int]int{}},
		} {
			s.storage, s.sink = collector.NewStorage(), &collector.Sink{}
			stop := s.start(c.change)
			wait(time.Minute)
			assert.Equal(t, c.want, numbers(s.sink.Records()), name)
			stop()
		}
		assert.True(t, s.status.OK())
	})
}

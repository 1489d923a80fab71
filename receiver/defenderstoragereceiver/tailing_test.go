package defenderstoragereceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

func TestTails(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 10))
		stop := s.start(nil)
		wait(time.Second)
		s.exactly(10)

		whole := lines(table, 10, 20)
		s.write(epoch, whole[:len(whole)-100]) // torn within the last line
		wait(time.Minute)
		s.exactly(19)
		s.write(epoch, whole[len(whole)-100:])
		wait(time.Minute)
		s.exactly(20)
		stop()

		s.write(epoch, lines(table, 20, 25))
		s.start(nil)
		wait(time.Second)
		s.exactly(25)
		for _, call := range s.account.Calls() {
			assert.Equal(t, "GET", call.Method)
		}
		assert.True(t, s.status.OK())
		assert.Zero(t, s.logs.Len(), "%v", s.logs.All())
	})
}

// A closed hour grows on. Its blob is no hot one, so lists find that.
func TestClosedHourGrows(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 3))
		s.start(nil)
		wait(13 * time.Hour)
		s.exactly(3)
		s.write(epoch, lines(table, 3, 5))
		wait(6 * time.Minute)
		s.exactly(5)
	})
}

// A blob that was deleted and made again is read from its beginning, whether it is smaller or larger than what was read.
func TestRecreatedBlob(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		next := 0
		put := func(n int) {
			s.write(epoch, lines(table, next, next+n))
			next += n
		}
		put(10)
		s.start(nil)
		for _, n := range []int{2, 5, 30, 30} {
			wait(7 * time.Minute)
			s.exactly(next)
			s.account.Remove(export.Container(table), blobOf(tenantA, epoch))
			put(n)
		}
		wait(7 * time.Minute)
		s.exactly(next)
		assert.Equal(t, 4, s.metrics.Sum("otelcol_receiver_defender_storage_recreated_blobs", "table", table))
		assert.Zero(t, s.metrics.Sum("otelcol_receiver_defender_storage_lost_bytes", "table", table))
	})
}

// A restart finds that a blob was made again in the meantime.
func TestRecreatedWhileDown(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 10))
		stop := s.start(nil)
		wait(time.Minute)
		stop()
		s.account.Remove(export.Container(table), blobOf(tenantA, epoch))
		wait(2 * time.Second)
		s.write(epoch, lines(table, 10, 40))
		s.start(nil)
		wait(time.Minute)
		s.exactly(40)
	})
}

func TestContainersAndHoursThatAppearLater(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.start(nil)
		wait(time.Minute)
		require.Equal(t, 1, s.logs.FilterMessageSnippet("no container of the export yet").Len())
		s.write(epoch, lines(table, 0, 1))
		wait(6 * time.Minute)
		s.exactly(1)
		// The next hour's blob is found by its name, half a minute after it was made.
		wait(time.Until(epoch.Add(time.Hour + 3*time.Minute)))
		s.write(epoch.Add(time.Hour), lines(table, 1, 2))
		wait(31 * time.Second)
		s.exactly(2)
		assert.Equal(t, 1, s.logs.Len(), "what is missing is no trouble: %v", s.logs.All())
	})
}

// At the first start hours are read that are not older than the lookback. What grows is read in any case.
func TestInitialLookback(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		old, young := epoch.Add(-30*time.Hour), epoch.Add(-20*time.Hour)
		whole := lines(table, 100, 103)
		s.write(old, whole[:len(whole)-50]) // a line is torn just there
		s.write(young, lines(table, 0, 2))
		wait(time.Minute)
		stop := s.start(nil)
		wait(time.Minute)
		s.exactly(2)
		stop()
		s.write(old, whole[len(whole)-50:]+lines(table, 2, 4))
		s.start(nil)
		wait(time.Minute)
		s.exactly(4)
		// A blob that is made after the start is read whole, whatever its hour.
		s.write(old.Add(-time.Hour), lines(table, 4, 6))
		wait(6 * time.Minute)
		s.exactly(6)
	})
	inTime(t, blobs.Config{}, func(_ *testing.T, s *stage) {
		s.write(epoch.Add(-200*time.Hour), lines(table, 0, 3))
		wait(time.Minute)
		s.start(func(c *Config) { c.InitialLookback = 0 })
		wait(time.Minute)
		s.exactly(3)
	})
}

// More blobs and containers than a page of a list has.
func TestManyBlobs(t *testing.T) {
	inTime(t, blobs.Config{}, func(_ *testing.T, s *stage) {
		for i := range 5_001 {
			s.write(epoch.Add(-time.Duration(i)*time.Hour), line(tenantA, table, i))
		}
		s.start(func(c *Config) { c.InitialLookback = 0 })
		wait(time.Minute)
		s.exactly(5_001)
	})
	inTime(t, blobs.Config{PageMost: 2}, func(_ *testing.T, s *stage) {
		for i, name := range []string{"DeviceEvents", "DeviceInfo", "DeviceFileEvents", "AlertInfo", "AlertEvidence"} {
			for j := range 3 {
				s.account.Append(export.Container(name), blobOf(tenantA, epoch.Add(time.Duration(-j)*time.Hour)), []byte(line(tenantA, name, 3*i+j)))
			}
		}
		s.start(nil)
		wait(time.Minute)
		s.exactly(15)
	})
}

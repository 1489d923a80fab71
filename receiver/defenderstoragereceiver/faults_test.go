package defenderstoragereceiver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// Lists work and reads do not: the role is missing. It is said at once, and goes away without a restart.
func TestMissingRole(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 3))
		s.account.Append(export.Container("DeviceInfo"), blobOf(tenantA, epoch), []byte(line(tenantA, "DeviceInfo", 3)))
		s.account.Strike(-1, blobs.Fault{Kind: blobs.NoRole, Operation: blobs.Read})
		s.start(nil)
		wait(time.Second)
		assert.True(t, s.status.Has("needs the role Storage Blob Data Reader on the storage account"))
		assert.True(t, s.status.Has("DeviceInfo, DeviceLogonEvents: "), "one cause is one line")
		assert.Equal(t, 1, s.logs.Len(), "%v", s.logs.All())
		s.account.Mend()
		wait(6 * time.Minute)
		s.exactly(4)
		assert.True(t, s.status.OK())
	})
}

func TestFirewall(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.account.Strike(-1, blobs.Fault{Kind: blobs.Firewall})
		s.start(nil)
		wait(time.Second)
		assert.True(t, s.status.Has("the account's firewall does not let this machine in"))
		assert.False(t, s.status.Has("Storage Blob Data Reader"))
	})
}

// One container's trouble stops no other.
func TestOneContainerFails(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 3))
		broken := export.Container("DeviceInfo")
		s.account.Append(broken, blobOf(tenantA, epoch), []byte(line(tenantA, "DeviceInfo", 3)))
		s.account.Strike(-1, blobs.Fault{Kind: blobs.NoRole, Container: broken})
		s.start(nil)
		wait(time.Second)
		s.exactly(3)
		s.write(epoch, lines(table, 4, 6))
		wait(time.Minute)
		assert.Equal(t, 5, s.sink.Count())
	})
}

// What passes is tried again, and costs no row.
func TestPassingFaults(t *testing.T) {
	for _, kind := range []blobs.Kind{blobs.Busy, blobs.TimedOut, blobs.Cut, blobs.Lost, blobs.Unauthorized} {
		t.Run(string(kind), func(t *testing.T) {
			inTime(t, blobs.Config{EndIs416: true}, func(_ *testing.T, s *stage) {
				for i := range 4 {
					s.write(epoch.Add(-time.Duration(i)*time.Hour), lines(table, 10*i, 10*i+10))
				}
				for _, operation := range []blobs.Operation{blobs.ListContainers, blobs.ListBlobs, blobs.Read} {
					s.account.Strike(3, blobs.Fault{Kind: kind, Operation: operation})
				}
				s.start(func(c *Config) { c.MaxReadBytes = 1024 })
				wait(20 * time.Minute)
				s.exactly(40)
			})
		})
	}
}

// The pipeline takes nothing for an hour: nothing is lost, memory does not grow, the lag shows and goes away.
func TestRefusingPipeline(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.sink.Refuse(func(plog.Logs) error { return errors.New("not now") })
		for i := range 6 {
			s.account.Append(export.Container(fmt.Sprintf("Table%d", i)), blobOf(tenantA, epoch), []byte(lines("DeviceEvents", 10*i, 10*i+10)))
		}
		s.start(nil)
		wait(30 * time.Minute)
		assert.True(t, s.status.Has("not now"))
		assert.Positive(t, gauge(t, s, "otelcol_receiver_defender_storage_bytes_behind"))
		s.account.ForgetCalls()
		wait(30 * time.Minute)
		read := 0
		for _, call := range s.account.Calls() {
			if call.Operation == blobs.Read && call.Bytes > 0 {
				read++
			}
		}
		// A container's part is held for a minute before it is let go of and read again.
		assert.LessOrEqual(t, read, 6*30)
		s.sink.Refuse(nil)
		wait(10 * time.Minute)
		s.exactly(60)
		assert.True(t, s.status.OK())
		assert.Zero(t, gauge(t, s, "otelcol_receiver_defender_storage_bytes_behind"))
		assert.Equal(t, 1, s.logs.FilterMessageSnippet("Rows are held").Len())
	})
}

func gauge(t *testing.T, s *stage, name string) int {
	t.Helper()
	sum := 0
	for _, p := range s.metrics.Points(name) {
		sum += int(p.Value)
	}
	return sum
}

// The pipeline takes all tables but some: with more of these than slots the others are read on.
func TestPipelineRefusesSomeTables(t *testing.T) {
	inTime(t, blobs.Config{}, func(_ *testing.T, s *stage) {
		s.sink.Refuse(func(logs plog.Logs) error {
			for _, r := range collector.Records(logs) {
				if r.Table == "DeviceEvents" {
					return errors.New("not this one")
				}
			}
			return nil
		})
		for i := range 8 {
			s.account.Append(export.Container(fmt.Sprintf("Table%d", i)), blobOf(tenantA, epoch), []byte(line(tenantA, "DeviceEvents", 1000+i)))
		}
		s.write(epoch, lines(table, 0, 5))
		s.start(nil)
		wait(5 * time.Minute)
		s.exactly(5)
		for i := 5; i < 10; i++ {
			s.write(epoch, line(tenantA, table, i))
			wait(6 * time.Minute)
			s.exactly(i + 1)
		}
	})
}

// A row that is refused for good while others are accepted goes to the dead letters, and the others go on.
func TestPoisonRow(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.sink.Refuse(func(logs plog.Logs) error {
			for _, r := range collector.Records(logs) {
				if v, ok := r.Log.Body().Map().Get("ReportId"); ok && v.AsString() == "5" {
					return consumererror.NewPermanent(errors.New("this row is not taken"))
				}
			}
			return nil
		})
		s.write(epoch, lines(table, 0, 20))
		directory := filepath.Join(t.TempDir(), "dead")
		s.start(func(c *Config) { c.DeadLetter.Directory = directory })
		wait(time.Hour)
		counts := numbers(s.sink.Records())
		assert.Len(t, counts, 19)
		assert.NotContains(t, counts, 5)
		assert.Equal(t, 19, s.sink.Count())
		content, err := os.ReadFile(filepath.Join(directory, table+".ndjson"))
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(string(content), "\n"))
		assert.Equal(t, 1, s.metrics.Sum("otelcol_receiver_defender_storage_rows", "outcome", "refused"))
	})
}

// The storage takes no cursors: nothing more is read until it does.
func TestCursorsCannotBeStored(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 5))
		s.start(nil)
		wait(time.Minute)
		s.storage.Fail(errors.New("disk full"))
		s.write(epoch, lines(table, 5, 10))
		wait(time.Minute)
		assert.Equal(t, 10, s.sink.Count())
		assert.True(t, s.status.Has("cursors cannot be stored, so nothing more is read"))
		s.write(epoch, lines(table, 10, 15))
		wait(20 * time.Minute)
		assert.Equal(t, 10, s.sink.Count())
		s.storage.Fail(nil)
		wait(10 * time.Minute)
		s.exactly(15)
		assert.True(t, s.status.OK())
	})
}

// Cursors that cannot be read end the start: to begin anew would repeat all that is kept.
func TestDamagedCursors(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 5))
		s.start(nil)()
		stop := s.start(nil)
		wait(time.Minute)
		stop()
		for _, key := range []string{
			"defender_storage/v1", "defender_storage/v1/" + export.Container(table),
			"defender_storage/v1/" + export.Container(table) + "/" + export.Day(blobOf(tenantA, epoch)),
		} {
			kept, err := s.storage.Get(t.Context(), key)
			require.NoError(t, err)
			require.NotEmpty(t, kept, key)
			for _, value := range []string{"{", `{"version":2}`} {
				if strings.Contains(value, "2") && strings.Contains(key, "/y=") {
					continue // the index of its container has the version
				}
				require.NoError(t, s.storage.Set(t.Context(), key, []byte(value)))
				require.ErrorContains(t, s.create(nil).Start(t.Context(), s.host()), "the cursors in the storage are ", key)
			}
			require.NoError(t, s.storage.Set(t.Context(), key, kept))
		}
	})
}

// A lifecycle rule deletes what was not read: how much is told.
func TestLostBytes(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.sink.Refuse(func(plog.Logs) error { return errors.New("not now") })
		text := lines(table, 0, 10)
		s.write(epoch, text)
		s.start(nil)
		wait(4 * time.Minute)
		s.account.Remove(export.Container(table), blobOf(tenantA, epoch))
		wait(10 * time.Minute)
		assert.Equal(t, len(text), s.metrics.Sum("otelcol_receiver_defender_storage_lost_bytes", "table", table))
		told := s.logs.FilterMessageSnippet("deleted before all of it was read").All()
		require.Len(t, told, 1)
		assert.Equal(t, int64(len(text)), told[0].ContextMap()["unread_bytes"])
	})
	// A failed list takes nothing out.
	inTime(t, blobs.Config{PageMost: 1}, func(t *testing.T, s *stage) {
		t.Helper()
		for i := range 3 {
			s.write(epoch.Add(-time.Duration(i)*time.Hour), line(tenantA, table, i))
		}
		stop := s.start(nil)
		wait(time.Minute)
		s.exactly(3)
		s.account.Strike(-1, blobs.Fault{Kind: blobs.Busy, Operation: blobs.ListBlobs})
		wait(20 * time.Minute)
		stop()
		s.account.Mend()
		s.start(nil)
		wait(10 * time.Minute)
		s.exactly(3)
		assert.Equal(t, 3, gauge(t, s, "otelcol_receiver_defender_storage_blobs"))
	})
}

// Lines that are no rows are handed on as text, and the rows around them are rows.
func TestDamagedLines(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		bad := []string{"[", `{"records":[`, `["a","b`, "\x00\x00\x00\x00\x00\x00\x00\x00", line(tenantA, table, 999)[40:200], "\xff\xfe", "null"}
		var text strings.Builder
		for i, b := range bad {
			text.WriteString(line(tenantA, table, i) + b + "\r\n\r\n \n")
		}
		s.write(epoch, text.String())
		s.start(func(c *Config) { c.RecordOrigin = true })
		wait(time.Minute)
		rows, texts := 0, 0
		for _, r := range s.sink.Records() {
			assert.Equal(t, blobOf(tenantA, epoch), collector.Attribute(r.Log, "azure.storage.blob"))
			_, ok := r.Log.Attributes().Get("azure.storage.offset")
			assert.True(t, ok)
			if collector.Attribute(r.Log, logrecord.AttributeDecodeError) != "" {
				texts++
				assert.NotEmpty(t, r.UID)
			} else {
				rows++
			}
		}
		assert.Equal(t, len(bad), rows)
		assert.GreaterOrEqual(t, texts, len(bad))
		assert.Equal(t, texts, s.metrics.Sum("otelcol_receiver_defender_storage_undecoded", "table", table))
	})
}

// A line that is longer than a part is read as one. One that is longer than any row is handed on in pieces, and does not
// stop the table.
func TestLongLines(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		long := strings.Replace(line(tenantA, table, 1), `"host"`, `"`+strings.Repeat("h", 100_000)+`"`, 1)
		s.write(epoch, line(tenantA, table, 0)+long+line(tenantA, table, 2))
		s.start(func(c *Config) { c.MaxReadBytes = 1024 })
		wait(time.Minute)
		s.exactly(3)
	})
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		monster := strings.Repeat("x", 21<<20)
		s.write(epoch, line(tenantA, table, 0)+monster+"\r\n"+line(tenantA, table, 1))
		s.start(nil)
		wait(time.Minute)
		assert.Equal(t, map[int]int{0: 1, 1: 1}, rowsOf(s.sink.Records()))
		bytes := 0
		for _, r := range s.sink.Records() {
			if collector.Attribute(r.Log, logrecord.AttributeDecodeError) != "" {
				bytes += len(r.Log.Body().AsString())
			}
		}
		assert.Equal(t, len(monster), bytes)
	})
}

// rowsOf are the numbers of those records that are rows.
func rowsOf(records []collector.Record) map[int]int {
	var rows []collector.Record
	for _, r := range records {
		if collector.Attribute(r.Log, logrecord.AttributeDecodeError) == "" {
			rows = append(rows, r)
		}
	}
	return numbers(rows)
}

// A last line without an end is handed on once the blob has not grown for a day.
func TestLineWithoutEnd(t *testing.T) {
	inTime(t, blobs.Config{}, func(_ *testing.T, s *stage) {
		text := lines(table, 0, 2)
		s.write(epoch, text[:len(text)-2])
		s.start(func(c *Config) { c.ListInterval, c.TailInterval = 30*time.Minute, 5*time.Minute })
		wait(23 * time.Hour)
		s.exactly(1)
		wait(2 * time.Hour)
		s.exactly(2)
		wait(50 * time.Hour)
		s.exactly(2)
		s.write(epoch, "\r\n"+line(tenantA, table, 2))
		wait(31 * time.Minute)
		s.exactly(3)
	})
}

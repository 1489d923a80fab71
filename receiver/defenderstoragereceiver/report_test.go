package defenderstoragereceiver

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
)

// reportOf is the report of a running receiver.
func (s *stage) reportOf(day time.Time) *proof.ExportReport {
	s.tb.Helper()
	result, err := s.shown.receiver.(control.Reporter).Report(s.tb.Context(), day)
	require.NoError(s.tb, err)
	return result.(*proof.ExportReport)
}

// of is a container of a report.
func of(tb testing.TB, r *proof.ExportReport, table string) proof.Exported {
	tb.Helper()
	for _, e := range r.Containers {
		if e.Table == table {
			assert.Equal(tb, e.Rows.Read, e.Rows.Delivered+e.Rows.Repeated+e.Rows.RefusedKept+e.Rows.RefusedLost)
			return e
		}
	}
	require.Fail(tb, "the report lacks "+table)
	return proof.Exported{}
}

// refusing refuses one row for good, and while it is on all others for a while.
func (s *stage) refusing(number string, on *bool) {
	s.sink.Refuse(func(logs plog.Logs) error {
		for _, r := range collector.Records(logs) {
			if r.Log.Body().Type() != pcommon.ValueTypeMap {
				continue
			}
			if v, ok := r.Log.Body().Map().Get("ReportId"); ok && v.AsString() == number {
				return consumererror.NewPermanent(errors.New("this row is not taken"))
			}
		}
		if *on {
			return errors.New("not now")
		}
		return nil
	})
}

// A day with all that can happen: its report says what the writer and the sink know.
func TestReportOfADay(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		day, refused := epoch, false
		s.refusing("7", &refused)
		other := export.Container("DeviceEvents")
		change := func(c *Config) {
			c.Batch.MaxRecords, c.InitialLookback = 3, 2*time.Hour
			c.TailInterval, c.ListInterval = 0, 10*time.Minute
			c.DeadLetter.Directory = filepath.Join(t.TempDir(), "dead")
		}
		old := lines(table, 1000, 1003)
		s.write(epoch.Add(-5*time.Hour), old) // older than the lookback
		wait(time.Second)
		stop := s.start(change)
		s.write(epoch, lines(table, 0, 10)+"no row\r\n"+line(tenantA, table, 3))
		s.write(epoch.Add(-time.Hour), lines(table, 10, 20))
		s.account.Append(other, blobOf(tenantA, epoch), []byte(line(tenantA, "DeviceEvents", 500)))
		wait(time.Hour)
		logons := of(t, s.reportOf(day), table)
		assert.Equal(t, proof.Lines{Read: 22, Delivered: 20, Repeated: 1, RefusedKept: 1, Broken: 1}, logons.Rows)
		assert.EqualValues(t, len(old), logons.Bytes.Passed)
		assert.Zero(t, logons.Bytes.Unread)
		assert.Equal(t, proof.Unknown, s.reportOf(day).Verdict(), "the day is not over")

		// An outage of the pipeline in the middle of it, and a restart.
		refused = true
		s.write(epoch.Add(time.Hour), lines(table, 20, 40))
		wait(20 * time.Minute)
		logons = of(t, s.reportOf(day), table)
		assert.EqualValues(t, len(lines(table, 20, 40)), logons.Bytes.Unread)
		require.Len(t, logons.Unread, 1)
		assert.Equal(t, blobOf(tenantA, epoch.Add(time.Hour)), logons.Unread[0].Name)
		stop()
		refused = false
		stop = s.start(change)
		// A closed hour grows on the next day, and a torn line waits for its end.
		wait(26 * time.Hour)
		s.write(epoch, lines(table, 40, 43)+line(tenantA, table, 43)[:50])
		wait(time.Hour)
		logons = of(t, s.reportOf(day), table)
		assert.EqualValues(t, 50, logons.Bytes.Unread, "a line without an end")
		s.write(epoch, line(tenantA, table, 43)[50:])
		wait(time.Hour)

		r := s.reportOf(day)
		logons = of(t, r, table)
		assert.Equal(t, proof.Lines{Read: 46, Delivered: 44, Repeated: 1, RefusedKept: 1, Broken: 1}, logons.Rows)
		assert.Equal(t, 45, s.sink.Count(), "these, and the one of the other table")
		assert.Equal(t, proof.Lines{Read: 1, Delivered: 1}, of(t, r, "DeviceEvents").Rows)
		assert.Equal(t, logons.Bytes.Stored, logons.Bytes.Read+logons.Bytes.Passed)
		assert.Equal(t, 4, logons.Blobs)
		assert.Zero(t, logons.Bytes.Unread)
		assert.WithinDuration(t, time.Now(), logons.Listed, 10*time.Minute)
		assert.Equal(t, proof.Delivered, r.Verdict(), r.Text())
		assert.Empty(t, of(t, s.reportOf(day.AddDate(0, 0, 1)), table).Rows, "another day")

		// A blob is deleted once it was read, and all of them; the counts stay, and the storage of a stopped collector has them.
		s.account.Remove(export.Container(table), blobOf(tenantA, epoch))
		wait(time.Hour)
		after := of(t, s.reportOf(day), table)
		assert.Equal(t, []int{3, 1}, []int{after.Blobs, after.BlobsDeleted})
		assert.Equal(t, logons.Rows, after.Rows)
		assert.Equal(t, logons.Bytes.Read, after.Bytes.Read)
		for _, hour := range []int{-5, -1, 1} {
			s.account.Remove(export.Container(table), blobOf(tenantA, epoch.Add(time.Duration(hour)*time.Hour)))
		}
		wait(time.Hour)
		r = s.reportOf(day)
		after = of(t, r, table)
		assert.Equal(t, []int{0, 4}, []int{after.Blobs, after.BlobsDeleted})
		assert.Equal(t, logons.Rows, after.Rows)
		assert.Equal(t, proof.Delivered, r.Verdict())
		stop()
		cfg := s.config(change)
		stored, err := cfg.StoredReport(t.Context(), s.host(), receivertest.NewNopSettings(metadata.Type).ID, proof.DayOf(day))
		require.NoError(t, err)
		stored.Made, stored.Receiver = r.Made, r.Receiver
		assert.Equal(t, r, stored)
	})
}

// What was deleted before it was read is lost, also where another blob stands in its place, and where the collector did not run.
func TestReportOfLosses(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		refused := false
		s.refusing("7", &refused)
		size := func(from, to int) int { return len(lines(table, from, to)) }
		seldom := func(c *Config) { c.TailInterval, c.ListInterval = 0, 10*time.Minute }
		stop := s.start(seldom)
		s.write(epoch, lines(table, 0, 5))
		wait(time.Hour)
		refused = true
		s.write(epoch, lines(table, 20, 30))                  // read, and not taken
		s.write(epoch.Add(-time.Hour), lines(table, 40, 45))  // the same
		s.write(epoch.Add(-2*time.Hour), lines(table, 5, 10)) // with a row that is refused for good, and kept nowhere
		wait(time.Hour)
		assert.EqualValues(t, size(20, 30)+size(40, 45)+size(5, 10), of(t, s.reportOf(epoch), table).Bytes.Unread)

		// Another blob in the place of the first one.
		s.account.Remove(export.Container(table), blobOf(tenantA, epoch))
		s.write(epoch, lines(table, 60, 100))
		wait(time.Hour)
		logons := of(t, s.reportOf(epoch), table)
		assert.EqualValues(t, size(20, 30), logons.Bytes.Lost)
		assert.EqualValues(t, size(60, 100)+size(40, 45)+size(5, 10), logons.Bytes.Unread)

		// The second one is deleted while the collector does not run.
		stop()
		s.account.Remove(export.Container(table), blobOf(tenantA, epoch.Add(-time.Hour)))
		refused = false
		s.start(seldom)
		wait(24 * time.Hour)
		r := s.reportOf(epoch)
		logons = of(t, r, table)
		assert.EqualValues(t, size(20, 30)+size(40, 45), logons.Bytes.Lost)
		assert.Equal(t, proof.Lines{Read: 50, Delivered: 49, RefusedLost: 1}, logons.Rows)
		assert.Equal(t, 1, logons.BlobsDeleted)
		assert.Zero(t, logons.Bytes.Unread)
		assert.Equal(t, proof.Undelivered, r.Verdict())
		assert.Equal(t, 2, s.logs.FilterMessageSnippet("deleted before all of it was read").Len())
		assert.Equal(t, size(20, 30)+size(40, 45), s.metrics.Sum("otelcol_receiver_defender_storage_lost_bytes", "table", table))
	})
}

// Rows that were handed on and whose place was not stored are read and handed on again. They count once.
func TestReportAfterACrash(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		seldom := func(c *Config) { c.TailInterval, c.ListInterval = 0, 10*time.Minute }
		stop := s.start(seldom)
		s.write(epoch, lines(table, 0, 5))
		wait(time.Hour)
		s.sink.Refuse(func(plog.Logs) error {
			s.storage.Fail(errors.New("the process ends before it has stored"))
			return nil
		})
		s.write(epoch, lines(table, 5, 12))
		wait(time.Hour)
		assert.Equal(t, 12, s.sink.Count())
		stop()
		s.sink.Refuse(nil)
		s.storage.Fail(nil)
		assert.Equal(t, 5, of(t, s.reportOf(epoch), table).Rows.Read)
		s.start(seldom)
		wait(25 * time.Hour)
		r := s.reportOf(epoch)
		assert.Equal(t, 19, s.sink.Count(), "handed on again")
		assert.Equal(t, proof.Lines{Read: 12, Delivered: 12}, of(t, r, table).Rows)
		assert.EqualValues(t, len(lines(table, 0, 12)), of(t, r, table).Bytes.Read)
		assert.Equal(t, proof.Delivered, r.Verdict())
	})
}

func TestAccountWithoutSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"https://a.blob.core.windows.net":                              "https://a.blob.core.windows.net",
		"https://name:password@127.0.0.1:10000/account?sv=1&sig=abc#x": "https://127.0.0.1:10000/account",
		"https://a.blob.core.windows.net/%zz?sig=abc":                  "",
	} {
		assert.Equal(t, want, withoutSecrets(text))
	}
}

package defenderstoragereceiver

import (
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// A day of which no blob is known, and one in which a new container could not be found, are not known to be read.
func TestReportOfWhatIsNotKnown(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		s.write(epoch, lines(table, 0, 5))
		s.start(nil)
		wait(time.Hour)
		assert.Equal(t, proof.Unknown, s.reportOf(epoch.AddDate(-3, 0, 0)).Verdict(), "long before the first start")

		s.account.Strike(-1, blobs.Fault{Kind: blobs.NoRole, Operation: blobs.ListContainers})
		s.account.Append(export.Container("DeviceEvents"), blobOf(tenantA, epoch), []byte(line(tenantA, "DeviceEvents", 9)))
		wait(26 * time.Hour)
		r := s.reportOf(epoch)
		assert.Len(t, r.Containers, 1)
		assert.Equal(t, proof.Unknown, r.Verdict(), r.Text())
		assert.Contains(t, r.Text(), "Not listed since an hour after the day:\n  the containers of the account: last at 2026-11-21T11:00:00Z\n")
		s.account.Mend()
		wait(time.Hour)
		r = s.reportOf(epoch)
		assert.Len(t, r.Containers, 2)
		assert.Equal(t, proof.Delivered, r.Verdict(), r.Text())
	})
}

// A receiver that reads fewer blobs than before has lost none of the others.
func TestReportOfAnotherSelection(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		refused := true
		s.refusing("none", &refused)
		s.write(epoch, lines(table, 0, 5))
		stop := s.start(nil)
		wait(time.Hour)
		stop()
		s.start(func(c *Config) { c.Tenants = []string{tenantB} })
		wait(26 * time.Hour)
		logons := of(t, s.reportOf(epoch), table)
		assert.Zero(t, logons.Bytes.Lost)
		assert.Zero(t, logons.BlobsDeleted)
		assert.Zero(t, s.logs.FilterMessageSnippet("deleted before all of it was read").Len())
	})
}

// A line of several rows of which the pipeline has taken some only counts once it is taken whole.
func TestReportOfALineOfSeveralRows(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		var taken atomic.Bool
		s.sink.Refuse(func(logs plog.Logs) error {
			for _, r := range collector.Records(logs) {
				if v, ok := r.Log.Body().Map().Get("ReportId"); ok && v.AsString() == "3" && !taken.Load() {
					return errors.New("not now")
				}
			}
			return nil
		})
		s.write(epoch, line(tenantA, table, 0)+strings.ReplaceAll(lines(table, 1, 5), "\r\n", " ")+"\r\n")
		s.start(func(c *Config) { c.Batch.MaxRecords = 2 })
		wait(time.Hour)
		assert.Equal(t, 1, of(t, s.reportOf(epoch), table).Rows.Read, "the first line")
		taken.Store(true)
		wait(time.Hour)
		rows := of(t, s.reportOf(epoch), table).Rows
		assert.Equal(t, 5, rows.Read)
	})
}

// What an earlier release has stored is taken up: nothing is read again, and only what changes is stored anew.
func TestStateOfAnEarlierRelease(t *testing.T) {
	inTime(t, blobs.Config{}, func(t *testing.T, s *stage) {
		t.Helper()
		without := func(c *Config) { c.Deduplicate.Window = 0 }
		for back := range 3 {
			s.write(epoch.AddDate(0, 0, -back), lines(table, 5*back, 5*back+5))
		}
		stop := s.start(without)
		wait(time.Hour)
		stop()
		earlier := map[string]string{}
		require.NoError(t, s.storage.Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
			var fields map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(value, &fields))
			if fields["at"] != nil {
				return []*storage.Operation{storage.DeleteOperation(key)}, nil
			}
			for _, name := range []string{"lengths", "counts", "past", "found"} {
				delete(fields, name)
			}
			text, err := json.Marshal(fields)
			earlier[key] = string(text)
			return []*storage.Operation{storage.SetOperation(key, text)}, err
		}))
		require.Len(t, earlier, 5, "the receiver, the container, three days")
		stop = s.start(without)
		s.write(epoch, line(tenantA, table, 15))
		wait(time.Hour)
		stop()
		s.exactly(16)
		changed := 0
		require.NoError(t, s.storage.Walk(t.Context(), func(key string, value []byte) ([]*storage.Operation, error) {
			if before, known := earlier[key]; known && !assert.ObjectsAreEqual(fieldsOf(before), fieldsOf(string(value))) {
				changed++
			}
			return nil, nil
		}))
		assert.Equal(t, 2, changed, "the receiver, and the day that grew")
	})
}

func fieldsOf(text string) (fields map[string]any) {
	_ = json.Unmarshal([]byte(text), &fields)
	return fields
}

package defenderreceiver

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

const logons = "DeviceLogonEvents"

// Every row of every event table arrives once, whatever the size of a page, whatever form values take.
func TestEveryRowOfATenant(t *testing.T) {
	company := tenant.DefaultConfig()
	company.Start, company.History, company.RowsPerDay, company.HiddenShare = epoch, 2*time.Hour, 40_000, 0
	s := newStage(t, defendersim.Options{Tenant: &company, Quirks: defendersim.DefaultQuirks()})
	names := []string{logons, "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceEvents", "DeviceRegistryEvents"}
	cfg := s.config(names...)
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 50, 20
	// Rows can be seen some seconds after their ingestion time, so the clock stands still a little later.
	s.Clock.Advance(time.Minute)
	cfg.Settle, cfg.InitialLookback = time.Minute, time.Hour+time.Minute
	s.start(cfg)
	want := 0
	for _, name := range names {
		rows, err := s.Sim.Truth(name, epoch.Add(-time.Hour), epoch.Add(-paging.Tick))
		require.NoError(t, err)
		want += len(rows)
	}
	require.Greater(t, want, 500)
	s.delivered(want)
	for _, name := range names {
		rows, err := s.Sim.Truth(name, epoch.Add(-time.Hour), epoch.Add(-paging.Tick))
		require.NoError(t, err)
		var expected, got []string
		for _, row := range rows {
			expected = append(expected, row.Key)
		}
		for _, r := range s.Sink.Records() {
			if r.Table == name {
				got = append(got, testbed.Key(r))
			}
		}
		slices.Sort(expected)
		slices.Sort(got)
		assert.Equal(t, expected, got, name)
	}
	assert.Equal(t, want, s.rows(delivered))
	assert.Zero(t, s.rows(refused))
}

func TestLateRowIsDelivered(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.start(s.config(logons))
	s.Polls(logons, 3)
	row := testbed.LogonRow(1)
	row["Timestamp"] = epoch.Add(-20 * 24 * time.Hour).Format(time.RFC3339Nano)
	require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(time.Second)}))
	s.Clock.Advance(time.Minute)
	s.delivered(1)
}

// Rows that can be seen only some time after their ingestion time wait for settle.
func TestSettle(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	cfg.Settle = 2 * time.Minute
	s.start(cfg)
	s.Polls(logons, 3)
	require.NoError(t, s.Sim.Plant(logons,
		defendersim.Planted{Row: testbed.LogonRow(1), IngestionTime: epoch.Add(time.Second), Visible: epoch.Add(100 * time.Second)},
		defendersim.Planted{Row: testbed.LogonRow(2), IngestionTime: epoch.Add(2 * time.Second)}))
	s.Clock.Advance(90 * time.Second)
	s.Polls(logons, 2)
	assert.Zero(t, s.Sink.Count(), "neither has settled")
	s.Clock.Advance(time.Minute)
	s.delivered(2)
}

// A page that the row limit cuts within an instant, an instant that fills pages, and rows after it.
func TestEqualTimesAcrossPages(t *testing.T) {
	for name, sizes := range map[string][]int{
		"cut within an instant":  {7, 8, 9},
		"an instant fills pages": {3, 40, 5},
		"exactly full":           {10, 10, 10},
		"one page exactly":       {10},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			n := 0
			for i, size := range sizes {
				s.Plant(n, size, epoch.Add(-time.Hour).Add(time.Duration(i+1)*time.Second))
				n += size
			}
			cfg := s.config(logons)
			cfg.Page.MaxRows, cfg.Batch.MaxRecords = 10, 4
			s.start(cfg)
			s.delivered(n)
			s.Clock.Advance(time.Minute)
			s.Polls(logons, 2)
			s.Exactly(n)
			assert.Equal(t, n, s.rows(delivered))
		})
	}
}

// A restart goes on where it was: nothing missing, nothing twice.
func TestRestart(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	cfg := s.config(logons)
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 10, 3
	n := 0
	for range 5 {
		stop := s.start(cfg)
		for range 3 {
			s.Plant(n, 17, s.Clock.Now())
			n += 17
			s.Clock.Advance(time.Second)
			s.Plant(n, 4, s.Clock.Now())
			n += 4
			s.Clock.Advance(2 * settle)
			s.delivered(n)
		}
		stop()
		s.Plant(n, 5, s.Clock.Now())
		n += 5
		s.Clock.Advance(time.Hour * 3)
	}
	s.start(cfg)
	s.delivered(n)
}

// A restart in the middle of an instant and of a page.
func TestRestartWhilePageIsHeld(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 100, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = 50, 10
	calls := 0
	s.Sink.Refuse(func(plog.Logs) error {
		if calls++; calls > 3 {
			return errors.New("busy")
		}
		return nil
	})
	stop := s.start(cfg)
	s.delivered(30)
	stop()
	s.Sink.Refuse(nil)
	s.start(cfg)
	s.delivered(100)
	assert.Equal(t, 100, s.rows(delivered))
}

func TestRefusedBatchIsHeldAndRetried(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 20, epoch.Add(-time.Minute))
	refusals := 0
	s.Sink.Refuse(func(plog.Logs) error {
		if refusals++; refusals <= 5 {
			return errors.New("memory is full")
		}
		return nil
	})
	s.start(s.config(logons))
	s.delivered(20)
	report := s.Sim.Report()
	s.Polls(logons, 1)
	for _, table := range report.Tables {
		assert.LessOrEqual(t, table.RowsReturned, int64(21), "the page was held, not read again")
	}
}

// A row that the pipeline refuses for good is counted, kept and passed over; its neighbours are taken once.
func TestPoisonRow(t *testing.T) {
	for name, poison := range map[string][]int64{"one": {13}, "two": {0, 29}, "side by side": {14, 15}} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.Plant(0, 30, epoch.Add(-time.Minute))
			cfg := s.config(logons)
			cfg.Batch.MaxRecords = 10
			s.Sink.Refuse(poisoned(poison...))
			cfg.DeadLetter.Directory = filepath.Join(t.TempDir(), "dead")
			stop := s.start(cfg)
			// The last row of all is refused for sure once others have come after it.
			s.Plant(30, 5, epoch)
			s.Clock.Advance(time.Minute)
			s.delivered(35 - len(poison))
			require.Eventually(t, func() bool { return s.rows(refused) == len(poison) }, wait, time.Millisecond)
			s.Clock.Advance(time.Minute)
			s.Polls(logons, 3)
			s.Exactly(35 - len(poison))
			kept, err := os.ReadFile(filepath.Join(cfg.DeadLetter.Directory, logons+".ndjson"))
			require.NoError(t, err)
			assert.Equal(t, len(poison), bytes.Count(kept, []byte("\n")), "a line is a request with one row")
			stop()
			assert.Len(t, s.storedRows("refused", logons), len(poison), "the ledger tells refused rows from delivered ones")
		})
	}
}

// poisoned makes a pipeline refuse for good each call that holds one of these rows.
func poisoned(numbers ...int64) func(plog.Logs) error {
	return func(logs plog.Logs) error {
		for _, r := range collector.Records(logs) {
			if report, _ := r.Log.Body().Map().Get("ReportId"); slices.Contains(numbers, report.Int()) {
				return consumererror.NewPermanent(errors.New("too odd"))
			}
		}
		return nil
	}
}

// A destination that refuses everything for good loses no row: the cursor holds, the status says so, and all of it
// arrives once the destination takes rows again.
func TestDestinationRefusesEverything(t *testing.T) {
	for name, directory := range map[string]bool{"with dead letters": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, defendersim.Options{})
			s.Plant(0, 300, epoch.Add(-time.Minute))
			cfg := s.config(logons, "DeviceProcessEvents")
			cfg.Batch.MaxRecords = 100
			if directory {
				cfg.DeadLetter.Directory = filepath.Join(t.TempDir(), "dead")
			}
			s.Sink.Refuse(func(plog.Logs) error { return consumererror.NewPermanent(errors.New("token expired")) })
			s.start(cfg)
			require.Eventually(t, func() bool { return s.Status.Times("token expired") > 0 }, wait, time.Millisecond)
			s.Plant(300, 20, epoch)
			s.Clock.Advance(time.Minute)
			time.Sleep(100 * time.Millisecond) // time in which rows could be lost
			assert.Zero(t, s.rows(refused))
			assert.Zero(t, s.rows(delivered))
			if directory {
				files, err := os.ReadDir(cfg.DeadLetter.Directory)
				require.NoError(t, err)
				assert.Empty(t, files)
			}
			s.Sink.Refuse(nil)
			s.delivered(320)
			assert.Zero(t, s.rows(refused))
		})
	}
}

// Refused rows that cannot be kept are held, not lost.
func TestFullDeadLettersHoldTheTable(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 10, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	cfg.DeadLetter.Directory = filepath.Join(t.TempDir(), "dead")
	s.Sink.Refuse(poisoned(4))
	file := filepath.Join(cfg.DeadLetter.Directory, logons+".ndjson")
	require.NoError(t, os.MkdirAll(file, 0o700), "a directory in the file's place")
	s.start(cfg)
	require.Eventually(t, func() bool { return s.Metrics.Sum("otelcol_receiver_defender_dead_letters", "state", "failed") == 1 }, wait, time.Millisecond)
	require.Eventually(t, func() bool { return s.Status.Times("keep refused rows") == 1 }, wait, time.Millisecond, "one trouble is one status")
	assert.Zero(t, s.rows(refused))
	require.NoError(t, os.Remove(file))
	require.Eventually(t, func() bool { return s.rows(refused) == 1 }, wait, time.Millisecond)
	s.delivered(9)
}

// When retry_on_failure gives up, the rows are read again from the service.
func TestGivingUpRetriesLosesNothing(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 25, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	cfg.Batch.MaxRecords = 10
	cfg.RetryOnFailure.Enabled = false
	calls := 0
	s.Sink.Refuse(func(plog.Logs) error {
		if calls++; calls%2 == 0 {
			return errors.New("busy")
		}
		return nil
	})
	s.start(cfg)
	s.delivered(25)
	assert.Equal(t, 25, s.rows(delivered))
}

// One table's trouble does not stop another.
func TestTablesAreIndependent(t *testing.T) {
	s := newStage(t, defendersim.Options{WithoutTables: []string{"DeviceEvents"}})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.Sim.SetFaults(defendersim.Fault{Kind: defendersim.FaultServerError, Rate: 1, Table: "DeviceFileEvents"})
	row := testbed.LogonRow(5)
	row["ActionType"] = "ProcessCreated"
	require.NoError(t, s.Sim.Plant("DeviceProcessEvents", defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Minute)}))
	s.start(s.config(logons, "DeviceEvents", "DeviceFileEvents", "DeviceProcessEvents"))
	s.delivered(6)
}

// All eight columns of a record that the contract names.
func TestRecord(t *testing.T) {
	s := newStage(t, defendersim.Options{Quirks: defendersim.Quirks{Int64Annotations: true, MixedBooleans: true}})
	row := testbed.LogonRow(7)
	row["Timestamp"], row["IsLocalAdmin"], row["LogonId"] = "2026-11-21T09:00:00.1234567Z", true, int64(9007199254740993)
	row["FailureReason"] = ""
	require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: epoch.Add(-time.Second)}))
	s.start(s.config(logons))
	s.Clock.Advance(2 * settle)
	s.delivered(1)
	log := s.Sink.Records()[0].Log
	assert.Equal(t, time.Date(2026, 11, 21, 9, 0, 0, 123456700, time.UTC), log.Timestamp().AsTime())
	assert.WithinDuration(t, s.Clock.Now(), log.ObservedTimestamp().AsTime(), time.Minute)
	assert.Equal(t, "microsoft.defender.device_logon_events", log.EventName())
	assert.Len(t, collector.Attribute(log, logrecord.AttributeUID), 36)
	assert.Equal(t, map[string]any{
		logrecord.AttributeUID: collector.Attribute(log, logrecord.AttributeUID), logrecord.AttributeTable: logons,
		logrecord.AttributeIngestionTime: "2026-11-21T09:59:59.0000000Z",
	}, log.Attributes().AsRaw())
	body := log.Body().Map().AsRaw()
	assert.Equal(t, true, body["IsLocalAdmin"])
	assert.Equal(t, int64(9007199254740993), body["LogonId"])
	assert.Empty(t, body["FailureReason"])
	assert.Contains(t, body, "FailureReason")
	assert.NotContains(t, body, "IngestionTime")
	assert.NotContains(t, body, "RemotePort", "a null is left out")
	for name := range body {
		assert.NotContains(t, name, "@odata")
	}
}

func TestLegacyAPI(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.Plant(0, 3, epoch.Add(-time.Minute))
	cfg := s.config(logons)
	cfg.API = APILegacy
	s.start(cfg)
	s.delivered(3)
}

func TestSameUIDThroughEitherAPI(t *testing.T) {
	uids := map[API][]string{}
	for _, api := range []API{APIGraph, APILegacy} {
		s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
		s.Plant(0, 3, epoch.Add(-time.Minute))
		cfg := s.config(logons)
		cfg.API = api
		s.start(cfg)
		s.delivered(3)
		for _, r := range s.Sink.Records() {
			uids[api] = append(uids[api], r.UID)
		}
	}
	assert.ElementsMatch(t, uids[APIGraph], uids[APILegacy])
}

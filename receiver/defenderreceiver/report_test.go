package defenderreceiver

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// reportDay is the day after that on which a stage begins.
const reportDay = proof.Day("2026-11-22")

// hourOf is a time of that day.
func hourOf(hour float64) time.Time {
	return reportDay.Start().Add(time.Duration(hour * float64(time.Hour))).Truncate(paging.Tick)
}

// sleepUntil lets synthetic time pass.
func sleepUntil(at time.Time) { time.Sleep(time.Until(at)) }

// The special rows of a day, by what tells them.
const (
	seenLater  = 3 * time.Hour // after its arrival
	poisonous  = "poison.user"
	unreadable = 13.5 // the hour at which a row arrives that cannot be read
	systemSID  = "S-1-5-18"
	notWanted  = "LogonFailed"
)

// plantDay plants rows and alerts that arrive on a day, the one before it and the one after it.
func plantDay(b *fakeTime) {
	b.t.Helper()
	number := 0
	row := func(hour float64, hidden time.Duration, changes map[string]any) {
		number++
		row := testbed.LogonRow(number)
		row["Timestamp"] = hourOf(hour).Add(-time.Minute).Format(time.RFC3339Nano)
		maps.Copy(row, changes)
		require.NoError(b.t, b.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: hourOf(hour), Visible: hourOf(hour).Add(hidden)}))
	}
	for hour := -10.0; hour < 30; hour += 0.3 {
		row(hour, 0, nil)
	}
	for hour := 0.5; hour < 24; hour += 4 {
		row(hour, 0, map[string]any{"Timestamp": hourOf(hour - 6*24).Format(time.RFC3339Nano)})
		row(hour, seenLater, nil) // the last of them is seen on the next day
		row(hour, 0, map[string]any{"AccountName": poisonous})
		row(hour, 0, map[string]any{"AccountName": "system", "AccountSid": systemSID})
		row(hour, 0, map[string]any{"ActionType": notWanted})
	}
	row(unreadable, 0, nil)
	row(unreadable, 0, nil)
	for hour := -8.0; hour < 28; hour += 2 {
		plantAlert(b, hour, 0)
	}
	plantAlert(b, 23.9, seenLater)
}

// plantAlert plants an alert, whose evidence can be seen a while later.
func plantAlert(b *fakeTime, hour float64, hidden time.Duration) {
	b.t.Helper()
	id := "alert at " + hourOf(hour).Format(time.RFC3339)
	require.NoError(b.t, b.Sim.Plant("AlertInfo", defendersim.Planted{IngestionTime: hourOf(hour), Row: map[string]any{
		"Timestamp": hourOf(hour).Format(time.RFC3339Nano), "AlertId": id, "Title": "Suspicious process",
	}}))
	require.NoError(b.t, b.Sim.Plant("AlertEvidence", defendersim.Planted{
		IngestionTime: hourOf(hour), Visible: hourOf(hour).Add(hidden),
		Row: map[string]any{"Timestamp": hourOf(hour).Format(time.RFC3339Nano), "AlertId": id, "EntityType": "Machine"},
	}))
}

// truthOfDay is what the report of a table has to say, by what the emulator knows.
func truthOfDay(b *fakeTime, table string) (counts proof.Counts, left proof.Left) {
	b.t.Helper()
	rows, err := b.Sim.Truth(table, reportDay.Start(), reportDay.End().Add(-paging.Tick))
	require.NoError(b.t, err)
	for _, r := range rows {
		switch {
		case r.Row["AccountSid"] == systemSID:
			left.System++
			continue
		case r.Row["ActionType"] == notWanted:
			left.Filter++
			continue
		case r.Row["AccountName"] == poisonous:
			counts.RefusedKept++
		case r.Visible.Sub(r.IngestionTime) == seenLater:
			counts.Recovered++
		case table == logons && r.IngestionTime.Equal(hourOf(unreadable)):
			counts.SetAside++
		default:
			counts.Delivered++
		}
		counts.Counted++
	}
	return counts, left
}

// The report of a day with late rows, rows that are seen late, refused rows, a range that cannot be read, rows that
// filters leave on the server, a restart, an outage and a pause says what the service knows.
func TestReportOfADay(t *testing.T) {
	s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
	s.inFakeTime(100*time.Millisecond, func(b *fakeTime) {
		plantDay(b)
		b.TooLarge(func(kql string) bool { return strings.Contains(kql, logons) && reads(kql, hourOf(unreadable)) })
		b.Sink.Refuse(refusePoison)
		cfg := b.config(logons, "Alerts")
		cfg.HumanAccountsOnly, cfg.DeadLetter.Directory = true, t.TempDir()
		cfg.LateArrival.Audit.Interval = 3 * time.Hour
		for name, table := range cfg.Tables {
			table.PollInterval = time.Hour
			if name == logons {
				table.Filter = `ActionType != "` + notWanted + `"`
			}
			cfg.Tables[name] = table
		}
		_, stop := b.start(cfg)
		sleepUntil(hourOf(6))
		stop()
		_, stop = b.start(cfg)
		sleepUntil(hourOf(9))
		stop()
		sleepUntil(hourOf(12)) // an outage
		r, stop := b.start(cfg)
		sleepUntil(hourOf(16))
		r.lanes[0].health.Commands.Pause()
		sleepUntil(hourOf(18))
		r.lanes[0].health.Commands.Resume()
		sleepUntil(hourOf(29))
		report, err := cfg.report(t.Context(), r.journal, r.set.ID.String(), reportDay)
		require.NoError(t, err)
		stop()
		t.Logf("\n%s", report.Text())

		assert.True(t, report.Journal.Intact, report.Journal.Problems)
		assert.Equal(t, proof.Undelivered, report.Verdict())
		require.Len(t, report.Tables, 2)
		for _, table := range report.Tables {
			source := table.Name
			if source == "Alerts" {
				source = "AlertEvidence"
			}
			counts, left := truthOfDay(b, source)
			require.Len(t, table.Parts, 1)
			p := table.Parts[0]
			assert.Equal(t, counts, p.Counts, table.Name)
			assert.Empty(t, p.NotAudited, table.Name)
			require.NotNil(t, p.Left, table.Name)
			left.Counted = p.Left.Counted
			assert.Equal(t, left, *p.Left, table.Name)
			assert.WithinRange(t, p.LastAudit, hourOf(25), hourOf(29), table.Name)
			assert.Equal(t, counts.Delivered+counts.Recovered, acceptedOnDay(b, table.Name), table.Name)
		}
		letters, err := os.ReadFile(filepath.Join(cfg.DeadLetter.Directory, logons+".ndjson"))
		require.NoError(t, err)
		refused, _ := truthOfDay(b, logons)
		assert.Equal(t, refused.RefusedKept, bytes.Count(letters, []byte("\n")))

		// The storage of a receiver that has ended says the same.
		stored, err := cfg.StoredReport(t.Context(), b.Host(), r.set.ID, reportDay)
		require.NoError(t, err)
		stored.Made = report.Made
		assert.Equal(t, report, stored)

		// Of the day on which the tables were first read, all is known from then on.
		first, err := cfg.StoredReport(t.Context(), b.Host(), r.set.ID, proof.DayOf(epoch))
		require.NoError(t, err)
		for _, table := range first.Tables {
			require.Len(t, table.Parts, 1)
			require.Len(t, table.Parts[0].NotAudited, 1, table.Name)
			assert.Equal(t, proof.OutsideLane, table.Parts[0].NotAudited[0].Reason, table.Name)
		}

		// The range is read after the last audit of its day. Its rows are not set aside any more.
		b.TooLarge(nil)
		_, stop = b.start(cfg)
		sleepUntil(hourOf(47))
		stop()
		later, err := cfg.StoredReport(t.Context(), b.Host(), r.set.ID, reportDay)
		require.NoError(t, err)
		refused.Recovered, refused.SetAside = refused.Recovered+refused.SetAside, 0
		assert.Equal(t, refused, later.Tables[0].Parts[0].Counts)
		assert.Equal(t, proof.Delivered, later.Verdict())
	})
}

// refusePoison refuses a call for good that holds a poisonous row.
func refusePoison(logs plog.Logs) error {
	for _, r := range collector.Records(logs) {
		if name, ok := r.Log.Body().Map().Get("AccountName"); ok && name.Str() == poisonous {
			return consumererror.NewPermanent(errors.New("poison"))
		}
	}
	return nil
}

// acceptedOnDay is how many records the pipeline has of rows that arrived on the day.
func acceptedOnDay(b *fakeTime, table string) int {
	n := 0
	for _, r := range b.Sink.Records() {
		if at, ok := logrecord.IngestionTime(r.Log); ok && r.Table == table && proof.DayOf(at) == reportDay {
			n++
		}
	}
	return n
}

// History has parts of its own, by the events' time. A day before the live start has no other.
func TestReportOfHistory(t *testing.T) {
	s := newStage(t, defendersim.Options{Quirks: defendersim.DefaultQuirks()})
	s.inFakeTime(100*time.Millisecond, func(b *fakeTime) {
		yesterday := epoch.Truncate(24*time.Hour).AddDate(0, 0, -1)
		number := 0
		plant := func(at, arrived time.Time) {
			number++
			row := testbed.LogonRow(number)
			row["Timestamp"] = at.Format(time.RFC3339Nano)
			require.NoError(t, b.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: arrived}))
		}
		for hour := range 34 {
			at := yesterday.Add(time.Duration(hour)*time.Hour + 7*time.Minute)
			plant(at, at.Add(time.Minute))
		}
		plant(yesterday.Add(time.Hour), epoch.Add(time.Minute)) // comes so late that it is the live lane's
		cfg := b.config(logons)
		cfg.Backfill.Window = 47 * time.Hour
		r, stop := b.start(cfg)
		time.Sleep(3 * time.Hour)
		stop()

		report, err := cfg.StoredReport(t.Context(), b.Host(), r.set.ID, proof.DayOf(yesterday))
		require.NoError(t, err)
		require.Len(t, report.Tables[0].Parts, 1)
		past := report.Tables[0].Parts[0]
		assert.Equal(t, [2]string{"backfill", "event_time"}, [2]string{past.Lane, past.TimeBasis})
		assert.Equal(t, proof.Counts{Counted: 24, Delivered: 24}, past.Counts)
		assert.Empty(t, past.NotAudited)
		assert.Equal(t, proof.Delivered, report.Verdict())

		report, err = cfg.StoredReport(t.Context(), b.Host(), r.set.ID, proof.DayOf(epoch))
		require.NoError(t, err)
		require.Len(t, report.Tables[0].Parts, 2)
		live, past := report.Tables[0].Parts[0], report.Tables[0].Parts[1]
		assert.Equal(t, proof.Counts{Counted: 2, Delivered: 2}, live.Counts, "what arrived since 9:00")
		assert.Equal(t, proof.Counts{Counted: 9, Delivered: 9}, past.Counts, "what happened before 9:00")
		require.Len(t, past.NotAudited, 1)
		assert.Equal(t, proof.OutsideLane, past.NotAudited[0].Reason)
		assert.Equal(t, epoch.Truncate(24*time.Hour).AddDate(0, 0, 1), past.NotAudited[0].To)
	})
}

// The journal is told of recalled ranges only where audits are kept in it: alone they would pass for the whole of a day.
func TestJournalWithoutAudits(t *testing.T) {
	for interval, kept := range map[time.Duration]bool{time.Hour: true, 0: false} {
		s := newStage(t, defendersim.Options{})
		cfg := s.historyConfig()
		cfg.LateArrival.Audit.Interval = interval
		live, past, _ := s.manual(cfg, func(r *defenderReceiver) { r.journal = journal.New(s.Storage, cfg.Credentials.TenantID) })
		for _, l := range []*lane{live, past} {
			assert.Equal(t, kept, l.reader.Unreadable.Recalled != nil, "%s, audited each %s", l.id, interval)
		}
	}
}

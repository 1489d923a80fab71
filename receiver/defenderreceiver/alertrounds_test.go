package defenderreceiver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

var (
	pivotDevice = strings.Repeat("a1", 20)
	pivotStart  = epoch.Add(-20 * time.Minute) // of the process of the alert
)

// putPivot adds an alert whose evidence is one process.
func (s *stage) putPivot(id string, pid int, created time.Time, more ...any) {
	s.t.Helper()
	s.putAlert(id, epoch.Add(-time.Minute), epoch, append([]any{
		"firstActivityDateTime", created.Format(time.RFC3339Nano), "lastActivityDateTime", created.Format(time.RFC3339Nano),
		"evidence",
		[]any{map[string]any{
			"@odata.type": "#microsoft.graph.security.processEvidence", "mdeDeviceId": pivotDevice, "processId": pid,
			"processCreationDateTime": created.Format(time.RFC3339Nano), "parentProcessId": 4, "parentProcessCreationDateTime": created.Add(-time.Hour).Format(time.RFC3339Nano),
			"processCommandLine": "x\" or true //\n| take 1; let y = 'z",
		}},
	}, more...)...)
}

// plantFile puts a row of what a process did into the service.
func (s *stage) plantFile(number, pid int, created, arrived time.Time) {
	s.t.Helper()
	require.NoError(s.t, s.Sim.Plant("DeviceFileEvents", defendersim.Planted{IngestionTime: arrived, Row: map[string]any{
		"Timestamp": created.Add(time.Duration(number+1) * time.Millisecond).Format(time.RFC3339Nano), "DeviceId": pivotDevice, "ReportId": int64(number),
		"ActionType": "FileCreated", "InitiatingProcessId": int64(pid), "InitiatingProcessCreationTime": created.Format(time.RFC3339Nano),
	}}))
}

// found are the numbers of the rows that were delivered for an alert, with the round.
func (s *stage) found(alert string) []string {
	var list []string
	for _, record := range s.events(logrecord.EventAlertContext) {
		if collector.Attribute(record, logrecord.AttributeAlertID) == alert {
			round, _ := record.Attributes().Get(logrecord.AttributeRound)
			number, _ := record.Body().Map().Get("ReportId")
			list = append(list, fmt.Sprintf("%d in round %d: %s", number.Int(), round.Int(), collector.Attribute(record, logrecord.AttributeRelation)))
		}
	}
	slices.Sort(list)
	return list
}

func TestAlertContextInRounds(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.plantFile(1, 7, pivotStart, epoch)
	s.plantFile(2, 7, pivotStart, epoch.Add(30*time.Minute))       // late
	s.plantFile(3, 7, pivotStart.Add(30*time.Second), epoch)       // another process with the id
	s.plantFile(4, 7, pivotStart.Add(900*time.Microsecond), epoch) // the same, as another clock rounds it
	s.plantFile(5, 0, pivotStart, epoch)                           // the kernel
	require.NoError(t, s.Sim.Plant("DeviceProcessEvents", defendersim.Planted{IngestionTime: epoch, Row: map[string]any{
		"Timestamp": pivotStart.Add(-time.Hour).Format(time.RFC3339Nano), "DeviceId": pivotDevice, "ReportId": int64(6), "ActionType": "ProcessCreated",
		"ProcessId": int64(4), "ProcessCreationTime": pivotStart.Add(-time.Hour).Format(time.RFC3339Nano),
	}}))
	s.putPivot("da1", 7, pivotStart)
	s.putPivot("old", 7, epoch.Add(-31*24*time.Hour))
	s.putPivot("slight", 7, pivotStart, "severity", "informational")
	cfg := s.contextConfig()
	stop := s.start(cfg)
	s.taken()
	assert.Empty(t, s.found("da1"), "too early")
	s.nothingDue(11 * time.Minute)
	assert.Equal(t, []string{"1 in round 1: self", "4 in round 1: self", "6 in round 1: parent"}, s.found("da1"))
	assert.Empty(t, s.events(logrecord.EventAlertContextSummary), "what is late may still come")

	stop()
	s.start(cfg)
	s.putPivot("da1", 7, pivotStart, "status", "resolved", "lastUpdateDateTime", s.Clock.Now().Format(time.RFC3339Nano))
	s.taken()
	s.nothingDue(50 * time.Minute)
	assert.Equal(t, []string{"1 in round 1: self", "2 in round 2: self", "4 in round 1: self", "6 in round 1: parent"}, s.found("da1"))
	summary := s.summarized(1)[0]
	assert.Equal(t, map[string]any{
		"alert_id": "da1", "number": int64(1), "items": int64(2), "rows": int64(4), "truncated": false, "set_aside": int64(0),
		"tables": map[string]any{
			"DeviceFileEvents":    map[string]any{"self": int64(3)},
			"DeviceProcessEvents": map[string]any{"parent": int64(1)},
		},
	}, summary.Body().AsRaw())
	assert.Equal(t, "17", collector.Attribute(summary, logrecord.AttributeIncidentID))
	for _, alert := range []string{"old", "slight"} {
		assert.Empty(t, s.found(alert), alert)
	}
	s.onceEach()
}

func TestAlertContextAsLinks(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for i := range 5 {
		s.plantFile(i, 7, pivotStart, epoch)
	}
	s.putPivot("da1", 7, pivotStart)
	cfg := s.contextConfig()
	cfg.AlertContext.Emit, cfg.AlertContext.MaxRowsPerAlert = emitLinks, 3
	s.start(cfg)
	s.taken()
	s.nothingDue(time.Hour)
	summary := s.summarized(1)[0]
	truncated, _ := summary.Body().Map().Get("truncated")
	assert.True(t, truncated.Bool())
	links := s.events(logrecord.EventAlertContext)
	require.Len(t, links, 3)
	body := links[0].Body().Map().AsRaw()
	assert.Equal(t, map[string]any{
		"alert_id": "da1", "row_uid": collector.Attribute(links[0], logrecord.AttributeRowUID), "table": "DeviceFileEvents", "relation": "self",
		"Timestamp": pivotStart.Add(time.Millisecond).Format("2006-01-02T15:04:05.0000000Z"),
	}, body)
	assert.Equal(t, 1, s.Metrics.Sum("otelcol_receiver_defender_alert_context_truncated", "table", ""))
	assert.Equal(t, 3, s.Metrics.Sum("otelcol_receiver_defender_alert_context_rows", "relation", "self"))
}

// What a killed process had delivered and not stored comes again with the same ids, and nothing is lost.
func TestAlertContextAfterAKill(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	for alert := range 8 {
		created := pivotStart.Add(time.Duration(alert) * time.Second)
		s.putPivot(fmt.Sprintf("da%d", alert), 7, created)
		for i := range 20 {
			s.plantFile(100*alert+i, 7, created, epoch)
		}
	}
	cfg := s.contextConfig()
	cfg.Batch.MaxRecords = 30
	stop := s.start(cfg)
	s.taken()
	before := s.Storage.Snapshot()
	calls := 0
	s.Sink.Refuse(func(plog.Logs) error { // all but the first two calls of the round
		if calls++; calls > 2 {
			return assert.AnError
		}
		return nil
	})
	s.Clock.Advance(11 * time.Minute)
	require.Eventually(t, func() bool { return len(s.events(logrecord.EventAlertContext)) >= 60 }, wait, time.Millisecond)
	stop()
	first := s.uids()
	require.Less(t, len(first), 160)

	s.Storage = before
	s.Sink.Refuse(nil)
	s.start(cfg)
	s.nothingDue(time.Second)
	all := s.uids()
	assert.Len(t, all, 160)
	for uid := range first {
		assert.Equal(t, 2, all[uid], "the same id again")
	}
	s.nothingDue(time.Hour)
	s.summarized(8)
	assert.Equal(t, all, s.uids(), "the second round finds nothing new")
}

// uids are those of the rows around alerts, each with how often it came.
func (s *stage) uids() map[string]int {
	uids := map[string]int{}
	for _, record := range s.events(logrecord.EventAlertContext) {
		uids[collector.Attribute(record, logrecord.AttributeUID)]++
	}
	return maps.Clone(uids)
}

// A query that the service cannot answer is asked in smaller parts; what cannot be answered even then is given up and told.
func TestAlertContextGivesUpWhatCannotBeRead(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	s.inFakeTime(10*time.Millisecond, func(b *fakeTime) {
		for alert := range 8 {
			created := pivotStart.Add(time.Duration(alert) * time.Second)
			s.putPivot(fmt.Sprintf("da%d", alert), 1000+alert, created)
			s.plantFile(alert, 1000+alert, created, epoch)
		}
		b.TooLarge(func(kql string) bool {
			return strings.Contains(kql, "DeviceFileEvents") && strings.Contains(kql, "1003")
		})
		cfg := b.config()
		cfg.Feeds.AlertsV2.Enabled, cfg.AlertContext.Enabled, cfg.AlertContext.QuotaShare = true, true, 1
		_, stop := b.start(cfg)
		time.Sleep(4 * time.Hour)
		stop()
		summaries := s.events(logrecord.EventAlertContextSummary)
		require.Len(b.t, summaries, 8)
		for _, summary := range summaries {
			body := summary.Body().Map().AsRaw()
			if body["alert_id"] == "da3" {
				assert.EqualValues(b.t, 1, body["set_aside"])
				assert.EqualValues(b.t, 0, body["rows"])
			} else {
				assert.EqualValues(b.t, 1, body["rows"], body["alert_id"])
			}
		}
	})
}

package defenderreceiver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
)

// sample is a small company whose rows come late, of the future, in halves, and some only hours after
// their ingestion time, which no cursor can wait for: the audit finds those.
func sample() *tenant.Config {
	company := tenant.DefaultConfig()
	company.Start, company.History, company.RowsPerDay, company.Devices, company.People = epoch, 2*time.Hour, 1000, 16, 12
	company.LateShare, company.LateMax = 0.1, 5*24*time.Hour
	company.HiddenShare, company.HiddenMax = 0.05, 5*time.Hour
	company.FutureShare = 0.05
	company.AlertApartShare, company.AlertApartMax = 0.3, 9*time.Hour
	return &company
}

func TestTenDaysOfEvents(t *testing.T) {
	runDays(t, 10, 2*time.Hour, 5*time.Millisecond, 40,
		logons, "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceEvents", "DeviceRegistryEvents")
}

// Every query of alerts joins all that there are, so they are fewer.
func TestTenDaysOfAlerts(t *testing.T) {
	runDays(t, 10, 3*time.Hour, 200*time.Millisecond, 1000, "Alerts")
}

// runDays reads the days of the sample, and lets the newest rows of them become visible and be audited.
func runDays(t *testing.T, days int, step, interval time.Duration, pageRows int, names ...string) {
	t.Helper()
	if raceEnabled {
		t.Skip("days take minutes under the race detector; make test runs them without it")
	}
	t.Parallel()
	s := newStage(t, defendersim.Options{Tenant: sample(), Quirks: defendersim.DefaultQuirks()})
	cfg := s.config(names...)
	cfg.Settle, cfg.InitialLookback = 2*time.Minute, time.Hour
	cfg.LateArrival.Audit.Interval = 9 * time.Hour
	cfg.PollInterval = interval
	cfg.Page.MaxRows, cfg.Batch.MaxRecords = pageRows, 15
	life := s.launch(cfg)
	s.readUntil(epoch.Add(-cfg.Settle), names...)
	forward := func(steps int) {
		t.Helper()
		for range steps {
			s.Clock.Advance(step)
			s.readUntil(s.Clock.Now().Add(-cfg.Settle), names...)
		}
	}
	forward(days * 24 * int(time.Hour) / int(step))
	last := s.Clock.Now().Add(-cfg.Settle - paging.Tick)
	forward(int((5*time.Hour+cfg.LateArrival.Audit.Interval)/step) + 1)
	life.stop()

	for _, name := range names {
		since := s.cursor(name).Since
		var want, got []string
		if name == "Alerts" {
			want, got = s.alertTruth(since, last), s.alertKeys(last)
		} else {
			want, got = s.truthOf(name, since, last), s.until(name, last)
		}
		assert.NotEmpty(t, want, name)
		assert.Len(t, slices.Compact(slices.Clone(got)), len(got), "none of %s twice", name)
		missing, strange := difference(want, got), difference(got, want)
		assert.Empty(t, missing, "%d of %d rows of %s are missing", len(missing), len(want), name)
		assert.Empty(t, strange, "rows of %s that are not in the truth", name)
	}
	assert.Zero(t, s.audited("missing"))
	assert.Positive(t, s.audited("recovered"))
	s.accounts(s.Sink.Count(), false)
	t.Logf("%d rows in %d queries, %d of them recovered by audits", s.Sink.Count(), s.Sim.Report().Count("", "200"), s.audited("recovered"))
}

// difference is what a has and b has not; both are sorted.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(key string) bool {
		_, found := slices.BinarySearch(b, key)
		return found
	})
}

// until are the keys of the accepted rows of a table that arrived by last.
func (s *stage) until(table string, last time.Time) []string {
	s.t.Helper()
	var keys []string
	for _, r := range s.Sink.Records() {
		if r.Table != table {
			continue
		}
		arrived, ok := parseTime(collector.Attribute(r.Log, logrecord.AttributeIngestionTime))
		require.True(s.t, ok)
		if !arrived.After(last) {
			keys = append(keys, testbed.Key(r))
		}
	}
	slices.Sort(keys)
	return keys
}

// alertTruth is the evidence rows that were complete alerts by last: both halves had arrived, the later
// one since the receiver began. Of rows that are equal the first counts.
func (s *stage) alertTruth(since, last time.Time) []string {
	s.t.Helper()
	infos := map[string][]defendersim.TrueRow{}
	rows, err := s.Sim.Truth("AlertInfo", epoch.Add(-30*24*time.Hour), last)
	require.NoError(s.t, err)
	for _, row := range rows {
		id := row.Row["AlertId"].(string)
		infos[id] = append(infos[id], row)
	}
	rows, err = s.Sim.Truth("AlertEvidence", epoch.Add(-30*24*time.Hour), last)
	require.NoError(s.t, err)
	first := map[string]time.Time{}
	for _, row := range rows {
		key := evidenceKey(row.Row)
		if at, ok := first[key]; !ok || row.IngestionTime.Before(at) {
			first[key] = row.IngestionTime
		}
	}
	keys := map[string]struct{}{}
	for _, row := range rows {
		key := evidenceKey(row.Row)
		for _, info := range infos[row.Row["AlertId"].(string)] {
			if !info.IngestionTime.Before(since) || !first[key].Before(since) {
				keys[key] = struct{}{}
			}
		}
	}
	var sorted []string
	for key := range keys {
		sorted = append(sorted, key)
	}
	slices.Sort(sorted)
	return sorted
}

// alertKeys are the evidence rows of the accepted alerts that were complete by last, each once, however
// often its alert was updated.
func (s *stage) alertKeys(last time.Time) []string {
	s.t.Helper()
	uids, keys := map[string]int{}, []string{}
	for _, r := range s.Sink.Records() {
		if r.Table != "Alerts" {
			continue
		}
		uids[r.UID]++
		assert.Equal(s.t, 1, uids[r.UID], "%s was delivered twice", r.UID)
		if arrived, ok := parseTime(collector.Attribute(r.Log, logrecord.AttributeIngestionTime)); ok && !arrived.After(last) {
			keys = append(keys, evidenceKey(r.Body()))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// evidenceKey tells evidence rows apart by what AlertInfo does not overrule.
func evidenceKey(row map[string]any) string {
	alerts, _ := tables.ByName("Alerts")
	var key strings.Builder
	for _, c := range alerts.Columns() {
		_, ofInfo := alerts.Info.Column(c.Name)
		if _, ok := alerts.Schema.Column(c.Name); !ok || ofInfo && c.Name != "AlertId" && c.Name != "Timestamp" {
			continue
		}
		value := row[c.Name]
		if at, ok := value.(string); ok && c.Type == tables.DateTime {
			value, _ = parseTime(at)
		}
		if at, ok := value.(time.Time); ok {
			value = at.UTC().Format(time.RFC3339Nano)
		}
		if c.Name == "AdditionalFields" || value == nil {
			value = "" // its JSON has several forms on the wire
		}
		fmt.Fprintf(&key, "%v|", value)
	}
	return key.String()
}

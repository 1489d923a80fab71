package defenderreceiver

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// contextConfig reads alerts_v2 and the rows around alerts all the time, and the named tables.
func (s *stage) contextConfig(names ...string) *Config {
	cfg := s.feedConfig()
	for _, name := range names {
		table := cfg.Tables[name]
		table.Enabled = true
		cfg.Tables[name] = table
	}
	own := &cfg.AlertContext
	own.Enabled, own.QuotaShare, own.Emit, own.interval = true, 1, emitRows, 5*time.Millisecond
	return cfg
}

// around is the lane of the rows around alerts of the receiver that was made last.
func (s *stage) around() *source.AlertContext {
	s.t.Helper()
	for _, l := range s.receivers[len(s.receivers)-1].lanes {
		if src, is := l.source.(*source.AlertContext); is {
			return src
		}
	}
	require.Fail(s.t, "no lane")
	return nil
}

// taken waits until each alert was delivered, and what is to be asked for it was stored.
func (s *stage) taken() {
	s.t.Helper()
	s.allFinal()
	s.polled(2) // the poll that has delivered the last one has ended
}

// nothingDue moves the clock, and waits until all that is due was asked for.
func (s *stage) nothingDue(step time.Duration) {
	s.t.Helper()
	s.Clock.Advance(step)
	lane := s.around()
	// What the receiver takes for the service's time is wrong for a moment, when the clock moves while it asks.
	require.Eventually(s.t, func() bool { return lane.Pivots.Standing(s.Clock.Now()).Oldest.IsZero() }, wait, 5*time.Millisecond)
}

// summarized waits for so many summaries.
func (s *stage) summarized(n int) []plog.LogRecord {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return len(s.events(logrecord.EventAlertContextSummary)) >= n }, wait, 5*time.Millisecond)
	found := s.events(logrecord.EventAlertContextSummary)
	require.Len(s.t, found, n)
	return found
}

// events are the records of an event name.
func (s *stage) events(name string) []plog.LogRecord {
	var found []plog.LogRecord
	for _, r := range s.Sink.Records() {
		if r.Log.EventName() == name {
			found = append(found, r.Log)
		}
	}
	return found
}

// referenceDay is a tenant with alerts of the past day.
func referenceDay(t *testing.T) *stage {
	t.Helper()
	sample := tenant.DefaultConfig()
	sample.RowsPerDay, sample.Start, sample.History = 20_000, epoch, 12*time.Hour
	return newStage(t, defendersim.Options{Tenant: &sample})
}

// For every alert of the sample tenant, the rows that are found are those that a join over the truth finds, each once, with
// the id that the row has among the records of its table.
func TestAlertContextFindsWhatTheTruthJoins(t *testing.T) {
	s := referenceDay(t)
	cfg := s.contextConfig("DeviceProcessEvents")
	cfg.InitialLookback, cfg.AlertContext.MaxRowsPerAlert = 9*time.Hour, mostContextRows
	s.start(cfg)
	s.taken()
	s.nothingDue(11 * time.Minute)
	s.taken()
	s.nothingDue(65 * time.Minute)
	last := s.Clock.Now()

	got, relations := map[string][]string{}, map[string]map[string]string{}
	for _, record := range s.events(logrecord.EventAlertContext) {
		alert, key := collector.Attribute(record, logrecord.AttributeAlertID), testbed.Key(collector.Record{Log: record})
		got[alert] = append(got[alert], key)
		if relations[alert] == nil {
			relations[alert] = map[string]string{}
		}
		relations[alert][key] = collector.Attribute(record, logrecord.AttributeRelation)
	}
	j := newJoin(t, s, last)
	compared, rows, byRelation := 0, 0, map[string]int{}
	for id, body := range s.newest() {
		if first := at(body, "firstActivityDateTime"); !first.Before(epoch.Add(-3*time.Hour)) || first.Before(epoch.Add(-8*time.Hour)) {
			continue // its evidence may still grow, or its rows lie before the tenant's history
		}
		if at(body, "createdDateTime").After(epoch.Add(-time.Hour)) {
			continue // it was raised late, and its last round may be still to come
		}
		if body["severity"] == "informational" {
			assert.Empty(t, got[id])
			continue
		}
		want := j.of(body)
		assert.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(j.certain(got[id]))), "rows of %s", id)
		for key, relation := range want {
			assert.Equal(t, relation, relations[id][key], "%s of %s", key, id)
			byRelation[relation]++
		}
		compared++
		rows += len(want)
	}
	t.Log(compared, "alerts", rows, "rows", byRelation)
	assert.Greater(t, compared, 10)
	for _, relation := range []string{"self", "child", "file", "user", "device"} {
		assert.Positive(t, byRelation[relation], relation)
	}
	s.sameIDs()
	s.onceEach()
}

// onceEach asserts that no record came twice.
func (s *stage) onceEach() {
	s.t.Helper()
	uids := map[string]int{}
	for _, r := range s.Sink.Records() {
		uids[r.UID]++
	}
	for uid, times := range uids {
		assert.Equal(s.t, 1, times, uid)
	}
}

// sameIDs asserts that the rows around alerts name the id that the row has among the records of its table.
func (s *stage) sameIDs() {
	s.t.Helper()
	polled := map[string]string{}
	for _, r := range s.Sink.Records() {
		if r.Log.EventName() == "microsoft.defender.device_process_events" {
			polled[testbed.Key(r)] = r.UID
		}
	}
	same := 0
	for _, record := range s.events(logrecord.EventAlertContext) {
		if uid, is := polled[testbed.Key(collector.Record{Log: record})]; is && collector.Attribute(record, logrecord.AttributeRowTable) == "DeviceProcessEvents" {
			assert.Equal(s.t, uid, collector.Attribute(record, logrecord.AttributeRowUID))
			assert.NotEqual(s.t, uid, collector.Attribute(record, logrecord.AttributeUID))
			same++
		}
	}
	assert.Positive(s.t, same)
}

// newest are the last versions of all alerts.
func (s *stage) newest() map[string]map[string]any {
	bodies := map[string]map[string]any{}
	for _, v := range s.Sim.Alerts() { // in order of time
		bodies[v.ID] = v.Body
	}
	return bodies
}

func at(body map[string]any, key string) time.Time {
	text, _ := body[key].(string)
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}

// join is the reference: a join of alerts with the truth, written for what the documentation says.
type join struct {
	rows      map[string][]defendersim.TrueRow // by table
	uncertain map[string]bool                  // rows that came about the time of the last round
}

func newJoin(t *testing.T, s *stage, last time.Time) join {
	t.Helper()
	j := join{rows: map[string][]defendersim.TrueRow{}, uncertain: map[string]bool{}}
	for _, table := range createDefaultConfig().(*Config).AlertContext.Tables {
		rows, err := s.Sim.Truth(table, epoch.Add(-30*24*time.Hour), last.Add(24*time.Hour))
		require.NoError(t, err)
		for _, row := range rows {
			switch {
			case row.Visible.After(last.Add(-5*time.Minute)) && row.Visible.Before(last.Add(5*time.Minute)):
				j.uncertain[row.Key] = true
			case row.Visible.Before(last):
				j.rows[table] = append(j.rows[table], row)
			}
		}
	}
	return j
}

func (j join) certain(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return j.uncertain[key] })
}

// of are the rows of an alert, each with its relation.
func (j join) of(alert map[string]any) map[string]string {
	first, last := at(alert, "firstActivityDateTime"), at(alert, "lastActivityDateTime")
	items := []map[string]any{}
	devices := []string{}
	linux := map[string]bool{}
	for _, item := range alert["evidence"].([]any) {
		item := item.(map[string]any)
		items = append(items, item)
		if id, _ := item["mdeDeviceId"].(string); id != "" && !slices.Contains(devices, id) {
			devices = append(devices, id)
		}
		if platform, _ := item["osPlatform"].(string); platform != "" {
			linux[item["mdeDeviceId"].(string)] = !strings.HasPrefix(platform, "Windows") && !strings.HasPrefix(platform, "mac")
		}
	}
	found := map[string]string{}
	order := []string{"self", "child", "parent", "file", "network", "user", "device"}
	add := func(key, relation string) {
		if had, is := found[key]; !is || slices.Index(order, relation) < slices.Index(order, had) {
			found[key] = relation
		}
	}
	scan := func(from, to time.Time, is func(table string, row map[string]any) string) {
		for table, rows := range j.rows {
			for _, row := range rows {
				if !row.Timestamp.Before(from) && !row.Timestamp.After(to) {
					if relation := is(table, row.Row); relation != "" {
						add(row.Key, relation)
					}
				}
			}
		}
	}
	from, to := first.Add(-5*time.Minute), last.Add(30*time.Minute)
	for _, item := range items {
		id, _ := item["mdeDeviceId"].(string)
		tolerance := time.Millisecond
		if known, is := linux[id]; known || !is {
			tolerance = 10 * time.Millisecond
		}
		same := func(row map[string]any, prefix string, pid any, created time.Time) bool {
			column, stamp := "ProcessId", "ProcessCreationTime"
			if prefix != "" {
				column, stamp = prefix+"ProcessId", prefix+"ProcessCreationTime"
			}
			when, is := row[stamp].(time.Time)
			return is && id != "" && row["DeviceId"] == id && fmt.Sprint(pid) != "0" && fmt.Sprint(row[column]) == fmt.Sprint(pid) && when.Sub(created).Abs() <= tolerance
		}
		on := func(row map[string]any) bool { return slices.Contains(devices, fmt.Sprint(row["DeviceId"])) }
		switch kind, _ := item["@odata.type"].(string); strings.TrimPrefix(kind, "#microsoft.graph.security.") {
		case "processEvidence":
			created, parent := at(item, "processCreationDateTime"), at(item, "parentProcessCreationDateTime")
			begin := from
			if early := created.Add(-5 * time.Minute); early.Before(begin) && to.Sub(early) <= 24*time.Hour {
				begin = early
			} else if early.Before(begin) {
				scan(early, created.Add(5*time.Minute), func(table string, row map[string]any) string {
					if table == "DeviceProcessEvents" && same(row, "", item["processId"], created) {
						return "self"
					}
					return ""
				})
			}
			scan(begin, to, func(table string, row map[string]any) string {
				switch {
				case same(row, "", item["processId"], created):
					return "self"
				case same(row, "Initiating", item["processId"], created) && table == "DeviceProcessEvents":
					return "child"
				case same(row, "Initiating", item["processId"], created):
					return "self"
				}
				return ""
			})
			scan(parent.Add(-5*time.Minute), parent.Add(5*time.Minute), func(table string, row map[string]any) string {
				if table == "DeviceProcessEvents" && item["parentProcessId"] != nil && same(row, "", item["parentProcessId"], parent) {
					return "parent"
				}
				return ""
			})
		case "fileEvidence":
			details, _ := item["fileDetails"].(map[string]any)
			scan(from, to, func(_ string, row map[string]any) string {
				if hash := details["sha1"]; hash != nil && row["DeviceId"] == id && (row["SHA1"] == hash || row["InitiatingProcessSHA1"] == hash) {
					return "file"
				}
				return ""
			})
		case "ipEvidence":
			scan(from, to, func(_ string, row map[string]any) string {
				if on(row) && row["RemoteIP"] == item["ipAddress"] {
					return "network"
				}
				return ""
			})
		case "urlEvidence":
			u, _ := url.Parse(item["url"].(string))
			scan(from, to, func(_ string, row map[string]any) string {
				if remote, _ := row["RemoteUrl"].(string); on(row) && remote != "" && (remote == u.Host || strings.Contains(remote, "://"+u.Host)) {
					return "network"
				}
				return ""
			})
		case "userEvidence":
			account, _ := item["userAccount"].(map[string]any)
			scan(from, to, func(_ string, row map[string]any) string {
				for _, column := range []string{"AccountSid", "InitiatingProcessAccountSid", "RequestAccountSid"} {
					if sid := account["userSid"]; sid != nil && on(row) && row[column] == sid {
						return "user"
					}
				}
				if name, _ := account["accountName"].(string); account["userSid"] == nil && name != "" && on(row) && row["AccountName"] == name {
					return "user"
				}
				return ""
			})
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, item := range items {
		if id, _ := item["mdeDeviceId"].(string); id != "" && item["@odata.type"] == "#microsoft.graph.security.deviceEvidence" {
			scan(first.Add(-5*time.Minute), last.Add(5*time.Minute), func(_ string, row map[string]any) string {
				if row["DeviceId"] == id {
					return "device"
				}
				return ""
			})
		}
	}
	return found
}

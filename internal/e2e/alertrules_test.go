package e2e

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each rule fires for the series that is in trouble, when it has lasted long enough, and for none beside it.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	const prefix, leases = "otelcol_receiver_defender_", "otelcol_extension_postgres_storage_"
	type values func(minute int) float64
	constant := func(value float64) values { return func(int) float64 { return value } }
	rising := func(minute int) float64 { return float64(minute) }
	type series struct {
		name   string
		labels []string // beside receiver and table, which all series here have
		values values
	}
	interval := series{prefix + "poll_interval", nil, constant(300)}
	type example struct {
		fine, broken []series
		minutes      int // until it fires
	}
	examples := map[string]example{
		"DefenderRowsMissing": {
			[]series{{prefix + "audit_missing", nil, constant(0)}}, []series{{prefix + "audit_missing", nil, constant(1)}}, 0,
		},
		"DefenderRowsLost": {
			[]series{
				{prefix + "rows", []string{"outcome", "refused"}, rising},
				{prefix + "dead_letters", []string{"state", "written"}, rising},
			},
			[]series{
				{prefix + "rows", []string{"outcome", "refused"}, rising},
				{prefix + "dead_letters", []string{"state", "written"}, constant(0)},
			},
			4,
		},
		"DefenderRowsRefused": {
			[]series{{prefix + "rows", []string{"outcome", "refused"}, constant(7)}},
			[]series{{prefix + "rows", []string{"outcome", "refused"}, rising}},
			2,
		},
		"DefenderDeadLettersFail": {
			[]series{{prefix + "dead_letters", []string{"state", "failed"}, constant(7)}},
			[]series{{prefix + "dead_letters", []string{"state", "failed"}, rising}},
			2,
		},
		"DefenderTableBehind": {
			[]series{{prefix + "cursor_lag", nil, constant(1500)}, interval},
			[]series{{prefix + "cursor_lag", nil, constant(1501)}, interval},
			10,
		},
		"DefenderTableNearRetention": {
			[]series{{prefix + "cursor_lag", nil, constant(21 * 86400)}, {prefix + "paused", []string{"reason", "not_in_plan"}, constant(1)}},
			[]series{{prefix + "cursor_lag", nil, constant(20.1 * 86400)}},
			0,
		},
		"DefenderTableStuck": {
			[]series{
				{prefix + "progress_age", nil, constant(5000)},
				interval,
				{prefix + "queries", []string{"outcome", "ok"}, constant(3)},
			},
			[]series{
				{prefix + "progress_age", nil, constant(5000)},
				interval,
				{prefix + "queries", []string{"outcome", "ok"}, rising},
			},
			17,
		},
		"DefenderNothingRead": {
			[]series{
				{prefix + "queries", []string{"outcome", "ok"}, rising},
				{prefix + "queries", []string{"outcome", "transient"}, rising},
				interval,
				{prefix + "queries", []string{"outcome", "ok", "instance", "a worker that ran it before"}, constant(3)},
			},
			[]series{
				{prefix + "queries", []string{"outcome", "ok"}, constant(3)},
				{prefix + "queries", []string{"outcome", "transient"}, rising},
				interval,
			},
			7,
		},
		"DefenderAccessRefused": {
			[]series{{prefix + "paused", []string{"reason", "failures"}, constant(1)}, {prefix + "paused", []string{"reason", "credentials"}, constant(0)}},
			[]series{{prefix + "paused", []string{"reason", "credentials"}, constant(1)}},
			5,
		},
		"DefenderTablePaused": {
			[]series{{prefix + "paused", []string{"reason", "failures"}, constant(0)}, {prefix + "paused", []string{"reason", "not_in_plan"}, constant(1)}},
			[]series{{prefix + "paused", []string{"reason", "failures"}, constant(1)}},
			15,
		},
		"DefenderTableNotInPlan": {
			[]series{{prefix + "paused", []string{"reason", "failures"}, constant(1)}, {prefix + "paused", []string{"reason", "not_in_plan"}, constant(0)}},
			[]series{{prefix + "paused", []string{"reason", "not_in_plan"}, constant(1)}},
			15,
		},
		"DefenderThrottled": {
			[]series{{prefix + "throttled", nil, constant(3)}}, []series{{prefix + "throttled", nil, rising}}, 32,
		},
		"DefenderQuotaShort": {
			[]series{{prefix + "quota_short", nil, constant(0)}}, []series{{prefix + "quota_short", nil, constant(1)}}, 60,
		},
		"DefenderPipelineRefuses": {
			[]series{{"otelcol_receiver_refused_log_records", nil, constant(5)}},
			[]series{{"otelcol_receiver_refused_log_records", nil, rising}},
			17,
		},
		"DefenderCursorNotStored": {
			[]series{{prefix + "cursor_writes", []string{"outcome", "failed"}, constant(5)}, {prefix + "cursor_writes", []string{"outcome", "stored"}, rising}},
			[]series{{prefix + "cursor_writes", []string{"outcome", "failed"}, rising}},
			2,
		},
		"DefenderCredentialsEnd": {
			[]series{{prefix + "credential_expiry", nil, constant(14 * 86400)}}, []series{{prefix + "credential_expiry", nil, constant(14*86400 - 1)}}, 0,
		},
		"DefenderAuditOverdue": {
			[]series{{prefix + "audit_age", nil, constant(10_800)}}, []series{{prefix + "audit_age", nil, constant(10_801)}}, 10,
		},
		"DefenderNoWorker": {
			[]series{
				{leases + "lease_held", []string{"kind", "receiver", "component", "defender/b"}, constant(0)},
				{leases + "lease_held", []string{"kind", "receiver", "component", "defender/b", "instance", "another"}, constant(1)},
				{leases + "lease_held", []string{"kind", "exporter", "component", "otlp"}, constant(0)},
			},
			[]series{{leases + "lease_held", []string{"kind", "receiver", "component", "defender/a"}, constant(0)}},
			5,
		},
		"DefenderLeasesNotRenewed": {
			[]series{{leases + "renewal_age", []string{"extension", "postgres_storage/b"}, constant(60)}},
			[]series{{leases + "renewal_age", []string{"extension", "postgres_storage/a"}, constant(61)}},
			2,
		},
	}
	about := map[string]string{"DefenderLeasesNotRenewed": "postgres_storage/a"}
	for _, rule := range readAlerts(t, time.Minute) {
		if rule.name != "DefenderDown" { // see below
			assert.Contains(t, examples, rule.name)
		}
	}
	for alert, test := range examples {
		t.Run(alert, func(t *testing.T) {
			t.Parallel()
			r := recording{}
			for minute := range 120 {
				at := epoch.Add(time.Duration(minute) * time.Minute)
				for receiver, all := range map[string][]series{"defender/a": test.broken, "defender/b": test.fine} {
					for _, s := range all {
						named := map[string]string{"__name__": s.name, "instance": "collector", "receiver": receiver, "table": "T"}
						for i := 0; i < len(s.labels); i += 2 {
							named[s.labels[i]] = s.labels[i+1]
						}
						r.add(at, s.values(minute), named)
					}
				}
			}
			rules := slices.DeleteFunc(readAlerts(t, time.Minute), func(r alertRule) bool { return r.name != alert })
			require.Len(t, rules, 1)
			fired := r.firing(t, rules, epoch, epoch.Add(2*time.Hour-time.Minute), time.Minute)
			names := slices.Collect(maps.Keys(fired))
			require.Len(t, names, 1)
			assert.Contains(t, names[0], alert+" "+cmp.Or(about[alert], "defender/a"))
			assert.InDelta(t, test.minutes, fired[names[0]].Sub(epoch).Minutes(), 1.5)
		})
	}
}

// A collector that is gone is told, whether Prometheus still knows it or not.
func TestAlertOfAMissingCollector(t *testing.T) {
	t.Parallel()
	rules := readAlerts(t, time.Minute)
	minutes := func(r recording) map[string]time.Time {
		return r.firing(t, rules, epoch, epoch.Add(10*time.Minute), time.Minute)
	}
	assert.Contains(t, minutes(recording{}), "DefenderDown")
	down, up := recording{}, recording{}
	for minute := range 11 {
		at := epoch.Add(time.Duration(minute) * time.Minute)
		down.scraped(at, nil)
		up.scraped(at, scrape{})
	}
	assert.Contains(t, minutes(down), "DefenderDown")
	assert.Empty(t, minutes(up))
}

package e2e

import (
	"net/http"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// The metrics under their documented names, with figures that add up to what the emulator gave and the files hold.
func TestHealthAndMetrics(t *testing.T) {
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: company(10*time.Minute, 200_000)})
	health, metrics := ports.Free(t), ports.Free(t)
	c := s.start(run{
		configs:   []string{"collector.yaml", "observed.yaml"},
		variables: []string{"E2E_HEALTH_PORT=" + health, "E2E_METRICS_PORT=" + metrics},
	})
	s.eventually(func() bool { return status(t, "http://127.0.0.1:"+health+"/status") == http.StatusOK }, "healthy")

	want := s.truth(s.settled())
	s.eventually(s.have(want), "all rows should come")
	var m scrape
	s.eventually(func() bool {
		m = scrapeMetrics(t, "http://127.0.0.1:"+metrics+"/metrics")
		return m.sum("otelcol_receiver_defender_cursor_writes", "outcome", "stored") >= 7
	}, "each table should have stored its cursor")
	s.eventually(func() bool {
		rows, _ := readRaw(t, s.raw)
		m = scrapeMetrics(t, "http://127.0.0.1:"+metrics+"/metrics")
		return int(m.sum("otelcol_receiver_defender_rows", "outcome", "delivered")) == len(rows)
	}, "all rows should be counted, which happens when the call has returned")
	for _, name := range []string{
		"queries", "query_duration", "rows", "cursor_lag", "quota_used", "paused", "truncated_pages", "cursor_writes",
	} {
		assert.Contains(t, m, "otelcol_receiver_defender_"+name)
	}
	c.stop()

	rows, _ := readRaw(t, s.raw)
	perTable := map[string]int{}
	for _, r := range rows {
		perTable[r.table]++
	}
	const outcomes = "otelcol_receiver_defender_rows"
	report := s.sim.Report()
	for _, table := range tables.All() {
		assert.InDelta(t, perTable[table.Name], m.sum(outcomes, "table", table.Name, "outcome", "delivered"), 0, table.Name)
		assert.Zero(t, m.sum(outcomes, "table", table.Name, "outcome", "refused"), table.Name)
		if table.Kind != tables.Alerts {
			seen := report.Table(table.Name)
			assert.InDelta(t, seen.RowsReturned-seen.RowsOfCounts, m.sum(outcomes, "table", table.Name), 0,
				"rows read of %s are delivered, duplicate or refused", table.Name)
		}
	}
	delivered := m.sum(outcomes, "outcome", "delivered")
	assert.InDelta(t, m.sum("otelcol_receiver_accepted_log_records"), delivered, 0)

	const records = "otelcol_processor_total_normalize_records"
	mapped, dropped, passed := m.sum(records, "outcome", "mapped"), m.sum(records, "outcome", "dropped"), m.sum(records, "outcome", "passed")
	assert.InDelta(t, delivered, mapped+dropped+passed, 0)
	assert.InDelta(t, m.sum("otelcol_processor_incoming_items", "processor", "total_normalize"), mapped+dropped+passed, 0)
	assert.InDelta(t, m.sum("otelcol_processor_outgoing_items", "processor", "total_normalize"), mapped+passed, 0)
	events, _ := readTotal(t, s.totalFile())
	assert.Len(t, events, int(mapped))
	t.Logf("rows: %v delivered, %v duplicate, of %v; records: %v mapped, %v dropped; %s",
		delivered, m.sum(outcomes, "outcome", "duplicate"), perTable, mapped, dropped, report)
}

// scrape is the collector's metrics by name.
type scrape map[string]*dto.MetricFamily

// sum adds the values of those with the labels given as name, value, name, value and so on.
func (m scrape) sum(name string, labels ...string) (sum float64) {
	for _, metric := range m[name].GetMetric() {
		has := map[string]string{}
		for _, pair := range metric.GetLabel() {
			has[pair.GetName()] = pair.GetValue()
		}
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && has[labels[i]] == labels[i+1]
		}
		if matches {
			sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return sum
}

// scrapeMetrics returns nothing while the collector does not answer.
func scrapeMetrics(t *testing.T, url string) scrape {
	t.Helper()
	response, err := get(t, url)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	require.NoError(t, err)
	return families
}

// status is that of the answer, 0 if there is none.
func status(t *testing.T, url string) int {
	t.Helper()
	response, err := get(t, url)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	request.Close = true // leave no connection behind
	return http.DefaultClient.Do(request)
}

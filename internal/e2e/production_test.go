package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// config/production.yaml against brokers with TLS and passwords, with everything that it says of itself.
func TestProduction(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	certificate, caFile := brokerCertificate(t)
	const user, password = "defender", "p$ss: word" // a dollar sign and a colon are a trap of configurations
	cluster := newCluster(t, kfake.TLS(certificate), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", user, password),
		kfake.SeedTopics(topicPartitions, topicName))
	telemetry := startTelemetryServer(t)
	health, liveness, metrics := ports.Free(t), ports.Free(t), ports.Free(t)
	c := s.startShipped("production.yaml", []string{"kafkaca.yaml"},
		"KAFKA_BROKERS="+strings.Join(cluster.ListenAddrs(), ","), "KAFKA_USERNAME="+user, "KAFKA_PASSWORD="+password,
		"E2E_KAFKA_CA_FILE="+caFile, "TELEMETRY_ENDPOINT="+telemetry.url, "TELEMETRY_INTERVAL_MS=200",
		"HEALTH_ENDPOINT=127.0.0.1:"+health, "LIVENESS_ENDPOINT=127.0.0.1:"+liveness, "METRICS_PORT="+metrics, "CONTROL_ENDPOINT=127.0.0.1:0")
	memory := c.watchMemory()
	read := consume(t, cluster.ListenAddrs(), topicName,
		secured(t, caFile, scram.Auth{User: user, Pass: password}.AsSha512Mechanism())...)
	require.Eventually(t, read.have(want), wait, longTick, "all events should come")

	assert.Equal(t, http.StatusOK, status(t, "http://127.0.0.1:"+health+"/status"))
	assert.Equal(t, http.StatusOK, status(t, "http://127.0.0.1:"+liveness+"/status"))
	var scraped scrape
	s.eventually(func() bool {
		scraped = scrapeMetrics(t, "http://127.0.0.1:"+metrics+"/metrics")
		return int(scraped.sum("otelcol_exporter_sent_log_records", "exporter", "kafka")) >= len(want.events)
	}, "all events should be counted, which happens when the brokers' answers have come")
	for _, name := range []string{
		"otelcol_receiver_defender_rows", "otelcol_receiver_defender_cursor_lag",
		"otelcol_processor_total_normalize_records", "otelcol_exporter_sent_log_records",
	} {
		assert.Contains(t, scraped, name)
		s.eventually(func() bool { return telemetry.has(name) }, "OTLP should bring %s; it brought %s", name, telemetry.names())
	}
	memory.bounded()
	c.stop()
	assert.True(t, telemetry.has("Everything is ready"), "the log is sent, too")
	assert.NotContains(t, c.log(), password)

	want.delivered(t, read.events())
	read.ordered(want)
	assert.Empty(t, s.deadLetters())
	for _, storage := range []string{"cursors", "directories"} {
		files, err := os.ReadDir(filepath.Join(s.dataDirectory(), storage))
		require.NoError(t, err)
		assert.NotEmpty(t, files, storage)
	}
}

// telemetryServer takes what a collector says of itself over OTLP/HTTP.
type telemetryServer struct {
	t    *testing.T
	url  string
	mu   sync.Mutex // guards seen
	seen map[string]bool
}

func startTelemetryServer(t *testing.T) *telemetryServer {
	t.Helper()
	s := &telemetryServer{t: t, seen: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/metrics", s.metrics)
	mux.HandleFunc("POST /v1/logs", s.logs)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *telemetryServer) metrics(_ http.ResponseWriter, r *http.Request) {
	request := pmetricotlp.NewExportRequest()
	body, err := io.ReadAll(r.Body)
	if !assert.NoError(s.t, err) || !assert.NoError(s.t, request.UnmarshalProto(body)) {
		return
	}
	for _, resource := range request.Metrics().ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				s.see(metric.Name())
			}
		}
	}
}

func (s *telemetryServer) logs(_ http.ResponseWriter, r *http.Request) {
	request := plogotlp.NewExportRequest()
	body, err := io.ReadAll(r.Body)
	if !assert.NoError(s.t, err) || !assert.NoError(s.t, request.UnmarshalProto(body)) {
		return
	}
	for _, resource := range request.Logs().ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				s.see(record.Body().AsString())
			}
		}
	}
}

func (s *telemetryServer) see(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[name] = true
}

// has reports whether a metric of that name has come, or a log record that begins so.
func (s *telemetryServer) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for seen := range s.seen {
		if strings.HasPrefix(seen, name) {
			return true
		}
	}
	return false
}

func (s *telemetryServer) names() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.seen {
		names = append(names, name)
	}
	return names
}

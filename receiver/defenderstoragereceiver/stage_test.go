package defenderstoragereceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/metadata"
)

const (
	tenantA = "11111111-2222-4333-8444-555555555555"
	tenantB = "22222222-2222-4333-8444-555555555555"
	table   = "DeviceLogonEvents"
)

// epoch is when the time of most tests begins.
var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

var (
	storageID = component.MustNewIDWithName("file_storage", "cursors")
	wireID    = component.MustNewID("wire")
	shownID   = component.MustNewID("defender_control")
)

// stage is an emulated account, and what outlives a receiver.
type stage struct {
	tb      testing.TB
	account *blobs.Service
	storage *collector.Storage
	sink    *collector.Sink
	status  *collector.Status
	metrics collector.Metrics
	logs    *observer.ObservedLogs
	core    zapcore.Core
	next    consumer.Logs            // nil: the sink
	wire    extensionauth.HTTPClient // nil: the account in this process
	shown   *shown
}

// shown is the extension that shows receivers.
type shown struct {
	component.StartFunc
	component.ShutdownFunc
	receiver control.Receiver
}

func (s *shown) Register(r control.Receiver) func() {
	s.receiver = r
	return func() {}
}

func (s *shown) RegisterProcessor(control.Processor) func() { return func() {} }

func newStage(tb testing.TB, c blobs.Config) *stage {
	tb.Helper()
	core, logs := observer.New(zapcore.WarnLevel)
	s := &stage{
		tb: tb, account: blobs.New(c), storage: collector.NewStorage(), sink: &collector.Sink{}, status: &collector.Status{},
		metrics: collector.NewMetrics(), logs: logs, core: core, shown: &shown{},
	}
	tb.Cleanup(func() { require.NoError(tb, s.metrics.Shutdown(context.Background())) })
	return s
}

// inTime runs a test in synthetic time, which begins at the epoch.
func inTime(t *testing.T, c blobs.Config, run func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(epoch))
		run(t, newStage(t, c))
	})
}

// config is one for tests: an account without a network.
func (s *stage) config(change func(*Config)) Config {
	cfg := *createDefaultConfig().(*Config)
	cfg.AccountURL = "http://127.0.0.1:1/account"
	cfg.ClientConfig.Auth = authBy(wireID)
	cfg.Credentials.TenantID = tenantA
	cfg.StorageID = &storageID
	cfg.RetryOnFailure.RandomizationFactor = 0
	if change != nil {
		change(&cfg)
	}
	require.NoError(s.tb, cfg.Validate())
	return cfg
}

func authBy(extension component.ID) configoptional.Optional[configauth.Config] {
	return configoptional.Some(configauth.Config{AuthenticatorID: extension})
}

func noAuth() configoptional.Optional[configauth.Config] {
	return configoptional.None[configauth.Config]()
}

func (s *stage) host() collector.Host {
	way := s.wire
	if way == nil {
		way = wire{handler: s.account}
	}
	return collector.Host{Extensions: collector.Extensions{storageID: s.storage, wireID: way.(component.Component), shownID: s.shown}, Status: s.status}
}

// start starts a receiver. It ends with the test, if it has not before.
func (s *stage) start(change func(*Config)) (stop func()) {
	s.tb.Helper()
	r := s.create(change)
	require.NoError(s.tb, r.Start(context.Background(), s.host()))
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			require.NoError(s.tb, r.Shutdown(context.Background()))
		}
	}
	s.tb.Cleanup(stop)
	return stop
}

func (s *stage) create(change func(*Config)) receiver.Logs {
	s.tb.Helper()
	set := receivertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = s.metrics.NewTelemetrySettings()
	set.Logger = zap.New(s.core)
	next := s.next
	if next == nil {
		next = s.sink
	}
	cfg := s.config(change)
	r, err := NewFactory().CreateLogs(context.Background(), set, &cfg, next)
	require.NoError(s.tb, err)
	return r
}

// wire carries requests to an account in this process.
type wire struct {
	component.StartFunc
	component.ShutdownFunc
	handler http.Handler
}

var _ extensionauth.HTTPClient = wire{}

func (w wire) RoundTripper(http.RoundTripper) (http.RoundTripper, error) { return w, nil }

var errBroken = errors.New("the connection broke")

// RoundTrip makes a call. What the handler breaks off comes as an error, or as a body that ends early.
func (w wire) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	broken := false
	func() {
		defer func() { broken = recover() != nil }()
		w.handler.ServeHTTP(recorder, req)
	}()
	if broken && recorder.Body.Len() == 0 {
		return nil, errBroken
	}
	resp = recorder.Result()
	if broken {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(recorder.Body.Bytes()), errorReader{}))
	}
	return resp, nil
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// line is one row of a tenant, with the end that the export gives it.
func line(tenant, table string, number int) string {
	return fmt.Sprintf(`{"time":"2026-11-21T10:00:%02d.000Z","tenantId":%q,"operationName":"Publish","category":"AdvancedHunting-%s",`+
		`"_TimeReceivedBySvc":"2026-11-21T10:00:00Z","properties":{"Timestamp":"2026-11-21T09:59:00.1234567Z","DeviceId":"device-%d","DeviceName":"host",`+
		`"ActionType":"LogonSuccess","ReportId":%d,"AccountName":"jane.doe"},"Tenant":"DefaultTenant"}`+"\r\n", number%60, tenant, table, number%7, number)
}

func lines(table string, from, to int) string {
	var b bytes.Buffer
	for n := from; n < to; n++ {
		b.WriteString(line(tenantA, table, n))
	}
	return b.String()
}

// blobOf is the name of an hour's blob.
func blobOf(tenant string, hour time.Time) string {
	return export.Name(export.TenantPrefix(tenant), hour)
}

// write appends rows of the test's table to an hour.
func (s *stage) write(hour time.Time, text string) {
	s.account.Append(export.Container(table), blobOf(tenantA, hour), []byte(text))
}

// numbers are how often each row was accepted, by its number.
func numbers(records []collector.Record) map[int]int {
	counts := map[int]int{}
	for _, r := range records {
		if body, ok := r.Log.Body().Map().Get("ReportId"); ok {
			n, _ := strconv.Atoi(body.AsString())
			counts[n]++
		}
	}
	return counts
}

// exactly demands that the rows from 0 to n were accepted, each once, and nothing else.
func (s *stage) exactly(n int) {
	s.tb.Helper()
	s.sink.Exactly(s.tb, n)
	counts := numbers(s.sink.Records())
	for i := range n {
		require.Equal(s.tb, 1, counts[i], "row %d", i)
	}
}

// wait lets synthetic time pass, and what is due be done.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// largeAlerts is a service with alerts of 33 kB, one updated each second. It writes them while they are read.
type largeAlerts struct {
	count int
	since time.Time
	bytes int64 // that were read
	// evidence is that of each alert.
	evidence []byte
}

const largeEvidence = `{"@odata.type":"#microsoft.graph.security.processEvidence","createdDateTime":"2026-11-21T10:00:00.1233333Z","verdict":"suspicious",` +
	`"remediationStatus":"active","roles":[],"detailedRoles":[],"tags":[],"processId":%d,"parentProcessId":4,"processCommandLine":"%s",` +
	`"imageFile":{"sha1":"0123456789abcdef0123456789abcdef01234567","sha256":null,"fileName":"x","filePath":"/bin","fileSize":4711,"filePublisher":null},` +
	`"userAccount":{"accountName":"jane.doe","domainName":"ACME","userSid":"S-1-5-21-1-1-1-1001","azureAdUserId":null,"userPrincipalName":"jane.doe@acme.com"}}`

func newLargeAlerts(count int) *largeAlerts {
	s := &largeAlerts{count: count, since: time.Now().UTC().Truncate(time.Second).Add(-2 * time.Hour)}
	for e := range 23 {
		if e > 0 {
			s.evidence = append(s.evidence, ',')
		}
		s.evidence = fmt.Appendf(s.evidence, largeEvidence, e, strings.Repeat("argument ", 95))
	}
	return s
}

func (s *largeAlerts) alert(i int) []byte {
	var b bytes.Buffer
	at := s.since.Add(time.Duration(i) * time.Second).Format(time.RFC3339)
	fmt.Fprintf(&b, `{"id":"da%d","lastUpdateDateTime":%q,"createdDateTime":%q,"severity":"medium","incidentId":"1","title":"t","evidence":[`, i, at, at)
	b.Write(s.evidence)
	b.WriteString("]}")
	return b.Bytes()
}

// RoundTrip answers with the alerts from the time in the filter on.
func (s *largeAlerts) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	from, err := time.Parse(time.RFC3339Nano, strings.Fields(q.Get("$filter"))[2])
	if err != nil {
		return nil, err
	}
	top, err := strconv.Atoi(q.Get("$top"))
	if err != nil {
		return nil, err
	}
	first := max(int(from.Sub(s.since)/time.Second), 0)
	body := &listBody{of: s, next: first, end: min(first+top, s.count)}
	body.text = []byte(`{"value":[`)
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r,
	}, nil
}

// listBody is a list that is written while it is read.
type listBody struct {
	of        *largeAlerts
	next, end int
	text      []byte
	ended     bool
}

func (b *listBody) Read(p []byte) (int, error) {
	if len(b.text) == 0 {
		switch {
		case b.next < b.end:
			b.text = b.of.alert(b.next)
			if b.next++; b.next < b.end {
				b.text = append(b.text, ',')
			}
		case b.ended:
			return 0, io.EOF
		default:
			b.text, b.ended = []byte("]}"), true
		}
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	b.of.bytes += int64(n)
	return n, nil
}

func (*listBody) Close() error { return nil }

type noMetrics struct{}

func (noMetrics) Ended(context.Context, audit.Outcome)  {}
func (noMetrics) Recovered(context.Context, int)        {}
func (noMetrics) Found(context.Context, audit.Findings) {}
func (noMetrics) Duplicates(context.Context, int)       {}
func (noMetrics) Repaired(context.Context, int64)       {}

// heap is what is in use once what is not has been collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A page is not held: one of 1,000 alerts of 33 kB, which is 33 MB, takes less than 64 MiB beside what an idle
// receiver has, and so does the memory of what was delivered.
func TestMemoryOfAFeed(t *testing.T) {
	const alerts, page, largest = 1000, 1000, 64 << 20
	server := newLargeAlerts(alerts)
	endpoint, err := url.Parse("https://graph.example")
	require.NoError(t, err)
	client := hunting.NewClient(hunting.Config{API: hunting.Graph, Endpoint: endpoint, Client: &http.Client{Transport: server}})
	idle, most, got, calls := heap(), uint64(0), 0, 0
	sink, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		got += logs.LogRecordCount()
		if calls++; calls%8 == 1 {
			most = max(most, heap())
		}
		return nil
	})
	require.NoError(t, err)
	set := receivertest.NewNopSettings(component.MustNewType("defender"))
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	deliverer := delivery.New(delivery.Settings{
		Next: sink, Calls: t.Context(), ObsReport: report, Retry: configretry.NewDefaultBackOffConfig(), Logger: zap.NewNop(),
		Waiting: func(string, error) {}, Letters: func(string, bool) {},
	})
	batch := delivery.NewBatch(&tables.Table{Name: "alerts_v2"}, delivery.Origin{TenantID: "tenant"}, "", delivery.Limits{Records: 5000, Bytes: 1 << 20})
	outlet := delivery.NewOutlet(deliverer, batch, time.Minute, func(context.Context, delivery.Result) {})
	lists := service.NewLists(client, hunting.AlertsV2, service.NewListLimit(1_000_000), service.Settings{
		Now: time.Now, Logger: zap.NewNop(), Answered: func(context.Context, time.Duration, error) {}, Accepted: func() {},
	})
	seen := health.NewRegistry().Add("alerts_v2", "alerts_v2", true)
	feed := NewFeed(FeedSettings{
		Name: "alerts_v2", Kind: AlertsFeed, Lookback: 24 * time.Hour, Overlap: 2 * time.Hour, Top: page, MostTop: page,
		TenantID: "tenant", Store: collector.NewStorage(), StoreKey: "feed",
	}, lists, outlet, NewFeedAuditor(0, 0, noMetrics{}, seen, zap.NewNop()), seen, zap.NewNop())

	_, err = feed.Poll(t.Context())
	require.NoError(t, err)
	assert.Equal(t, alerts, got)
	assert.Greater(t, server.bytes, int64(alerts*32_000), "the alerts are as large as real ones")
	t.Logf("%d alerts, %d MB read; %.1f MiB above idle at most", got, server.bytes/1_000_000, float64(int64(most)-int64(idle))/(1<<20))
	assert.Less(t, int64(most)-int64(idle), int64(largest))
	runtime.KeepAlive(feed)
}

package reader

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/rowid"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// packedPage is a compressed page of rows like the table's sample in testdata.
func packedPage(tb testing.TB, table string, rows int) []byte {
	tb.Helper()
	text, err := os.ReadFile("../../../../testdata/" + table + ".row.json")
	require.NoError(tb, err)
	var sample bytes.Buffer
	require.NoError(tb, json.Compact(&sample, text))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, `{"results":[`)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		row := bytes.ReplaceAll(sample.Bytes(), []byte("20000000001"), strconv.AppendInt(nil, 18_984_951_960+int64(i), 10))
		row = bytes.ReplaceAll(row, []byte("device-id-001"), strconv.AppendUint([]byte("device-"), r.Uint64(), 16))
		row = append(row[:len(row)-1], `,"`+query.IngestionTime+`":"2026-03-15T09:00:01.7654321Z"}`...)
		_, _ = w.Write(row)
	}
	_, _ = io.WriteString(w, `]}`)
	require.NoError(tb, w.Close())
	return packed.Bytes()
}

type packedAnswer []byte

func (p packedAnswer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(bytes.NewReader(p)),
	}, nil
}

// receive does with a page what a pager does, into a pipeline that takes everything. collected is called before each call of
// the pipeline.
func receive(tb testing.TB, table *tables.Table, page []byte, collected func()) int {
	tb.Helper()
	set := receivertest.NewNopSettings(component.MustNewType("defender"))
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(tb, err)
	deliverer := delivery.New(delivery.Settings{
		Next: consumertest.NewNop(), Calls: tb.Context(), ObsReport: report, Logger: zap.NewNop(),
		Waiting: func(string, error) {}, Letters: func(string, bool) {},
	})
	outlet := delivery.NewOutlet(deliverer, delivery.NewBatch(table, delivery.Origin{TenantID: "tenant"}, "", delivery.Limits{Records: 5000, Bytes: 1 << 20}),
		time.Minute, func(context.Context, delivery.Result) {})
	endpoint, err := url.Parse("https://hunting.example")
	require.NoError(tb, err)
	client := hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: &http.Client{Transport: packedAnswer(page)}})
	rows, err := client.Query(tb.Context(), "T", table.Columns())
	require.NoError(tb, err)
	defer rows.Close()
	ids, kept := rowid.New("tenant", table), ledger.Begin(nil, table.Name, "ingestion_time", "", time.Unix(1_770_000_000, 0))
	body, taken, observed := pcommon.NewMap(), 0, time.Now()
	for {
		more, err := rows.Next(body)
		require.NoError(tb, err)
		if more {
			r := inspect(body, ids, query.IngestionTime)
			if !kept.Recognise(r.UID, r.At) && !outlet.Holds(r.UID) {
				outlet.Add(body, r, observed)
			}
		}
		if more && !outlet.Full() {
			continue
		}
		collected()
		result, err := outlet.Deliver(tb.Context())
		require.NoError(tb, err)
		for _, r := range result.Rows {
			kept.Deliver(r.UID, r.At)
		}
		require.NoError(tb, kept.Keep(observed))
		taken += len(result.Rows)
		if !more {
			return taken
		}
	}
}

// BenchmarkReceive takes a compressed page in, up to a pipeline that does nothing.
func BenchmarkReceive(b *testing.B) {
	const rows = 20_000
	for _, name := range []string{"DeviceLogonEvents", "DeviceProcessEvents"} {
		table, ok := tables.ByName(name)
		require.True(b, ok)
		page := packedPage(b, name, rows)
		b.Run("table="+name, func(b *testing.B) {
			b.ReportAllocs()
			var before, after syscall.Rusage
			require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
			for b.Loop() {
				require.Equal(b, rows, receive(b, table, page, func() {}))
			}
			require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
			used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(float64(used)/float64(b.N)/rows, "cpu-ns/row")
		})
	}
}

// What is held of a page is a batch, which limits bound, and 18 bytes a row to recognise it by.
func TestHeapOfAPage(t *testing.T) {
	const rows, most = 4_000, 5 << 20
	table, ok := tables.ByName("DeviceProcessEvents")
	require.True(t, ok)
	packed := packedPage(t, table.Name, rows)
	held := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	var highest int64
	before, calls := held(), 0
	require.Equal(t, rows, receive(t, table, packed, func() {
		if calls++; calls%2 == 1 {
			highest = max(highest, held()-before)
		}
	}))
	t.Logf("%.1f MiB in %d calls", float64(highest)/(1<<20), calls)
	assert.Greater(t, calls, 4, "a call is bounded by bytes")
	assert.Less(t, highest, int64(most))
}

// What a row costs up to the pipeline: a value each and its text, the record, and what tells it apart.
func TestAllocationsOfAReceivedRow(t *testing.T) {
	const rows = 1_000
	table, ok := tables.ByName("DeviceProcessEvents")
	require.True(t, ok)
	packed := packedPage(t, table.Name, rows)
	perRow := testing.AllocsPerRun(2, func() { receive(t, table, packed, func() {}) }) / rows
	t.Logf("%.1f allocations a row", perRow)
	assert.Less(t, perRow, 42.0)
}

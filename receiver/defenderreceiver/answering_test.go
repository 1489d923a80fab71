package defenderreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

type anyToken struct{}

func (anyToken) Token(context.Context) (string, error) { return "token", nil }
func (anyToken) Invalidate(string)                     {}
func (anyToken) Challenge(string, string)              {}

// pageRange finds the range that a query asks for.
var pageRange = regexp.MustCompile(`datetime\((\S+)\) and IngestionTime < datetime\((\S+)\)`)

// answeringTo makes a table whose service gives the rows that seconds names for a range. The answer
// breaks at the row of the second broken.
func answeringTo(t *testing.T, s *stage, seconds func(from, to time.Time) []int, broken int) *lane {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Query string }
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
		if strings.Contains(asked.Query, "isnull(") {
			fmt.Fprintf(w, `{"schema":[],"results":[{"Rows":1,"Unknown":0,"ServiceNow":"%s"}]}`, epoch.Add(time.Hour).Format(time.RFC3339))
			return
		}
		var from, to time.Time
		if times := pageRange.FindStringSubmatch(asked.Query); assert.NotNil(t, times) {
			from, _ = parseTime(times[1])
			to, _ = parseTime(times[2])
		}
		var rows []string
		repeats := map[int]int{}
		for _, second := range seconds(from, to) {
			repeats[second]++
			if second == broken {
				rows = append(rows, `{"DeviceId":"\x00"}`)
				continue
			}
			rows = append(rows, fmt.Sprintf(`{"DeviceId":"d%d","ReportId":1,"Timestamp":"%s","IngestionTime":"%s"}`,
				10*second+repeats[second], epoch.Format(time.RFC3339), epoch.Add(time.Duration(second)*time.Second).Format(time.RFC3339)))
		}
		fmt.Fprintf(w, `{"schema":[],"results":[%s]}`, strings.Join(rows, ","))
	}))
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL)
	require.NoError(t, err)
	cfg := s.config(logons)
	cfg.Batch.MaxRecords = 1 // the cursor follows each row
	r := s.create(cfg)
	r.now = func() time.Time { return epoch.Add(time.Hour) }
	t.Cleanup(server.Client().CloseIdleConnections)
	client := hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: server.Client(), Tokens: anyToken{}, Now: r.now})
	r.keeper = ledger.NewKeeper(s.Storage, "t", 0, func(int, error) {})
	registry := health.NewRegistry()
	r.scheduler, err = r.cfg.joinQuota(t.Context(), r.set, s.Storage, registry)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.scheduler.Stop(context.Background())) })
	require.NoError(t, r.newTables(t.Context(), client, registry))
	require.Len(t, r.readers(), 1)
	table := r.readers()[0]
	table.reader.Track.Take(ledger.Begin(r.keeper, table.id, string(ModeIngestionTime), "", epoch))
	table.audits.Begin()
	return table
}

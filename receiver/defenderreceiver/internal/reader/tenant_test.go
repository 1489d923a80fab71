package reader_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// What the queries of each kind have in them.
const (
	ofCount = "= count() by"
	ofRead  = "| project "
)

var epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// event is when the row of a number happened.
func event(number int) time.Time {
	return epoch.Add(-time.Hour).Add(time.Duration(number) * paging.Tick)
}

// row is one that the tenant has.
type row struct {
	number  int
	arrived time.Time
}

func (r row) json(wide int) string {
	return fmt.Sprintf(`{"DeviceId":"d1","ReportId":%d,"ActionType":"LogonSuccess`+strings.Repeat("x", wide)+`","Timestamp":%q,"IngestionTime":%q}`,
		r.number, event(r.number).Format(time.RFC3339Nano), r.arrived.Format(time.RFC3339Nano))
}

// tenant is a service that reads and counts the rows of DeviceLogonEvents, as far as a test lets it. A reader has one
// query at a time, so nothing is guarded.
type tenant struct {
	*hunting.Client
	now  time.Time // the service's and the machine's
	rows []row

	asked map[string]int         // queries by ofCount and ofRead
	fail  func(kql string) error // nil: no query fails
	// hidden rows are counted and not given; surplus is how many more rows the next count says.
	hidden  map[int]bool
	surplus int
	// disordered: rows are given as they were planted. The answer breaks off at the row broken.
	disordered bool
	broken     int
	wide       int // bytes that each row has beside its times and numbers
}

type anyToken struct{}

func (anyToken) Token(context.Context) (string, error) { return "token", nil }
func (anyToken) Invalidate(string)                     {}
func (anyToken) Challenge(string, string)              {}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	s := &tenant{now: epoch, asked: map[string]int{}, hidden: map[int]bool{}, broken: -1}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Query string }
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
		fmt.Fprintf(w, `{"schema":[],"results":[%s]}`, strings.Join(s.answer(t, asked.Query), ","))
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	endpoint, err := url.Parse(server.URL)
	require.NoError(t, err)
	s.Client = hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: server.Client(), Tokens: anyToken{}, Now: func() time.Time { return s.now }})
	return s
}

// Query asks the service, unless the test lets it fail.
func (s *tenant) Query(ctx context.Context, kql string, columns []tables.Column) (*hunting.Rows, error) {
	for _, kind := range []string{ofCount, ofRead} {
		if strings.Contains(kql, kind) {
			s.asked[kind]++
		}
	}
	if s.fail != nil {
		if err := s.fail(kql); err != nil {
			return nil, err
		}
	}
	return s.Client.Query(ctx, kql, columns)
}

// plant puts rows into the service, numbered from first, that arrive at a time.
func (s *tenant) plant(first, n int, arrived time.Time) {
	for number := first; number < first+n; number++ {
		s.rows = append(s.rows, row{number, arrived})
	}
}

var pageRange = regexp.MustCompile(`(\w+) >= datetime\((\S+)\) and \w+ < datetime\((\S+)\)`)

// answer is the rows of the answer to a query.
func (s *tenant) answer(t *testing.T, kql string) []string {
	t.Helper()
	asked := pageRange.FindStringSubmatch(kql)
	if !assert.NotNil(t, asked, kql) {
		return nil
	}
	from, _ := query.Time(asked[2])
	to, _ := query.Time(asked[3])
	place := func(r row) time.Time { return r.arrived }
	if asked[1] == tables.TimestampColumn {
		place = func(r row) time.Time { return event(r.number) }
	}
	var within []row
	for _, r := range s.rows {
		if at := place(r); !at.Before(from) && at.Before(to) {
			within = append(within, r)
		}
	}
	if strings.Contains(kql, ofCount) {
		return s.count(within, place)
	}
	if !s.disordered {
		slices.SortStableFunc(within, func(a, b row) int {
			return cmp.Or(place(a).Compare(place(b)), cmp.Compare(a.number, b.number))
		})
	}
	return s.read(within)
}

// count is the number of rows by bin.
func (s *tenant) count(rows []row, place func(row) time.Time) []string {
	bins := map[ledger.Bin]int{}
	for _, r := range rows {
		bins[ledger.BinOf(place(r))]++
	}
	var counts []string
	for bin, n := range bins {
		counts = append(counts, fmt.Sprintf(`{%q:%q,%q:%d,%q:%q}`, query.CountBin, bin.Start().Format(time.RFC3339), query.CountRows, n+s.surplus,
			query.ServiceNow, s.now.Format(time.RFC3339Nano)))
		s.surplus = 0
	}
	return counts
}

// read is the service's time and the rows.
func (s *tenant) read(rows []row) []string {
	given := []string{fmt.Sprintf(`{%q:%q}`, query.ServiceNow, s.now.Format(time.RFC3339Nano))}
	for _, r := range rows {
		switch {
		case s.hidden[r.number]:
		case r.number == s.broken:
			return append(given, `{"DeviceId":"\x00"}`)
		default:
			given = append(given, r.json(s.wide))
		}
	}
	return given
}

// failing makes all queries of a kind fail.
func failing(kind string, err error) func(string) error {
	return func(kql string) error {
		if strings.Contains(kql, kind) {
			return err
		}
		return nil
	}
}

var errUnavailable = &hunting.Error{Kind: hunting.Transient, Status: 503}

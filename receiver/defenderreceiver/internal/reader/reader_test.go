package reader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/paging"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/quota"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/scheduler"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type anyToken struct{}

func (anyToken) Token(context.Context) (string, error) { return "token", nil }
func (anyToken) Invalidate(string)                     {}
func (anyToken) Challenge(string, string)              {}

// answering makes the client of a service that answers each query as a test says.
func answering(t *testing.T, answer func(kql string) string) *service.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Query string }
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
		fmt.Fprint(w, answer(asked.Query))
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	endpoint, err := url.Parse(server.URL)
	require.NoError(t, err)
	now := func() time.Time { return noon }
	line, err := scheduler.Join(t.Context(), scheduler.Config{Slots: 1, Limits: quota.Limits{}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, line.Stop(context.Background())) })
	api := hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: server.Client(), Tokens: anyToken{}, Now: now})
	return service.New(api, line, service.Settings{
		Lane: "DeviceEvents", Priority: 1, Now: now, Logger: zap.NewNop(),
		Answered: func(context.Context, time.Duration, error) {}, Accepted: func() {},
	})
}

func deviceEvents(t *testing.T) *Question {
	t.Helper()
	declared, ok := tables.ByName("DeviceEvents")
	require.True(t, ok)
	return NewQuestion(query.Table{Table: declared})
}

// What was dear to count is counted in parts from then on, until it is found to be cheap.
func TestDearCountsAreSplit(t *testing.T) {
	client := answering(t, func(kql string) string {
		assert.Contains(t, kql, "count()")
		return fmt.Sprintf(`{"schema":[],"results":[{"%s":"%s","%s":3}]}`, query.CountBin, noon.Format(time.RFC3339), query.CountRows)
	})
	c := &counter{client: client, question: deviceEvents(t), budget: time.Nanosecond, window: paging.NewCountWindow(ledger.BinWidth)}
	day := query.Page{From: noon, To: noon.Add(10 * time.Hour)}
	require.True(t, c.fits(day))
	counted, err := c.part(t.Context(), day)
	require.NoError(t, err)
	assert.Equal(t, day.To, counted.until, "it was counted, though it was dear")
	assert.Equal(t, 3, sum(counted.rows))
	assert.False(t, c.fits(day))

	half := query.Page{From: noon, To: noon.Add(5 * time.Hour)}
	require.True(t, c.fits(half))
	c.budget = time.Hour
	_, err = c.part(t.Context(), half)
	require.NoError(t, err)
	assert.True(t, c.fits(day), "it has become cheap")
}

// A count that cannot be read must not pass for nought.
func TestCountThatIsNoNumber(t *testing.T) {
	client := answering(t, func(string) string {
		return fmt.Sprintf(`{"schema":[],"results":[{"%s":"%s","%s":"many"}]}`, query.CountBin, noon.Format(time.RFC3339), query.CountRows)
	})
	c := &counter{client: client, question: deviceEvents(t), window: paging.NewCountWindow(ledger.BinWidth)}
	_, err := c.part(t.Context(), query.Page{From: noon, To: noon.Add(time.Hour)})
	require.ErrorContains(t, err, "counts cannot be read")
}

// The columns of a table that is read whole are learned once, and not any more when the service has one of them no longer.
func TestLearning(t *testing.T) {
	lacks := func(column string) error { return &hunting.Error{Kind: hunting.UnknownColumn, Name: column} }
	q := NewQuestion(query.Table{Table: tables.Named("WeatherEvents")})
	q.learn(nil)
	assert.Nil(t, q.Table().Learned, "an answer that broke off before its schema")
	q.learn([]hunting.Column{{Name: "Timestamp"}, {Name: "Station"}, {Name: query.IngestionTime}, {Name: query.ServiceNow}})
	assert.Equal(t, []string{"Timestamp", "Station"}, q.Table().Learned)
	q.learn([]hunting.Column{{Name: "Timestamp"}, {Name: "Station"}, {Name: "Wind"}})
	assert.Equal(t, []string{"Timestamp", "Station"}, q.Table().Learned, "parts of one instant are divided by one and the same")
	assert.False(t, q.Adapt(lacks("Wind"), zap.NewNop()), "it stands in the user's filter")
	assert.False(t, q.Adapt(lacks("Timestamp"), zap.NewNop()), "without it the table cannot be read")
	assert.ErrorContains(t, q.Advise(lacks("Timestamp")), "without which the table cannot be read")
	assert.True(t, q.Adapt(lacks("Station"), zap.NewNop()))
	assert.Nil(t, q.Table().Learned)

	q = deviceEvents(t)
	q.learn([]hunting.Column{{Name: "Timestamp"}})
	assert.Nil(t, q.Table().Learned, "its columns are declared")
}

// always is a lane that reads nothing again.
type always struct{}

func (always) Overlap(query.TimeBasis) time.Duration { return 0 }
func (always) Needed(l *ledger.Ledger) time.Time     { return l.CompleteUntil() }
func (always) PassesOver() bool                      { return true }
func (always) Replaces(_, _ ledger.Bin) func(ledger.Bin) bool {
	return func(ledger.Bin) bool { return true }
}

// How late a table's rows are: not before a poll in time would have read them; of a table without a ledger it is
// told by how long its poll takes.
func TestBehind(t *testing.T) {
	const settle = time.Minute
	track := &Track{lane: always{}, settle: settle, question: deviceEvents(t), client: answering(t, nil), seen: health.NewRegistry().Add("A", "A", false)}
	track.seen.SetInterval(5 * time.Minute)
	track.began = time.Now().Add(-time.Hour)
	assert.InDelta(t, time.Hour, track.Behind(), float64(time.Minute))
	track.ledger = ledger.Begin(nil, "", "", "", noon.Add(-settle-4*time.Minute))
	assert.Zero(t, track.Behind())
	track.ledger.Retract(noon.Add(-settle - 15*time.Minute))
	assert.Equal(t, 10*time.Minute, track.Behind())
}

// Along arrival rows are read once they have settled, along event time up to now.
func TestHorizon(t *testing.T) {
	track := &Track{settle: time.Minute, question: deviceEvents(t), client: answering(t, nil)}
	assert.Equal(t, noon.Add(-time.Minute), track.Horizon())
	track.question.Along(query.EventTime)
	assert.Equal(t, noon, track.Horizon())
}

func TestPartsOfARun(t *testing.T) {
	l := ledger.Begin(nil, "", "", "", noon)
	run := newAuditRun(query.Page{From: noon, To: noon.Add(8 * time.Hour)}, "", l, noon)
	first := run.next(func(p query.Page) bool { return extentOf(p) <= 2*time.Hour })
	assert.Equal(t, query.Page{From: noon, To: noon.Add(2 * time.Hour)}, first)
	assert.Len(t, run.todo, 3)
	run.take(map[ledger.Bin]int{ledger.BinOf(noon): 4}, noon.Add(time.Hour), false)
	assert.Equal(t, noon.Add(time.Hour), run.todo[0].From, "its beginning was counted")
	require.Len(t, run.cells, 1, "the ledger has none of the four")
	assert.Equal(t, 4, run.cells[0].Counted)
	run.take(nil, noon.Add(2*time.Hour), false)
	assert.Equal(t, noon.Add(2*time.Hour), run.todo[0].From)

	alerts := newAuditRun(query.Page{From: noon, To: noon.Add(time.Hour)}, "", l, noon)
	alerts.take(map[ledger.Bin]int{ledger.BinOf(noon): 1, ledger.BinOf(noon) + 1: 2}, noon.Add(time.Hour), true)
	require.Len(t, alerts.cells, 1, "alerts are read again as one")
	assert.Equal(t, 3, alerts.cells[0].Counted)
	assert.Empty(t, alerts.todo)
}

// The advice names the setting, and the service's own words stay at the end.
func TestAdvice(t *testing.T) {
	q := deviceEvents(t)
	err := q.Advise(&hunting.Error{Kind: hunting.UnknownColumn, Name: "Colour"})
	assert.ErrorContains(t, err, "tables::DeviceEvents::columns or tables::DeviceEvents::filter")
	err = q.Advise(&hunting.Error{Kind: hunting.UnknownColumn, Name: "DeviceId"})
	assert.ErrorContains(t, err, "set tables::DeviceEvents::enabled: false")
	err = q.Advise(&hunting.Error{Kind: hunting.BadQuery})
	assert.True(t, strings.HasPrefix(err.Error(), "the service does not take the query as it stands"))
	other := errors.New("x")
	assert.Equal(t, other, q.Advise(other))
}

package source

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// uncounted are the metrics of a feed that nobody looks at.
type uncounted struct{}

func (uncounted) Ended(context.Context, audit.Outcome)  {}
func (uncounted) Recovered(context.Context, int)        {}
func (uncounted) Found(context.Context, audit.Findings) {}
func (uncounted) Duplicates(context.Context, int)       {}
func (uncounted) Repaired(context.Context, int64)       {}

var feedNoon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// newTestFeed makes a feed at noon of a list whose only object is what answer gives for a request from one time up to
// another one, or a status.
func newTestFeed(t *testing.T, answer func(from, to string) (updated time.Time, status int)) (*Feed, *consumertest.LogsSink) {
	t.Helper()
	bounds := regexp.MustCompile(`ge (\S+)(?: and lastUpdateDateTime lt (\S+))?`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := bounds.FindStringSubmatch(r.URL.Query().Get("$filter"))
		updated, status := answer(of[1], of[2])
		list := []map[string]string{}
		if !updated.IsZero() {
			list = append(list, map[string]string{"id": "da1", "lastUpdateDateTime": updated.Format(time.RFC3339Nano)})
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"value": list})
	}))
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL)
	require.NoError(t, err)
	set := receivertest.NewNopSettings(component.MustNewType("defender"))
	obsrep, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	require.NoError(t, err)
	sink := new(consumertest.LogsSink)
	seen := health.NewRegistry().Add("alerts_v2", "alerts_v2", true)
	deliverer := delivery.New(delivery.Settings{
		Next: sink, Calls: t.Context(), ObsReport: obsrep, Retry: configretry.NewDefaultBackOffConfig(), Logger: zap.NewNop(),
		Waiting: func(string, error) {}, Letters: func(string, bool) {},
	})
	batch := delivery.NewBatch(&tables.Table{Name: "alerts_v2"}, delivery.Origin{}, "", delivery.Limits{Records: 100, Bytes: 1 << 20})
	client := service.NewLists(hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: server.Client()}), hunting.AlertsV2,
		service.NewListLimit(1_000_000), service.Settings{
			Answered: func(context.Context, time.Duration, error) {}, Accepted: func() {},
			Now: func() time.Time { return feedNoon }, Logger: zap.NewNop(),
		})
	return NewFeed(FeedSettings{
		Name: "alerts_v2", Kind: AlertsFeed, Lookback: 24 * time.Hour, Overlap: 2 * time.Hour, Top: 50, MostTop: 1000,
		TenantID: "2b5a3f0c-0d7e-4b1a-9c3a-0a4a3f6f3a11", Store: storage.NewNopClient(), StoreKey: "feed",
	}, client, delivery.NewOutlet(deliverer, batch, time.Minute, func(context.Context, delivery.Result) {}),
		NewFeedAuditor(0, 0, uncounted{}, seen, zap.NewNop()), seen, zap.NewNop()), sink
}

// A range that was passed over and cannot be read now, for whatever reason, holds up nothing else.
func TestFeedReadsOnWhileARangeFails(t *testing.T) {
	for name, status := range map[string]int{"not whole": http.StatusPartialContent, "refused": http.StatusBadRequest, "broken": http.StatusInternalServerError} {
		f, sink := newTestFeed(t, func(_, to string) (time.Time, int) {
			if to != "" {
				return time.Time{}, status
			}
			return feedNoon.Add(-time.Minute), http.StatusOK
		})
		f.state.Start, f.state.Mark = feedNoon.Add(-24*time.Hour), feedNoon.Add(-time.Hour)
		f.state.SetAside(feed.Range{From: feedNoon.Add(-4 * time.Hour), To: feedNoon.Add(-4*time.Hour + time.Second), Due: feedNoon})
		_, err := f.Poll(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, 1, sink.LogRecordCount(), name)
		assert.Equal(t, []feed.Range{{From: feedNoon.Add(-4 * time.Hour), To: feedNoon.Add(-4*time.Hour + time.Second), Due: feedNoon.Add(nextRetry)}}, f.state.Unreadable, name)
	}
}

// A range that cannot be read ends at the present second: what is yet to come is no part of it.
func TestFeedPassesOverNothingThatIsToCome(t *testing.T) {
	f, _ := newTestFeed(t, func(from, _ string) (time.Time, int) {
		if at, err := time.Parse(time.RFC3339, from); err == nil && at.Before(feedNoon.Add(time.Second)) {
			return time.Time{}, http.StatusInternalServerError
		}
		return time.Time{}, http.StatusOK
	})
	for range 3 {
		_, _ = f.Poll(t.Context())
	}
	require.NotEmpty(t, f.state.Unreadable)
	assert.Equal(t, feedNoon.Add(time.Second), f.state.Unreadable[len(f.state.Unreadable)-1].To)
}

func TestIsSuspect(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&hunting.Error{Kind: hunting.Interrupted}, true},
		{&hunting.Error{Kind: hunting.Interrupted, Err: context.Canceled}, false}, // the receiver ends
		{&hunting.Error{Kind: hunting.Transient, Status: http.StatusInternalServerError}, true},
		{&hunting.Error{Kind: hunting.Transient}, false},
		{&hunting.Error{Kind: hunting.RateLimited, Status: http.StatusTooManyRequests}, false},
		{errors.New("another"), false},
	} {
		assert.Equal(t, c.want, isSuspect(c.err), "%v", c.err)
	}
}

// A page that is too large is asked for in halves, down to single objects.
func TestFeedAsksForLess(t *testing.T) {
	f, _ := newTestFeed(t, nil)
	f.Top = 3
	assert.True(t, f.AskForLess(t.Context(), 0, &hunting.Error{Kind: hunting.TooLarge}))
	assert.Equal(t, 1, f.Top)
	assert.False(t, f.AskForLess(t.Context(), 0, &hunting.Error{Kind: hunting.TooLarge}))
	assert.False(t, f.AskForLess(t.Context(), 0, &hunting.Error{Kind: hunting.Transient}))
}

// An audit that is made again begins at the same place: failures there are counted together.
func TestFeedAuditBeginsAgainAtItsPlace(t *testing.T) {
	f, _ := newTestFeed(t, nil)
	f.audits.Window = 24 * time.Hour
	first := f.audits.begin(feedNoon.Add(10*time.Minute), f.state).from
	assert.Equal(t, first, f.audits.begin(feedNoon.Add(15*time.Minute), f.state).from)
	assert.Equal(t, feedNoon.Add(-24*time.Hour), first, "no part of the window is left out")
	f.state.Start = feedNoon.Add(-time.Hour)
	assert.Equal(t, f.state.Start, f.audits.begin(feedNoon, f.state).from)
}

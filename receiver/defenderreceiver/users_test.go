package defenderreceiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

const (
	usersTable = "Users"
	usersPath  = "/v1.0/users/delta"
)

// putUsers adds n people to Graph.
func (s *stage) putUsers(n int) {
	s.t.Helper()
	for i := range n {
		require.NoError(s.t, s.Sim.PutUser(person(i)))
	}
}

func person(i int) map[string]any {
	return map[string]any{
		"id": fmt.Sprintf("00000000-0000-0000-0000-%012d", i), "userPrincipalName": fmt.Sprintf("user%d@acme.com", i),
		"displayName": fmt.Sprint("User ", i), "accountEnabled": true, "userType": "Member", "mail": "not@asked.for",
		"onPremisesSamAccountName": fmt.Sprint("user", i), "onPremisesDomainName": "acme.local",
		"onPremisesSecurityIdentifier": fmt.Sprint("S-1-5-21-1-2-3-", 1000+i), "securityIdentifier": fmt.Sprint("S-1-12-1-1-2-3-", i),
	}
}

// users counts how often each id was delivered.
func (s *stage) users() map[string]int {
	ids := map[string]int{}
	for _, r := range s.Sink.Records() {
		if r.Table == usersTable {
			ids[text(r.Log.Body().Map(), tables.UserID)]++
		}
	}
	return ids
}

// Everybody comes at start, page by page, in the form of a directory row.
func TestUsersAreReadAtStart(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 3})
	s.putUsers(8)
	cfg := s.config(usersTable)
	cfg.Batch.MaxRecords = 2
	stop := s.start(cfg)
	s.delivered(8)
	s.Polls(usersTable, 3)
	s.Exactly(8)
	r := s.Sink.Records()[0]
	assert.Equal(t, "microsoft.defender.users", r.Log.EventName())
	assert.Equal(t, usersTable, r.Table)
	want := person(0)
	delete(want, "mail")
	assert.Equal(t, want, r.Body())
	assert.WithinDuration(t, epoch, r.Log.Timestamp().AsTime(), time.Minute, "Graph does not say since when: it is so now")
	assert.NotZero(t, r.Log.ObservedTimestamp())
	assert.True(t, s.Status.OK())
	stop()
	s.start(cfg)
	require.Eventually(t, func() bool { return s.Sink.Count() == 16 }, wait, time.Millisecond, "the processor needs them again")
}

// From then on who was changed or removed comes, and nobody else.
func TestUsersThatChange(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 2})
	s.putUsers(5)
	s.start(s.config(usersTable))
	s.delivered(5)
	s.Polls(usersTable, 2)
	renamed := person(1)
	renamed["userPrincipalName"] = "renamed@acme.com"
	require.NoError(t, s.Sim.PutUser(renamed))
	require.NoError(t, s.Sim.PutUser(person(9)))
	require.NoError(t, s.Sim.RemoveUser(person(3)["id"].(string), false))
	require.NoError(t, s.Sim.RemoveUser(person(4)["id"].(string), true))
	require.NoError(t, s.Sim.PutUser(map[string]any{"id": person(0)["id"], "mail": "of-no@interest"}))
	s.delivered(9)
	s.Polls(usersTable, 2)
	s.Exactly(9)
	came := map[any]map[string]any{}
	for _, r := range s.Sink.Records()[5:] {
		came[r.Body()["id"]] = r.Body()
	}
	assert.Equal(t, "renamed@acme.com", came[renamed["id"]]["userPrincipalName"])
	assert.Equal(t, "S-1-5-21-1-2-3-1001", came[renamed["id"]][tables.UserOnPremisesSID], "a row is whole")
	assert.Contains(t, came, person(9)["id"])
	for _, i := range []int{3, 4} {
		assert.Equal(t, map[string]any{"id": person(i)["id"], "removed": true}, came[person(i)["id"]])
	}
}

// Whatever breaks a page, it is asked for again and nobody is left out.
func TestUsersPagesThatFail(t *testing.T) {
	for _, kind := range []defendersim.FaultKind{
		defendersim.FaultTruncate, defendersim.FaultReset, defendersim.FaultBadJSON, defendersim.FaultDrop, defendersim.FaultServerError,
		defendersim.FaultHTML502, defendersim.FaultGatewayTimeout, defendersim.FaultUnauthorized, defendersim.FaultUnavailable,
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := newStage(t, defendersim.Options{UserPage: 10, Faults: []defendersim.Fault{{Kind: kind, Rate: 0.4, Table: usersTable}}})
			s.putUsers(95)
			cfg := s.config(usersTable)
			cfg.Batch.MaxRecords = 3
			s.start(cfg)
			require.Eventually(t, func() bool { return len(s.users()) == 95 }, wait, time.Millisecond)
			s.Sim.SetFaults()
			s.Polls(usersTable, 2)
			before := s.Sink.Count()
			require.NoError(t, s.Sim.RemoveUser(person(7)["id"].(string), true))
			require.Eventually(t, func() bool { return s.Sink.Count() == before+1 }, wait, time.Millisecond)
		})
	}
}

// A pipeline that refuses holds the page, and nobody is left out.
func TestUsersThatThePipelineRefuses(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 4})
	s.putUsers(10)
	refusals := 0
	s.Sink.Refuse(func(plog.Logs) error {
		if refusals++; refusals%3 != 0 {
			return errors.New("not now")
		}
		return nil
	})
	cfg := s.config(usersTable)
	cfg.RetryOnFailure.Enabled = false
	s.start(cfg)
	require.Eventually(t, func() bool { return len(s.users()) == 10 }, wait, time.Millisecond)
}

// A link that Graph does not know any more is no failure: everybody is read anew.
func TestUsersLinkExpires(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 3})
	s.putUsers(7)
	cfg := s.config(usersTable)
	cfg.PauseAfterFailures = 1
	s.start(cfg)
	s.delivered(7)
	s.Polls(usersTable, 2)
	s.Sim.ExpireUserLinks()
	require.Eventually(t, func() bool { return s.Sink.Count() == 14 }, wait, time.Millisecond)
	s.Polls(usersTable, 2)
	for id, times := range s.users() {
		assert.Equal(t, 2, times, id)
	}
	assert.False(t, s.paused(usersTable))
	assert.True(t, s.Status.OK())
	require.NoError(t, s.Sim.PutUser(person(20)))
	require.Eventually(t, func() bool { return s.users()[person(20)["id"].(string)] == 1 }, wait, time.Millisecond, "the new links lead on")
}

// A service that never knows its own links is asked a few times a poll, not without end.
func TestUsersLinksThatAreNeverKnown(t *testing.T) {
	for _, status := range []int{http.StatusGone, http.StatusBadRequest} {
		s := newStage(t, defendersim.Options{})
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			if r.URL.Query().Has("$skiptoken") {
				w.WriteHeader(status)
				return
			}
			fmt.Fprintf(w, `{"value":[{"id":"1"}],"@odata.nextLink":"http://%s%s?$skiptoken=x"}`, r.Host, r.URL.Path)
		}))
		t.Cleanup(server.Close)
		_, err := s.usersOf(server, s.config(usersTable), nil).Poll(t.Context())
		require.Error(t, err)
		assert.Equal(t, 4, requests)
	}
}

// usersOf makes a reader of the users of a service, with a clock of its own if there is one.
func (s *stage) usersOf(server *httptest.Server, cfg *Config, now func() time.Time) source.Source {
	s.t.Helper()
	endpoint, err := url.Parse(server.URL)
	require.NoError(s.t, err)
	r := s.create(cfg)
	registry := health.NewRegistry()
	r.scheduler, err = r.cfg.joinQuota(s.t.Context(), r.set, nil, registry)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, r.scheduler.Stop(context.Background())) })
	client := hunting.NewClient(hunting.Config{Endpoint: endpoint, Client: server.Client(), Tokens: anyToken{}, Now: r.now})
	if now != nil {
		r.now = now
	}
	require.NoError(s.t, r.newTables(s.t.Context(), client, registry))
	return r.lanes[0].source
}

// A shutdown in the middle of a page does not wait for it, and the next start reads everybody.
func TestUsersShutdownWithinAPage(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 50})
	s.putUsers(100)
	s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultStall, Delay: time.Hour, Table: usersTable})
	cfg := s.config(usersTable)
	cfg.Batch.MaxRecords = 1
	stop := s.start(cfg)
	require.Eventually(t, func() bool { return s.Sink.Count() > 0 }, wait, time.Millisecond, "the first half of a page is delivered")
	began := time.Now()
	stop()
	assert.Less(t, time.Since(began), cfg.ShutdownTimeout)
	assert.Less(t, len(s.users()), 100)
	s.start(cfg)
	require.Eventually(t, func() bool { return len(s.users()) == 100 }, wait, time.Millisecond)
}

// Who is who is known before the first event comes, also of Graph and over many pages.
func TestUsersComeBeforeEvents(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 2})
	s.Plant(0, 5, epoch.Add(-time.Minute))
	s.putUsers(9)
	s.Sim.FailNext(2, defendersim.Fault{Kind: defendersim.FaultSlow, Delay: 200 * time.Millisecond, Table: usersTable})
	s.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultServerError, Table: usersTable})
	s.start(s.config(logons, usersTable))
	s.delivered(14)
	for _, r := range s.Sink.Records()[:9] {
		assert.Equal(t, usersTable, r.Table)
	}
}

// A long reading that fails now and then, but comes further each time, is no standstill.
func TestUsersProgressIsNoStandstill(t *testing.T) {
	s := newStage(t, defendersim.Options{UserPage: 1})
	s.putUsers(12)
	fail := 0
	s.inFakeTime(time.Second, func(b *fakeTime) {
		cfg := b.config(usersTable)
		cfg.PauseAfterFailures = 3
		cfg.RetryOnFailure.MaxInterval = 10 * time.Second
		b.Sink.Refuse(func(plog.Logs) error { // told of each page, while the next was not asked for
			fail++
			b.Sim.FailNext(1, defendersim.Fault{Kind: defendersim.FaultServerError, Table: usersTable})
			return nil
		})
		_, stop := b.start(cfg)
		defer stop()
		time.Sleep(10 * time.Minute)
		assert.False(t, b.paused(usersTable))
		assert.Len(t, b.users(), 12)
		assert.Equal(t, 12, fail)
	})
}

// Of two rows of a user the processor takes the newer, so a page is never said to be older than the one
// before it, whatever the service's clock does.
func TestUsersAsOfNeverGoesBack(t *testing.T) {
	s := newStage(t, defendersim.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"value":[{"id":"1"}],"@odata.deltaLink":"http://%s%s?$deltatoken=x"}`, r.Host, r.URL.Path)
	}))
	t.Cleanup(server.Close)
	var local time.Time
	users := s.usersOf(server, s.config(usersTable), func() time.Time { return local })
	for _, local = range []time.Time{epoch.Add(time.Hour), epoch} {
		_, err := users.Poll(t.Context())
		require.NoError(t, err)
	}
	records := s.Sink.Records()
	require.Len(t, records, 2)
	assert.GreaterOrEqual(t, records[1].Log.Timestamp(), records[0].Log.Timestamp())
	assert.WithinDuration(t, epoch.Add(time.Hour), records[1].Log.Timestamp().AsTime(), time.Minute)
}

// Where a tenant has no IdentityInfo, Graph's users give DOMAIN\name its UPN, from the first event on.
func TestUsersNameWhoActed(t *testing.T) {
	s := newStage(t, defendersim.Options{WithoutTables: []string{"IdentityInfo"}, UserPage: 2})
	s.putUsers(5)
	events := new(consumertest.LogsSink)
	factory := totalnormalizeprocessor.NewFactory()
	pcfg := factory.CreateDefaultConfig().(*totalnormalizeprocessor.Config)
	pcfg.DomainID = "customer-domain-001"
	normalize, err := factory.CreateLogs(t.Context(), processortest.NewNopSettings(factory.Type()), pcfg, events)
	require.NoError(t, err)
	require.NoError(t, normalize.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, normalize.Shutdown(context.Background())) })

	logon := func(number int, account map[string]any) {
		t.Helper()
		row := testbed.LogonRow(number)
		delete(row, "AccountName")
		maps.Copy(row, account)
		require.NoError(t, s.Sim.Plant(logons, defendersim.Planted{Row: row, IngestionTime: s.Clock.Now()}))
	}
	userOf := func(number int) string {
		for _, logs := range events.AllLogs() {
			for _, resource := range logs.ResourceLogs().All() {
				for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
					event := record.Body().Map()
					if text(event, "platform_event_id") == strconv.Itoa(number) {
						payload, _ := event.Get("payload")
						return text(payload.Map(), "user")
					}
				}
			}
		}
		return ""
	}
	comes := func(number int, user string) {
		t.Helper()
		require.Eventually(t, func() bool { return userOf(number) != "" }, wait, time.Millisecond)
		assert.Equal(t, user, userOf(number))
	}
	logon(1, map[string]any{"AccountDomain": "ACME", "AccountName": "User1"})
	logon(2, map[string]any{"AccountSid": "S-1-5-21-1-2-3-1002", "AccountName": "somebody"})
	logon(3, map[string]any{"AccountDomain": "ACME", "AccountName": "stranger"})
	s.Clock.Advance(2 * settle)

	cfg := s.config(logons, "IdentityInfo", usersTable)
	set := receivertest.NewNopSettings(metadata.Type)
	r, err := newReceiver(set, *cfg, outputs{next: normalize})
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), s.Host()))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	comes(1, "user1@acme.com")
	comes(2, "user2@acme.com")
	comes(3, `ACME\stranger`)

	// A change is known after the next poll.
	require.NoError(t, s.Sim.RemoveUser(person(4)["id"].(string), true))
	require.NoError(t, s.Sim.PutUser(map[string]any{"id": person(1)["id"], "userPrincipalName": "married@acme.com"}))
	require.NoError(t, s.Sim.PutUser(map[string]any{
		"id": "new", "userPrincipalName": "stranger@acme.com", "onPremisesSamAccountName": "stranger", "onPremisesDomainName": "acme.local",
	}))
	s.Polls(usersTable, 5) // one that was under way, the changes on two pages, and one that is asked for once they were delivered
	logon(11, map[string]any{"AccountDomain": "acme", "AccountName": "user1"})
	logon(14, map[string]any{"AccountDomain": "ACME", "AccountName": "user4"})
	logon(13, map[string]any{"AccountDomain": "ACME", "AccountName": "stranger"})
	s.Clock.Advance(2 * settle)
	comes(11, "married@acme.com")
	comes(13, "stranger@acme.com")
	comes(14, `ACME\user4`)
}

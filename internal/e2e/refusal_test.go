package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// destination is the far side of a collector, which refuses at first.
type destination struct {
	start  func(s *stage, overlays ...string) *collector
	events func() []totalEvent
	// refuse makes it refuse the calls that hold such a record.
	refuse func(func(plog.LogRecord) bool)
	// refused counts the calls that it has refused.
	refused *atomic.Int64
}

func overOTLP(server *otlpServer, refusal error, overlays ...string) destination {
	var refused atomic.Int64
	return destination{
		refused: &refused,
		start: func(s *stage, more ...string) *collector {
			return s.startOTLP(server.endpoint, append(overlays, more...)...)
		},
		events: func() []totalEvent {
			events, _ := server.received()
			return events
		},
		refuse: func(bad func(plog.LogRecord) bool) {
			server.judged(func(logs plog.Logs) error {
				if slices.ContainsFunc(recordsOf(logs), bad) {
					refused.Add(1)
					return refusal
				}
				return nil
			})
		},
	}
}

func overGRPC(code codes.Code) func(*testing.T) destination {
	return func(t *testing.T) destination {
		t.Helper()
		return overOTLP(startOTLPServer(t, nil), grpcstatus.Error(code, "as the test says"), "otlphasty.yaml", "hasty.yaml")
	}
}

func overHTTP(status int) func(*testing.T) destination {
	return func(t *testing.T) destination {
		t.Helper()
		return overOTLP(startOTLPHTTPServer(t, status), errors.New("as the test says"), "otlphttp.yaml", "hasty.yaml")
	}
}

// overKafka is a broker that answers everything with that code, while it refuses.
func overKafka(code int16) func(*testing.T) destination {
	return func(t *testing.T) destination {
		t.Helper()
		cluster := newCluster(t, kfake.SeedTopics(topicPartitions, topicName))
		var refusing atomic.Bool
		var refused atomic.Int64
		cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			if !refusing.Load() {
				return nil, nil, false
			}
			refused.Add(1)
			return refuse(request.(*kmsg.ProduceRequest), code), nil, true
		})
		read := consume(t, cluster.ListenAddrs(), topicName)
		return destination{
			refused: &refused,
			start: func(s *stage, overlays ...string) *collector {
				return s.startKafka(cluster.ListenAddrs(), append(overlays, "hasty.yaml")...)
			},
			events: read.events,
			refuse: func(bad func(plog.LogRecord) bool) { refusing.Store(bad(plog.NewLogRecord())) },
		}
	}
}

func recordsOf(logs plog.Logs) (records []plog.LogRecord) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				records = append(records, record)
			}
		}
	}
	return records
}

func everything(plog.LogRecord) bool { return true }
func nothing(plog.LogRecord) bool    { return false }

// hasID tells records by their row's id.
func hasID(ids ...string) func(plog.LogRecord) bool {
	return func(record plog.LogRecord) bool {
		uid, _ := record.Attributes().Get(logrecord.AttributeUID)
		return slices.Contains(ids, uid.AsString())
	}
}

// A destination that refuses everything, and calls that permanent, loses nothing, with dead letters and without: the
// rows wait, and all of them arrive once it takes data.
func TestDestinationRefusesEverything(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T) destination{
		"http 401":                overHTTP(http.StatusUnauthorized),
		"http 403":                overHTTP(http.StatusForbidden),
		"http 404":                overHTTP(http.StatusNotFound),
		"http 413":                overHTTP(http.StatusRequestEntityTooLarge),
		"grpc Unauthenticated":    overGRPC(codes.Unauthenticated),
		"grpc PermissionDenied":   overGRPC(codes.PermissionDenied),
		"grpc InvalidArgument":    overGRPC(codes.InvalidArgument),
		"kafka without the right": overKafka(kerr.TopicAuthorizationFailed.Code),
		"kafka too large":         overKafka(kerr.MessageTooLarge.Code),
	} {
		for _, overlays := range [][]string{nil, {"noletters.yaml"}} {
			t.Run(fmt.Sprint(name, overlays), func(t *testing.T) {
				s, want := newDeliveryStage(t)
				d := begin(t)
				d.refuse(everything)
				c := d.start(s, overlays...)
				s.eventually(func() bool { return strings.Contains(c.log(), "Rows are held") }, "the log should say that rows are held")
				s.eventually(func() bool { return s.sim.Report().ReturnedEvents() > 100 }, "rows should be read")
				before := d.refused.Load()
				s.eventually(func() bool { return d.refused.Load() >= before+10 }, "rows should be offered again and again")
				assert.Empty(t, d.events())
				assert.Empty(t, s.deadLetters())
				assert.NotContains(t, c.log(), "refused a row for good")
				d.refuse(nothing)
				require.Eventually(t, func() bool { return len(want.missing(d.events())) == 0 }, wait, longTick, "all events should come")
				c.stop()
				want.delivered(t, d.events())
				assert.Empty(t, s.deadLetters())
				assert.LessOrEqual(t, strings.Count(c.log(), "Rows are held"), 12, "one cause is not one line a try")
			})
		}
	}
}

// Poison rows are the only ones that do not arrive, and the only ones in the dead letters.
func TestPoisonRows(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T) destination{
		"http 400":             overHTTP(http.StatusBadRequest),
		"http 413":             overHTTP(http.StatusRequestEntityTooLarge),
		"http 403":             overHTTP(http.StatusForbidden),
		"grpc InvalidArgument": overGRPC(codes.InvalidArgument),
		"grpc Internal":        overGRPC(codes.Internal),
	} {
		for _, rows := range []int{1, 2, 25} {
			t.Run(fmt.Sprint(name, " ", rows), func(t *testing.T) {
				s, want := newDeliveryStage(t)
				ids := slices.Sorted(maps.Keys(want.events))[:rows]
				d := begin(t)
				d.refuse(hasID(ids...))
				c := d.start(s, "everyline.yaml")
				require.Eventually(t, func() bool {
					return len(want.missing(append(d.events(), s.keptEvents(want)...))) == 0
				}, wait, longTick, "delivered or kept")
				c.stop()
				s.settledWith(want, d.events(), ids)
				assert.Equal(t, rows, strings.Count(c.log(), "refused a row for good"))
			})
		}
	}
}

// settledWith checks that all expected events but those were delivered, once, and that those alone are kept.
func (s *stage) settledWith(want expected, events []totalEvent, ids []string) {
	s.t.Helper()
	var kept []string
	for _, r := range s.deadLetters() {
		kept = append(kept, r.uid)
	}
	slices.Sort(kept)
	assert.Equal(s.t, ids, kept, "the dead letters")
	times := map[string]int{}
	for _, event := range events {
		times[event.ID]++
		assert.Equal(s.t, 1, times[event.ID], "%s came again", event.ID)
	}
	for _, id := range ids {
		assert.Zero(s.t, times[id], "%s is both kept and delivered", id)
	}
	assert.Equal(s.t, len(want.events), len(times)+len(kept), "delivered and kept")
}

// largeRow is a row of DeviceProcessEvents whose command line has that length.
func largeRow(number, length int) defendersim.Planted {
	after := time.Duration(number) * time.Millisecond
	return defendersim.Planted{IngestionTime: epoch.Add(-10 * time.Minute).Add(after), Row: map[string]any{
		"Timestamp": epoch.Add(-11 * time.Minute).Add(after).Format(time.RFC3339Nano),
		"DeviceId":  "large", "DeviceName": "large.contoso.com", "ReportId": int64(1_000_000 + number), "ActionType": "ProcessCreated",
		"AccountName": "jane.doe", "AccountDomain": "CONTOSO", "AccountSid": "S-1-5-21-1-2-3-1001",
		"ProcessCommandLine": strings.Repeat("x", length),
	}}
}

// A row that becomes an event larger than the destination takes is kept, and its neighbours come once.
func TestLargeRowAmongGoodOnes(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T) destination{
		"kafka": overKafka(0),
		"grpc": func(t *testing.T) destination {
			t.Helper()
			return overOTLP(startOTLPServer(t, nil), nil, "hasty.yaml")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, want := newDeliveryStage(t)
			rows := []defendersim.Planted{largeRow(1, 100_000), largeRow(2, 3<<20), largeRow(3, 200_000)}
			require.NoError(t, s.sim.Plant("DeviceProcessEvents", rows...))
			d := begin(t)
			c := d.start(s)
			large := func() (n int) {
				for _, event := range d.events() {
					if strings.Contains(event.line, "large.contoso.com") {
						n++
					}
				}
				return n
			}
			require.Eventually(t, func() bool {
				return len(want.missing(d.events())) == 0 && large() == 2 && len(s.deadLetters()) == 1
			}, wait, longTick, "delivered or kept")
			c.stop()
			assert.Len(t, s.deadLetters()[0].text("ProcessCommandLine"), 3<<20)
			times := map[string]int{}
			for _, event := range d.events() {
				times[event.ID]++
				assert.Equal(t, 1, times[event.ID], "%s came again", event.ID)
			}
			assert.Len(t, times, len(want.events)+2)
		})
	}
}

// An exporter that cuts calls by itself refuses one for one large record, says for the moment, and has taken the part
// before it. The neighbours come a few times at most, and not without end; the record waits and is named.
func TestOneRowForTheMoment(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	require.NoError(t, s.sim.Plant("DeviceLogonEvents", defendersim.Planted{IngestionTime: epoch.Add(-10 * time.Minute), Row: map[string]any{
		"Timestamp": epoch.Add(-11 * time.Minute).Format(time.RFC3339Nano), "DeviceId": "large", "DeviceName": "large.contoso.com",
		"ReportId": int64(1_000_000), "ActionType": "LogonFailed", "AccountName": "jane.doe", "AccountDomain": "CONTOSO",
		"AccountSid": "S-1-5-21-1-2-3-1001", "FailureReason": strings.Repeat("x", 40_000),
	}}))
	server := startOTLPServer(t, nil)
	c := s.startOTLP(server.endpoint, "otlpbatch.yaml", "hasty.yaml")
	names := func() bool { return strings.Contains(c.log(), "one log record size is greater than max size") }
	s.eventually(names, "the log should say what is refused")
	received := func() []totalEvent {
		events, _ := server.received()
		return events
	}
	logons := func() (n int) {
		for id := range times(eventRowsOf(want, "DeviceLogonEvents")) {
			if slices.ContainsFunc(received(), func(event totalEvent) bool { return event.ID == id }) {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return logons() > 0 && strings.Contains(c.log(), " bytes: ") }, wait, longTick, "its neighbours should come")
	before := len(received())
	s.eventually(func() bool {
		last := before
		before = len(received())
		time.Sleep(time.Second)
		return before == last
	}, "calls with the neighbours should end")
	c.stop()
	assert.Empty(t, s.deadLetters())
	again := map[string]int{}
	for _, event := range received() {
		again[event.ID]++
		assert.LessOrEqual(t, again[event.ID], 8, "%s came again and again", event.ID)
	}
	t.Logf("%d records brought %d events; %d of DeviceLogonEvents", len(received()), len(again), logons())
}

func eventRowsOf(want expected, table string) (rows []rawRow) {
	for _, r := range want.rows {
		if r.table == table {
			rows = append(rows, r)
		}
	}
	return rows
}

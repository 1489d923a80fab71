package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

func (s *stage) startOTLP(endpoint string, overlays ...string) *collector {
	s.t.Helper()
	return s.startShipped("otlp.yaml", overlays, "OTLP_ENDPOINT="+endpoint, "OTLP_INSECURE=true")
}

// outage is how long the other side stays away: for many tries of the exporter, which waits for a second at most, and for
// several of gRPC, whose waits to connect grow from one second to two minutes.
const outage = 10 * time.Second

// reconnecting is how long gRPC waits at most after that outage until it connects again.
const reconnecting = 2 * outage

// The other side is a second collector. It is not there at first, is killed in mid-stream, stays away for a while and
// comes back.
func TestOTLP(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	port := ports.Free(t)
	sink := func() *collector {
		return s.start(run{configs: []string{"otlpsink.yaml"}, variables: []string{"E2E_OTLP_PORT=" + port}})
	}
	release := s.holdAfter(len(want.rows) / 2)
	c := s.startOTLP("127.0.0.1:"+port, "otlphasty.yaml")
	memory := c.watchMemory()
	s.eventually(func() bool { return s.sim.Report().Table("DeviceNetworkEvents").RowsReturned > 0 }, "rows should be read")
	other := sink()
	s.returned(len(want.rows) / 4)
	other.kill()
	release()
	before, _ := readTotal(t, s.totalFile())
	require.Less(t, len(before), len(want.events), "it was killed in the middle of the work")
	time.Sleep(outage) // there is nothing to wait for
	memory.bounded()
	other = sink()
	require.Eventually(t, func() bool {
		events, _ := readTotal(t, s.totalFile())
		return len(want.missing(events)) == 0
	}, wait+reconnecting, longTick, "all events should come")
	c.stop()
	other.stop()
	events, broken := readTotal(t, s.totalFile())
	again := want.delivered(t, events)
	assert.Empty(t, s.deadLetters())
	t.Logf("%d events, killed after %d, away for %s; %d came again, %d broken lines", len(want.events), len(before), outage, again, broken)
}

// What the other side may answer, one after the other. A call that it refuses for good once makes no row a refused one:
// the rows are taken when they are offered again. A partial success is final, and its records are nowhere, which the log
// says.
func TestOTLPAnswers(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	const rejected = 3
	refuse := func(code codes.Code) answer {
		return func(context.Context, int) (int, plogotlp.ExportResponse, error) {
			return 0, plogotlp.NewExportResponse(), grpcstatus.Error(code, "as the test says")
		}
	}
	server := startOTLPServer(t, map[int]answer{
		2: refuse(codes.Unavailable),
		3: refuse(codes.Aborted),
		4: func(context.Context, int) (int, plogotlp.ExportResponse, error) {
			full, err := grpcstatus.New(codes.ResourceExhausted, "full").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(10 * time.Millisecond)})
			assert.NoError(t, err)
			return 0, plogotlp.NewExportResponse(), full.Err()
		},
		6: func(ctx context.Context, _ int) (int, plogotlp.ExportResponse, error) { // hangs
			<-ctx.Done()
			return 0, plogotlp.NewExportResponse(), ctx.Err()
		},
		8: func(_ context.Context, records int) (int, plogotlp.ExportResponse, error) { // takes, and says that it did not
			return records, plogotlp.NewExportResponse(), grpcstatus.Error(codes.Unavailable, "as the test says")
		},
		12: refuse(codes.InvalidArgument),
		16: func(_ context.Context, records int) (int, plogotlp.ExportResponse, error) {
			response := plogotlp.NewExportResponse()
			response.PartialSuccess().SetRejectedLogRecords(rejected)
			response.PartialSuccess().SetErrorMessage("the last ones are not wanted")
			return records - rejected, response, nil
		},
	}, grpc.MaxRecvMsgSize(70_000))
	c := s.startOTLP(server.endpoint, "otlphasty.yaml")
	memory := c.watchMemory()
	kept := func() []totalEvent {
		events, _ := server.received()
		return append(events, s.keptEvents(want)...)
	}
	require.Eventually(t, func() bool {
		events := kept()
		_, calls := server.received()
		return calls > 18 && missingCount(want, events) == server.lost(events)
	}, wait, longTick, "delivered or kept, but for the records of the partial success")
	memory.bounded()
	c.stop()

	log := c.log()
	assert.Equal(t, server.lost(kept()), missingCount(want, kept()), "no records but those of the partial success are missing")
	assert.Contains(t, log, "Partial success response")
	assert.Contains(t, log, `"dropped_log_records": 3`)
	assert.Empty(t, s.deadLetters(), "what was refused for good once is taken later")
	events, calls := server.received()
	assert.Greater(t, calls, 18)
	t.Logf("%d events, %d received in %d calls, %d rows in dead letters, %d rejected by a partial success",
		len(want.events), len(events), calls, len(s.deadLetters()), rejected)
}

// A server that takes calls and does not answer them does not hold the end of the process, and nothing is lost by it.
func TestOTLPHangs(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	hung := make(chan struct{}, 100)
	hang := func(ctx context.Context, _ int) (int, plogotlp.ExportResponse, error) {
		hung <- struct{}{}
		<-ctx.Done()
		return 0, plogotlp.NewExportResponse(), ctx.Err()
	}
	script := map[int]answer{}
	for call := 4; call < 20; call++ {
		script[call] = hang
	}
	server := startOTLPServer(t, script)
	c := s.startOTLP(server.endpoint, "shortshutdown.yaml")
	memory := c.watchMemory()
	select {
	case <-hung:
	case <-time.After(wait):
		require.Fail(t, "no call")
	}
	memory.bounded()
	asked := time.Now()
	c.stop()
	took := time.Since(asked)
	assert.Less(t, took, 15*time.Second, "shutdown_timeout is 3s, the exporter's own timeout 30s")
	server.mu.Lock()
	server.script = nil
	server.mu.Unlock()

	c = s.startOTLP(server.endpoint)
	require.Eventually(t, func() bool {
		events, _ := server.received()
		return len(want.missing(events)) == 0
	}, wait, longTick, "all events should come")
	c.stop()
	events, _ := server.received()
	again := want.delivered(t, events)
	assert.Empty(t, s.deadLetters())
	t.Logf("SIGTERM while the server hung took %s; %d events came again", took.Round(time.Millisecond), again)
}

// missingCount is how many expected events are not among events.
func missingCount(want expected, events []totalEvent) int {
	left := len(want.events)
	seen := map[string]bool{}
	for _, event := range events {
		if _, ok := want.events[event.ID]; ok && !seen[event.ID] {
			seen[event.ID] = true
			left--
		}
	}
	return left
}

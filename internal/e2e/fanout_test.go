package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// The secondary is out of order for as long as the primary needs for everything, and the collector is killed meanwhile:
// the primary is not held up, and the secondary gets it all in the end.
func TestFanOut(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	cluster := newCluster(t, kfake.SeedTopics(topicPartitions, topicName))
	read := consume(t, cluster.ListenAddrs(), topicName)
	script := map[int]answer{}
	for call := range 100_000 {
		script[call] = func(context.Context, int) (int, plogotlp.ExportResponse, error) {
			return 0, plogotlp.NewExportResponse(), grpcstatus.Error(codes.Unavailable, "as the test says")
		}
	}
	secondary := startOTLPServer(t, script)
	start := func() *collector {
		return s.startShipped("fanout.yaml", nil, "KAFKA_BROKERS="+strings.Join(cluster.ListenAddrs(), ","),
			"OTLP_ENDPOINT="+secondary.endpoint, "OTLP_INSECURE=true")
	}
	c := start()
	s.eventually(func() bool { return read.len() > len(want.events)/3 }, "the primary should get events")
	c.kill()
	c = start()
	memory := c.watchMemory()
	require.Eventually(t, read.have(want), wait, longTick, "the primary should get all events")
	memory.bounded()
	c.stop()
	events, calls := secondary.received()
	require.Empty(t, events)
	require.Positive(t, calls)

	secondary.mu.Lock()
	secondary.script = nil
	secondary.mu.Unlock()
	c = start()
	require.Eventually(t, func() bool {
		events, _ := secondary.received()
		return len(want.missing(events)) == 0
	}, wait, longTick, "the secondary should get all events")
	c.stop()
	again := want.delivered(t, read.events())
	read.ordered(want)
	events, _ = secondary.received()
	secondAgain := want.delivered(t, events)
	assert.Empty(t, s.deadLetters())
	t.Logf("%d events; %d came again to the primary, %d to the secondary", len(want.events), again, secondAgain)
}

package e2e

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

func (s *stage) startClickHouse(address string) *collector {
	s.t.Helper()
	return s.startShipped("clickhouse.yaml", []string{"clickhousehasty.yaml", "hasty.yaml"},
		"CLICKHOUSE_ENDPOINT=tcp://"+address, "CLICKHOUSE_USERNAME=e2e", "CLICKHOUSE_PASSWORD=s3cret")
}

// ClickHouse is not there when the collector starts. Then it refuses inserts, hangs up in the place of an answer, and
// answers with an error to what it has inserted.
func TestClickHouse(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	address := "127.0.0.1:" + ports.Free(t)
	c := s.startClickHouse(address)
	memory := c.watchMemory()
	s.eventually(func() bool { return strings.Contains(c.log(), "Exporting failed") }, "the log should say what fails")
	memory.bounded()

	const tooManyParts proto.Error = 252
	script := map[int]clickHouseAnswer{
		2: clickHouseFails(tooManyParts, "Too many parts (3000 with average size of 1.00 MiB)"),
		3: clickHouseFails(proto.ErrMemoryLimitExceeded, "Memory limit (total) exceeded"),
		5: {hangsUp: true},
		7: {keeps: true, hangsUp: true},
		9: {keeps: true, exception: &proto.Exception{Code: 319, Name: "DB::Exception", Message: "Unknown status, client must retry"}},
	}
	server := startClickHouse(t, listenAt(t, address), func(insert int, _ []totalEvent) clickHouseAnswer {
		if answer, ok := script[insert]; ok {
			return answer
		}
		return clickHouseKeeps
	})
	received := func() []totalEvent {
		events, _ := server.received()
		return events
	}
	require.Eventually(t, func() bool { return len(want.missing(received())) == 0 }, 2*wait, longTick, "all events should come")
	c.stop()
	again := want.delivered(t, received())
	assert.Positive(t, again, "what ClickHouse inserts and does not acknowledge comes again")
	assert.Empty(t, s.deadLetters())
	_, inserts := server.received()
	assert.Greater(t, inserts, 9)
	t.Logf("%d events in %d inserts, %d of them again", len(want.events), inserts, again)
}

// ClickHouse's errors say nothing of single rows, and the exporter calls none of them final. An event that the table never
// takes holds no other: all others come, and it waits, with ClickHouse's words in the log, until the table is mended.
func TestClickHouseRefusesARow(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	poison := slices.Min(slices.Collect(maps.Keys(want.events)))
	const violated proto.Error = 469
	server := startClickHouse(t, listenAt(t, "127.0.0.1:0"), func(_ int, events []totalEvent) clickHouseAnswer {
		if slices.ContainsFunc(events, func(event totalEvent) bool { return event.ID == poison }) {
			return clickHouseFails(violated, "Constraint `small` is violated")
		}
		return clickHouseKeeps
	})
	missing := func() []string {
		events, _ := server.received()
		return want.missing(events)
	}
	c := s.startClickHouse(server.address)
	require.Eventually(t, func() bool { return slices.Equal(missing(), []string{poison}) }, 2*wait, longTick, "all other events should come")
	c.stop()
	assert.Contains(t, c.log(), "Constraint `small` is violated")
	assert.Empty(t, s.deadLetters())

	server.judged(func(int, []totalEvent) clickHouseAnswer { return clickHouseKeeps })
	c = s.startClickHouse(server.address)
	require.Eventually(t, func() bool { return len(missing()) == 0 }, 2*wait, longTick, "all events should come")
	c.stop()
	events, _ := server.received()
	want.delivered(t, events)
	assert.Empty(t, s.deadLetters())
}

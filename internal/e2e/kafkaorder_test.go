package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
)

// The events of a person stand in the order of their times, whatever tables they are of and over a restart, but for those
// that say that they are late. The emulator's time is the present: the order of last month is nobody's concern.
func TestKafkaOrder(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	clock, who := defendersim.NewClock(now), deliveryTenant()
	who.Start = now
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: who})
	cluster := newCluster(t)
	createTopic(t, cluster.ListenAddrs(), topicName)
	read := consume(t, cluster.ListenAddrs(), topicName)

	rows := len(s.truth(s.settled()))
	release := s.holdAfter(rows / 5)
	c := s.startKafka(cluster.ListenAddrs(), "otlpjson.yaml")
	s.returned(rows / 10)
	c.stop()
	before := read.len()
	release()
	c = s.startKafka(cluster.ListenAddrs(), "otlpjson.yaml")
	s.eventually(read.settled(before), "the rest should come")
	c.stop()
	read.inOrder()
}

// settled returns a condition that is met when more messages than so many have come, and none has for a while.
func (c *topic) settled(than int) func() bool {
	n, since := 0, time.Now()
	return func() bool {
		if now := c.len(); now != n {
			n, since = now, time.Now()
		}
		return n > than && time.Since(since) > 3*time.Second
	}
}

// inOrder checks the order of OTLP messages.
func (c *topic) inOrder() {
	c.t.Helper()
	newest, last, seen := map[string]pcommon.Timestamp{}, map[string]string{}, map[string]bool{}
	late, across := 0, 0
	for _, message := range c.snapshot() {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(message.event.line))
		require.NoError(c.t, err)
		for _, resource := range logs.ResourceLogs().All() {
			person, ok := resource.Resource().Attributes().Get("total.tuid")
			require.True(c.t, ok)
			who := person.AsString()
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					uid, _ := record.Attributes().Get(logrecord.AttributeUID)
					if seen[uid.Str()] {
						continue
					}
					seen[uid.Str()] = true
					table, _ := record.Attributes().Get(logrecord.AttributeTable)
					if _, isLate := record.Attributes().Get("total.late"); isLate {
						late++
						assert.Less(c.t, record.Timestamp(), newest[who], "%s of %s is not late", uid.Str(), who)
					} else {
						assert.GreaterOrEqual(c.t, record.Timestamp(), newest[who], "%s of %s, a row of %s behind one of %s, does not say that it is late",
							uid.Str(), who, table.Str(), last[who])
					}
					if last[who] != "" && last[who] != table.Str() {
						across++
					}
					newest[who], last[who] = max(newest[who], record.Timestamp()), table.Str()
				}
			}
		}
	}
	c.t.Logf("%d events, %d of them late; %d neighbours are of different tables", len(seen), late, across)
	assert.Greater(c.t, len(seen), 500)
	assert.Positive(c.t, late)
	assert.Greater(c.t, across, 50)
}

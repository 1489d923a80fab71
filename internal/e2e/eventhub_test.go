package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	eventHub = "defender"
	// eventHubUser is the same for every event hub, and its password a connection string.
	eventHubUser     = "$ConnectionString"
	eventHubPassword = "Endpoint=sb://e2e.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=a$b{c}="
	// messageRecords is how many records Defender puts into one message here.
	messageRecords = 10
)

// Three members of a consumer group read what Defender streams; one is killed in the middle, and the others take over.
func TestEventHub(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	certificate, caFile := brokerCertificate(t)
	hub := newCluster(t, kfake.TLS(certificate), kfake.EnableSASL(), kfake.Superuser("PLAIN", eventHubUser, eventHubPassword),
		kfake.SeedTopics(topicPartitions, eventHub), kfake.GroupMinSessionTimeout(time.Second))
	cluster := newCluster(t, kfake.SeedTopics(topicPartitions, topicName))
	defender := newStream(t, s, hub.ListenAddrs(), secured(t, caFile, plain.Auth{User: eventHubUser, Pass: eventHubPassword}.AsMechanism())...)
	readEventHub(t, s, want, defender, cluster.ListenAddrs(), []string{"eventhub.yaml", "eventhubca.yaml"},
		"EVENTHUB_BROKER="+hub.ListenAddrs()[0], "EVENTHUB_CONNECTION_STRING="+eventHubPassword, "E2E_KAFKA_CA_FILE="+caFile)
}

// readEventHub runs the members of the group; the topic with TOTAL events is made already. Defender streams half of the
// messages when each has a partition, and the rest when one of them has been killed.
func readEventHub(t *testing.T, s *stage, want expected, defender *stream, brokers, configs []string, variables ...string) {
	t.Helper()
	read := consume(t, brokers, topicName)
	configs[0] = shipped + configs[0]
	member := func() *collector {
		return s.start(run{configs: append(configs, "eventhubhasty.yaml"), variables: append(append(s.shippedEnvironment(),
			"EVENTHUB_NAME="+eventHub, "KAFKA_BROKERS="+strings.Join(brokers, ",")), variables...)})
	}
	some := want.ofPersons()
	members := []*collector{member(), member(), member()}
	// One that died while the group is still forming would hold it up for Kafka's rebalance timeout of a minute.
	s.eventually(func() bool {
		return slices.IndexFunc(members, func(c *collector) bool { return c.partitions() != 1 }) < 0
	},
		"each member should have a partition")
	half := len(defender.messages) / 2
	defender.write(defender.messages[:half])
	s.eventually(func() bool { return read.len() > len(some.events)/4 }, "events should come")
	members[0].kill()
	before := read.len()
	defender.write(defender.messages[half:])
	require.Less(t, before, len(some.events), "it was killed in the middle of the work")
	memory := members[1].watchMemory()
	require.Eventually(t, read.have(some), wait, longTick, "all events should come")
	memory.bounded()
	for _, c := range members[1:] {
		c.stop()
	}
	ids, again, first := map[string]int{}, 0, map[string]map[string]any{}
	for _, event := range read.events() {
		assert.Contains(t, event.line, `"platform_event_source":"DEFENDER_XDR_STREAMING_API"`)
		row := rowOf(t, event)
		if ids[event.ID]++; ids[event.ID] > 1 {
			again++
			assert.Equal(t, first[event.ID], row, "an event that comes again is of the same row")
		}
		first[event.ID] = row
	}
	assert.Empty(t, absent(ids, want.events), "events came that nobody expects")
	t.Logf("%d events of persons, a member killed after %d; %d messages, %d of them again", len(some.events), before, read.len(), again)
}

// partitions is how many partitions of the event hub the log says that the group has given to the member last.
func (c *collector) partitions() int {
	const assigned = `"assigned": "`
	log := c.log()
	last := strings.LastIndex(log, assigned)
	if last < 0 {
		return 0
	}
	list, _, _ := strings.Cut(log[last+len(assigned):], `"`)
	list = strings.TrimSuffix(strings.TrimPrefix(list, eventHub+"["), "]")
	return len(strings.Fields(list))
}

// ofPersons leaves out what collectors may judge each in their own way: rows without an account, whose person stands in a
// directory that not each of them has read, and alerts, whose halves come apart in the Streaming API.
func (e expected) ofPersons() expected {
	some := expected{events: map[string]totalEvent{}, rows: e.rows}
	for id, event := range e.events {
		if judge(e.rows[id]) == persons {
			some.events[id] = event
		}
	}
	return some
}

// stream is Defender's to an event hub.
type stream struct {
	t        *testing.T
	client   *kgo.Client
	messages []*kgo.Record // all that it will send
}

func newStream(t *testing.T, s *stage, brokers []string, options ...kgo.Opt) *stream {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic(eventHub),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerBatchMaxBytes(100_000))...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return &stream{t, client, eventHubMessages(t, s)}
}

func (d *stream) write(messages []*kgo.Record) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), wait)
	defer cancel()
	require.NoError(d.t, d.client.ProduceSync(ctx, messages...).FirstErr())
}

// eventHubMessages are records of one table each, in order of time.
func eventHubMessages(t *testing.T, s *stage) (messages []*kgo.Record) {
	t.Helper()
	for _, table := range tables.All() {
		if table.Kind != tables.Events {
			continue
		}
		var records []any
		var first time.Time
		send := func() {
			if len(records) > 0 {
				value, err := json.Marshal(map[string]any{"records": records})
				require.NoError(t, err)
				messages = append(messages, &kgo.Record{Value: value, Timestamp: first})
				records = nil
			}
		}
		for _, row := range s.truthOf(table.Name, s.settled()) {
			if len(records) == 0 {
				first = row.IngestionTime
			}
			records = append(records, map[string]any{
				"time": row.IngestionTime, "tenantId": s.sim.TenantID, "operationName": "Publish",
				"category": "AdvancedHunting-" + table.Name, "properties": row.Row, "Tenant": "DefaultTenant",
			})
			if len(records) == messageRecords {
				send()
			}
		}
		send()
	}
	slices.SortStableFunc(messages, func(a, b *kgo.Record) int { return a.Timestamp.Compare(b.Timestamp) })
	return messages
}

// rowOf is what an event says of its row. Who is known, and what is late, depends on what the member has seen before.
func rowOf(t *testing.T, event totalEvent) map[string]any {
	t.Helper()
	var e struct {
		Metadata map[string]any `json:"raw_metadata"`
	}
	require.NoError(t, json.Unmarshal([]byte(event.line), &e))
	delete(e.Metadata, "late")
	delete(e.Metadata, "attributed_by")
	return e.Metadata
}

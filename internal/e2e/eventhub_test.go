package e2e

import (
	"context"
	"encoding/json"
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
	stream(t, s, hub.ListenAddrs(), secured(t, caFile, plain.Auth{User: eventHubUser, Pass: eventHubPassword}.AsMechanism())...)
	readEventHub(t, s, want, cluster.ListenAddrs(), []string{"eventhub.yaml", "eventhubca.yaml"},
		"EVENTHUB_BROKER="+hub.ListenAddrs()[0], "EVENTHUB_CONNECTION_STRING="+eventHubPassword, "E2E_KAFKA_CA_FILE="+caFile)
}

// readEventHub runs the members of the group; the topic with TOTAL events is made already.
func readEventHub(t *testing.T, s *stage, want expected, brokers, configs []string, variables ...string) {
	t.Helper()
	read := consume(t, brokers, topicName)
	configs[0] = shipped + configs[0]
	member := func() *collector {
		return s.start(run{configs: append(configs, "eventhubhasty.yaml"), variables: append(append(s.shippedEnvironment(),
			"EVENTHUB_NAME="+eventHub, "KAFKA_BROKERS="+strings.Join(brokers, ",")), variables...)})
	}
	some := want.ofPersons()
	members := []*collector{member(), member(), member()}
	s.eventually(func() bool { return read.len() > len(some.events)/4 }, "events should come")
	members[0].kill()
	before := read.len()
	require.Less(t, before, len(some.events), "it was killed in the middle of the work")
	memory := members[1].watchMemory()
	require.Eventually(t, read.have(some), wait, longTick, "all events should come")
	memory.bounded()
	for _, c := range members[1:] {
		c.stop()
	}
	ids, again, first := map[string]int{}, 0, map[string]string{}
	for _, event := range read.events() {
		assert.Contains(t, event.line, `"platform_event_source":"DEFENDER_XDR_STREAMING_API"`)
		row := rawMetadata(t, event)
		if ids[event.ID]++; ids[event.ID] > 1 {
			again++
			assert.Equal(t, first[event.ID], row, "an event that comes again is of the same row")
		}
		first[event.ID] = row
	}
	assert.Empty(t, absent(ids, want.events), "events came that nobody expects")
	t.Logf("%d events of persons, a member killed after %d; %d messages, %d of them again", len(some.events), before, read.len(), again)
}

// rawMetadata is the part of an event that does not depend on what a member knows of people.
func rawMetadata(t *testing.T, event totalEvent) string {
	t.Helper()
	var parts struct {
		RawMetadata json.RawMessage `json:"raw_metadata"`
	}
	require.NoError(t, json.Unmarshal([]byte(event.line), &parts))
	return string(parts.RawMetadata)
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

// stream writes all rows of the tables of events to the event hub, as Defender does.
func stream(t *testing.T, s *stage, brokers []string, options ...kgo.Opt) {
	t.Helper()
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.DefaultProduceTopic(eventHub),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerBatchMaxBytes(100_000))...)
	require.NoError(t, err)
	defer client.Close()
	var messages []*kgo.Record
	for _, table := range tables.All() {
		if table.Kind != tables.Events {
			continue
		}
		var records []any
		send := func() {
			if len(records) > 0 {
				value, err := json.Marshal(map[string]any{"records": records})
				require.NoError(t, err)
				messages = append(messages, &kgo.Record{Value: value})
				records = nil
			}
		}
		for _, row := range s.truthOf(table.Name, s.settled()) {
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
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	require.NoError(t, client.ProduceSync(ctx, messages...).FirstErr())
}

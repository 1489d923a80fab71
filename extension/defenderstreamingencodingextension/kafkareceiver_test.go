package defenderstreamingencodingextension

import (
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kafkareceiver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
)

// The real kafka receiver: messages that cannot be decoded stop neither their partition nor the rows around them.
func TestKafkaReceiverGoesOnBehindBadMessages(t *testing.T) {
	const topic = "defender"
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic(topic))
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	for _, message := range []string{
		`{"records":[` + envelope(tenant, 1) + `]}`, "\xff junk", "", `{"records":[{"category":"AuditLogs"},` + envelope(tenant, 2) + `,{"cut":"o`, `{"records":[` + envelope(tenant, 3) + `]}`,
	} {
		require.NoError(t, producer.ProduceSync(t.Context(), &kgo.Record{Value: []byte(message)}).FirstErr())
	}

	sink := new(consumertest.LogsSink)
	factory := kafkareceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	id := component.NewID(NewFactory().Type())
	require.NoError(t, confmap.NewFromStringMap(map[string]any{
		"brokers": strings.Join(cluster.ListenAddrs(), ","), "initial_offset": "earliest",
		"logs":            map[string]any{"topics": []any{topic}, "encoding": id.String()},
		"message_marking": map[string]any{"after": true},
	}).Unmarshal(config))
	receiver, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(factory.Type()), config, sink)
	require.NoError(t, err)
	host := collector.Extensions{id: newHarness(t).encoding}
	require.NoError(t, receiver.Start(t.Context(), host))
	require.Eventually(t, func() bool { return sink.LogRecordCount() == 6 }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, receiver.Shutdown(t.Context()))

	var rows []int64
	bad := 0
	for _, logs := range sink.AllLogs() {
		for _, resource := range logs.ResourceLogs().All() {
			for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
				if attributeOf(record, logrecord.AttributeDecodeError) != "" {
					bad++
					continue
				}
				number, _ := record.Body().Map().Get("ReportId")
				rows = append(rows, number.Int())
			}
		}
	}
	assert.Equal(t, []int64{1, 2, 3}, rows)
	assert.Equal(t, 3, bad)
}

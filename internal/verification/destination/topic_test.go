package destination

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/kafka/configkafka"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/pdata/plog"
)

const topicName = "total-events"

func newCluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append(options, kfake.NumBrokers(1), kfake.SeedTopics(3, topicName))...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

func settingsOf(cluster *kfake.Cluster) TopicSettings {
	client := configkafka.NewDefaultClientConfig()
	client.Brokers = cluster.ListenAddrs()
	return TopicSettings{Name: topicName, Client: client}
}

// produce writes messages, each to the partition of its number.
func produce(t *testing.T, set TopicSettings, messages ...*kgo.Record) {
	t.Helper()
	options, err := clientOptions(t.Context(), set.Client)
	require.NoError(t, err)
	client, err := kgo.NewClient(append(options, kgo.DefaultProduceTopic(set.Name), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.ProduceSync(t.Context(), messages...).FirstErr())
}

func openTopic(t *testing.T, set TopicSettings) *Topic {
	t.Helper()
	topic, err := OpenTopic(t.Context(), set)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, topic.Close()) })
	return topic
}

// Every message up to the topic's end is read, in each of the exporter's encodings.
func TestTopic(t *testing.T) {
	set := settingsOf(newCluster(t))
	var messages []*kgo.Record
	for n := range 500 {
		messages = append(messages, &kgo.Record{Partition: int32(n % 2), Value: []byte(line(n))})
	}
	asJSON, err := (&plog.JSONMarshaler{}).MarshalLogs(logs(500, 510))
	require.NoError(t, err)
	asProto, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs(510, 520))
	require.NoError(t, err)
	messages = append(messages,
		&kgo.Record{Value: asJSON}, &kgo.Record{Value: asProto}, &kgo.Record{Value: []byte(line(520) + "\n" + line(521))},
		&kgo.Record{Value: []byte("what")}, &kgo.Record{Key: []byte("tombstone")})
	produce(t, set, messages...)

	topic := openTopic(t, set)
	produce(t, set, &kgo.Record{Value: []byte(line(1000))})
	events, stats := readAll(t, topic)
	assert.Len(t, events, 522, "without what came later")
	assert.EqualValues(t, 522, stats.Events)
	assert.EqualValues(t, 1, stats.Unreadable)
	assert.Contains(t, stats.Examples[0], "total-events/0@")
	assert.Empty(t, stats.Notes)
	assert.Equal(t, []string{"1@0"}, events[parsed(t, 1)])
}

func TestEmptyTopic(t *testing.T) {
	events, _ := readAll(t, openTopic(t, settingsOf(newCluster(t))))
	assert.Empty(t, events)
}

// What was written well before the period is not read, and what a topic no longer has is told.
func TestTopicSince(t *testing.T) {
	set := settingsOf(newCluster(t))
	now := time.Now().Truncate(time.Millisecond)
	var messages []*kgo.Record
	for n := range 10 {
		messages = append(messages, &kgo.Record{Timestamp: now.Add(time.Duration(n-9) * time.Hour), Value: []byte(line(n))})
	}
	for _, m := range messages {
		produce(t, set, m)
	}
	set.Since = now.Add(-3*time.Hour - time.Minute)
	events, stats := readAll(t, openTopic(t, set))
	assert.Len(t, events, 5)
	assert.Empty(t, stats.Notes)

	deleteBefore(t, set, 8)
	events, stats = readAll(t, openTopic(t, set))
	assert.Len(t, events, 2)
	assert.Equal(t, []string{"partition 0 of the topic begins at offset 8, within the period: what was before has been deleted"}, stats.Notes)
}

func deleteBefore(t *testing.T, set TopicSettings, offset int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(set.Client.Brokers...))
	require.NoError(t, err)
	defer client.Close()
	var before kadm.Offsets
	before.Add(kadm.Offset{Topic: set.Name, Partition: 0, At: offset})
	deleted, err := kadm.NewClient(client).DeleteRecords(t.Context(), before)
	require.NoError(t, err)
	require.NoError(t, deleted.Error())
}

// A reader connects as the exporter does.
func TestTopicWithTLSAndPassword(t *testing.T) {
	server := httptest.NewTLSServer(nil) // it brings a certificate along
	certificates := server.TLS.Certificates
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	server.Close()
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		cluster := newCluster(t, kfake.TLS(&tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}),
			kfake.EnableSASL(), kfake.Superuser(mechanism, "jane", "pa55"))
		set := settingsOf(cluster)
		set.Client.TLS = &configtls.ClientConfig{Config: configtls.Config{CAFile: ca}}
		set.Client.Authentication.SASL = &configkafka.SASLConfig{Mechanism: mechanism, Username: "jane", Password: "pa55"}
		produce(t, set, &kgo.Record{Value: []byte(line(1))})
		events, _ := readAll(t, openTopic(t, set))
		assert.Len(t, events, 1, mechanism)
	}
}

func TestUnsupportedAuthentication(t *testing.T) {
	for mechanism, auth := range map[string]configkafka.AuthenticationConfig{
		"kerberos":                {Kerberos: &configkafka.KerberosConfig{Password: "pa55"}},
		"AWS_MSK_IAM_OAUTHBEARER": {SASL: &configkafka.SASLConfig{Mechanism: "AWS_MSK_IAM_OAUTHBEARER", Password: "pa55"}},
	} {
		client := configkafka.NewDefaultClientConfig()
		client.Authentication = auth
		_, err := OpenTopic(t.Context(), TopicSettings{Name: "x", Client: client})
		require.ErrorContains(t, err, fmt.Sprintf("authentication %s is not supported", mechanism))
		assert.NotContains(t, err.Error(), "pa55")
	}
}

func TestUnknownTopic(t *testing.T) {
	set := settingsOf(newCluster(t))
	set.Name = "total-evnets"
	_, err := OpenTopic(t.Context(), set)
	assert.ErrorContains(t, err, "look up the topic total-evnets")
}

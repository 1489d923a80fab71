package e2e

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// newCluster starts brokers in this process.
func newCluster(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, options...)...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// startKafka starts a collector with config/kafka.yaml.
func (s *stage) startKafka(brokers []string, overlays ...string) *collector {
	s.t.Helper()
	return s.startKafkaTopic(brokers, topicName, overlays...)
}

func (s *stage) startKafkaTopic(brokers []string, topic string, overlays ...string) *collector {
	s.t.Helper()
	return s.startShipped("kafka.yaml", overlays, "KAFKA_BROKERS="+strings.Join(brokers, ","), "KAFKA_TOPIC="+topic)
}

// The topic is missing at first, brokers refuse and break connections, and the collector is stopped in between.
func TestKafka(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	cluster := newCluster(t)
	release := s.holdAfter(len(want.rows) / 2)
	c := s.startKafka(cluster.ListenAddrs())
	memory := c.watchMemory()
	s.eventually(func() bool { return strings.Contains(c.log(), "UNKNOWN_TOPIC_OR_PARTITION") }, "the log should say what is missing")
	memory.bounded()
	createTopic(t, cluster.ListenAddrs(), topicName)
	read := consume(t, cluster.ListenAddrs(), topicName)

	spoiled := spoilProducing(t, cluster)
	s.returned(len(want.rows) / 4)
	c.stop()
	release()
	c = s.startKafka(cluster.ListenAddrs())
	require.Eventually(t, read.have(want), wait, longTick, "all events should come")
	c.stop()

	again := want.delivered(t, read.events())
	compared := read.ordered(want)
	assert.Positive(t, spoiled.Load())
	assert.Empty(t, s.deadLetters())
	t.Logf("%d events, %d of them again, %d neighbours in order; %d produce requests went wrong", len(want.events), again, compared, spoiled.Load())
}

// spoilProducing makes some produce requests go wrong: refused, or their connection closed. Each costs the client
// seconds, in which it asks who leads the partition now.
func spoilProducing(t *testing.T, cluster *kfake.Cluster) (spoiled *atomic.Int64) {
	t.Helper()
	spoiled = new(atomic.Int64)
	ways := map[int64]int16{2: kerr.NotEnoughReplicas.Code, 4: closeConnection, 30: closeConnection, 40: kerr.NotLeaderForPartition.Code}
	var asked atomic.Int64
	cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		code, ok := ways[asked.Add(1)]
		if !ok {
			return nil, nil, false
		}
		spoiled.Add(1)
		if code == closeConnection {
			return nil, assert.AnError, true
		}
		return refuse(request.(*kmsg.ProduceRequest), code), nil, true
	})
	return spoiled
}

// closeConnection stands in the place of a code that Kafka would answer with.
const closeConnection int16 = -1

// refuse answers a produce request with the same code for all partitions.
func refuse(request *kmsg.ProduceRequest, code int16) kmsg.Response {
	response := request.ResponseKind().(*kmsg.ProduceResponse)
	for _, asked := range request.Topics {
		answered := kmsg.NewProduceResponseTopic()
		answered.Topic, answered.TopicID = asked.Topic, asked.TopicID
		for _, partition := range asked.Partitions {
			answer := kmsg.NewProduceResponseTopicPartition()
			answer.Partition, answer.ErrorCode = partition.Partition, code
			answered.Partitions = append(answered.Partitions, answer)
		}
		response.Topics = append(response.Topics, answered)
	}
	return response
}

// An event that is larger than the broker takes is kept in the dead letters, and the rest goes on.
func TestKafkaMessageTooLarge(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	cluster := newCluster(t)
	createTopic(t, cluster.ListenAddrs(), topicName)
	read := consume(t, cluster.ListenAddrs(), topicName)
	c := s.startKafka(cluster.ListenAddrs(), "smallmessages.yaml")
	kept := func() []totalEvent { return append(read.events(), s.keptEvents(want)...) }
	require.Eventually(t, func() bool { return len(want.missing(kept())) == 0 }, wait, longTick, "delivered or kept")
	c.stop()
	want.delivered(t, kept())
	assert.NotEmpty(t, s.deadLetters())
	assert.NotEmpty(t, want.missing(read.events()), "some events are too large")
	times := map[string]int{}
	for _, event := range read.events() {
		times[event.ID]++
	}
	for _, r := range s.deadLetters() {
		assert.Zero(t, times[r.uid], "%s is both kept and in the topic", r.uid)
		if event, ok := want.events[r.uid]; ok {
			assert.Greater(t, len(event.line), 1200, "%s was not too large", r.uid)
		}
	}
	t.Logf("%d messages of %d events", len(read.events()), len(times))
	assert.Contains(t, c.log(), "MESSAGE_TOO_LARGE")
	// Rows without an account need a directory, which a collector that has read nothing else does not have.
	assert.Empty(t, want.ofPersons().missing(append(read.events(), s.replay()...)), "dead letters can be given back")
	t.Logf("%d events, %d rows in dead letters", len(want.events), len(s.deadLetters()))
}

// A broker that takes requests and does not answer them holds neither memory nor the end of the process.
func TestKafkaHangs(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	cluster := newCluster(t)
	createTopic(t, cluster.ListenAddrs(), topicName)
	read := consume(t, cluster.ListenAddrs(), topicName)
	var held atomic.Int64
	hang := make(chan struct{})
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if read.len() < 200 {
			return nil, nil, false
		}
		select {
		case <-hang:
			return nil, nil, false
		default:
			held.Add(1)
			return nil, nil, true // no answer ever
		}
	})
	c := s.startKafka(cluster.ListenAddrs(), "shortshutdown.yaml")
	s.eventually(func() bool { return held.Load() > 0 }, "a request should be held")
	memory := c.watchMemory()
	asked := time.Now()
	c.stop()
	took := time.Since(asked)
	memory.bounded()
	assert.Less(t, took, 15*time.Second, "shutdown_timeout is 3s")
	close(hang)

	c = s.startKafka(cluster.ListenAddrs())
	require.Eventually(t, read.have(want), wait, longTick, "all events should come")
	c.stop()
	again := want.delivered(t, read.events())
	read.ordered(want)
	t.Logf("SIGTERM while the broker hung took %s; %d events came again", took.Round(time.Millisecond), again)
}

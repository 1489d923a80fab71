package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// libsVariable names the directory with Kafka's jars. `make integration` sets it once it has them.
const libsVariable = "KAFKA_LIBS"

// broker is Apache Kafka itself, one node, which scripts/kafka starts and ends.
type broker struct {
	t         *testing.T
	directory string
	addresses []string
}

// startBroker skips the test where there is no Kafka.
func startBroker(t *testing.T) *broker {
	t.Helper()
	if os.Getenv(libsVariable) == "" {
		t.Skip("`make integration` runs this test, with Apache Kafka")
	}
	port := ports.Free(t)
	t.Setenv("KAFKA_PORT", port)
	t.Setenv("KAFKA_CONTROLLER_PORT", ports.Free(t))
	b := &broker{t: t, directory: t.TempDir(), addresses: []string{"127.0.0.1:" + port}}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(b.directory, "kafka.log"))
			t.Logf("Kafka's log ends with:\n%s", lastLines(string(log), 20))
		}
		b.do("kill")
	})
	b.do("start")
	return b
}

// do runs scripts/kafka.
func (b *broker) do(command string) {
	b.t.Helper()
	output, err := exec.Command(filepath.Join("..", "..", "scripts", "kafka"), command, b.directory).CombinedOutput()
	require.NoError(b.t, err, "scripts/kafka %s: %s", command, output)
}

// The same promises as in TestKafka and its like, kept with Kafka itself.
func TestBroker(t *testing.T) {
	b := startBroker(t)
	t.Run("killed in mid-stream", func(t *testing.T) { killBrokerInMidStream(t, b) })
	t.Run("slow", func(t *testing.T) { pauseBroker(t, b) })
	t.Run("message too large", func(t *testing.T) { limitMessages(t, b) })
	t.Run("event hub", func(t *testing.T) { consumeAsGroup(t, b) })
}

// The topic is missing at first; then the broker is killed, stays away and comes back, while the collector waits; then
// the collector is killed, too.
func killBrokerInMidStream(t *testing.T, b *broker) {
	t.Helper()
	s, want := newDeliveryStage(t)
	const name = "events-kill"
	release := s.holdAfter(len(want.rows) / 2)
	c := s.startKafkaTopic(b.addresses, name)
	s.eventually(func() bool { return strings.Contains(c.log(), "UNKNOWN_TOPIC_OR_PARTITION") }, "the log should say what is missing")
	createTopic(t, b.addresses, name)
	read := consume(t, b.addresses, name)
	s.eventually(func() bool { return read.len() > len(want.events)/8 }, "events should come")
	memory := c.watchMemory()
	b.do("kill")
	release()
	before := read.len()
	require.Less(t, before, len(want.events), "the broker was killed in the middle of the work")
	time.Sleep(3 * time.Second) // an outage lasts a while: there is nothing to wait for
	b.do("start")
	s.eventually(func() bool { return read.len() > before+50 }, "events should come again")
	memory.bounded()
	c.kill()
	c = s.startKafkaTopic(b.addresses, name)
	require.Eventually(t, read.have(want), wait, longTick, "all events should come")
	c.stop()
	again := want.delivered(t, read.events())
	compared := read.ordered(want)
	assert.Empty(t, s.deadLetters())
	t.Logf("%d events, killed after %d; %d came again; %d neighbours in order", len(want.events), before, again, compared)
}

// A broker that does not run for a while and keeps its connections is slow, and no more.
func pauseBroker(t *testing.T, b *broker) {
	t.Helper()
	s, want := newDeliveryStage(t)
	const name = "events-slow"
	createTopic(t, b.addresses, name)
	read := consume(t, b.addresses, name)
	release := s.holdAfter(len(want.rows) / 2)
	c := s.startKafkaTopic(b.addresses, name)
	s.eventually(func() bool { return read.len() > len(want.events)/8 }, "events should come")
	b.do("pause")
	release()
	memory := c.watchMemory()
	time.Sleep(8 * time.Second) // as above
	memory.bounded()
	asked := time.Now()
	c.stop()
	took := time.Since(asked)
	assert.Less(t, took, 15*time.Second, "shutdown_timeout is 10s")
	b.do("resume")
	c = s.startKafkaTopic(b.addresses, name)
	require.Eventually(t, read.have(want), wait, longTick, "all events should come")
	c.stop()
	again := want.delivered(t, read.events())
	compared := read.ordered(want)
	assert.Empty(t, s.deadLetters())
	t.Logf("%d events, %d of them again, %d neighbours in order; SIGTERM took %s", len(want.events), again, compared, took.Round(time.Millisecond))
}

// The topic takes smaller messages than the collector believes: events that are larger are kept, all others arrive.
func limitMessages(t *testing.T, b *broker) {
	t.Helper()
	s, want := newDeliveryStage(t)
	const name = "events-small"
	createTopic(t, b.addresses, name, "max.message.bytes", "1850")
	read := consume(t, b.addresses, name)
	c := s.startKafkaTopic(b.addresses, name, "uncompressed.yaml")
	kept := func() []totalEvent { return append(read.events(), s.keptEvents(want)...) }
	require.Eventually(t, func() bool { return len(want.missing(kept())) == 0 }, wait, longTick, "delivered or kept")
	c.stop()
	want.delivered(t, kept())
	assert.NotEmpty(t, s.deadLetters())
	assert.Contains(t, c.log(), "MESSAGE_TOO_LARGE")
	t.Logf("%d events, %d messages, %d rows in dead letters", len(want.events), read.len(), len(s.deadLetters()))
}

// Kafka itself hands the partitions of the killed member to the others.
func consumeAsGroup(t *testing.T, b *broker) {
	t.Helper()
	s, want := newDeliveryStage(t)
	createTopic(t, b.addresses, topicName)
	createTopic(t, b.addresses, eventHub)
	readEventHub(t, s, want, newStream(t, s, b.addresses), b.addresses, []string{"eventhub.yaml", "eventhubplain.yaml"},
		"EVENTHUB_BROKER="+b.addresses[0], "EVENTHUB_CONNECTION_STRING=unused")
}

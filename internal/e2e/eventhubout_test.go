package e2e

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// eventHubRequest is the largest request that Event Hubs takes, in bytes.
const eventHubRequest = 1_046_528

// config/eventhub-out.yaml against brokers that do as Event Hubs does: TLS and a connection string, no compression, and
// the end of the connection for a large request. They throttle, too. Several rows of half a megabyte, which one request
// could hold, and one that is too large for a message.
func TestEventHubOut(t *testing.T) {
	t.Parallel()
	s, want := newDeliveryStage(t)
	large := []defendersim.Planted{largeRow(1, 2<<20)}
	for number := 2; number < 8; number++ {
		large = append(large, largeRow(number, 400_000))
	}
	require.NoError(t, s.sim.Plant("DeviceProcessEvents", large...))
	certificate, caFile := brokerCertificate(t)
	cluster := newCluster(t, kfake.TLS(certificate), kfake.EnableSASL(), kfake.Superuser("PLAIN", eventHubUser, eventHubPassword),
		kfake.SeedTopics(topicPartitions, topicName))
	tooLarge := asEventHub(cluster)
	c := s.startShipped("eventhub-out.yaml", []string{"kafkaca.yaml", "hasty.yaml"},
		"EVENTHUB_BROKER="+cluster.ListenAddrs()[0], "EVENTHUB_CONNECTION_STRING="+eventHubPassword, "E2E_KAFKA_CA_FILE="+caFile)
	memory := c.watchMemory()
	read := consume(t, cluster.ListenAddrs(), topicName,
		secured(t, caFile, plain.Auth{User: eventHubUser, Pass: eventHubPassword}.AsMechanism())...)
	largeEvents := func() (n int) {
		for _, event := range read.events() {
			if strings.Contains(event.line, "large.contoso.com") {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool {
		return len(want.missing(read.events())) == 0 && largeEvents() == len(large)-1 && len(s.deadLetters()) == 1
	}, 2*wait, longTick, "delivered or kept")
	memory.bounded()
	c.stop()
	assert.Zero(t, tooLarge.Load(), "no request is larger than Event Hubs takes")
	assert.Len(t, s.deadLetters()[0].text("ProcessCommandLine"), 2<<20)
	assert.NotContains(t, c.log(), eventHubPassword)
}

// asEventHub makes brokers refuse what Event Hubs refuses, and counts requests that are too large.
func asEventHub(cluster *kfake.Cluster) (tooLarge *atomic.Int64) {
	tooLarge = new(atomic.Int64)
	var asked atomic.Int64
	cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		produce := request.(*kmsg.ProduceRequest)
		switch n := asked.Add(1); {
		case len(produce.AppendTo(nil)) > eventHubRequest:
			tooLarge.Add(1)
			return nil, assert.AnError, true
		case isCompressed(produce):
			return refuse(produce, kerr.UnsupportedCompressionType.Code), nil, true
		case n == 2 || n == 3:
			return refuse(produce, kerr.ThrottlingQuotaExceeded.Code), nil, true
		case n == 6:
			return nil, assert.AnError, true
		}
		return nil, nil, false
	})
	return tooLarge
}

func isCompressed(request *kmsg.ProduceRequest) bool {
	for _, topic := range request.Topics {
		for _, partition := range topic.Partitions {
			var batch kmsg.RecordBatch
			if err := batch.ReadFrom(partition.Records); err == nil && batch.Attributes&0x7 != 0 {
				return true
			}
		}
	}
	return false
}

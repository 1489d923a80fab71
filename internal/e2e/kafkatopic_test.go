package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topicName       = "total-events"
	topicPartitions = 3
)

// topic is what a consumer of its own has read of the topic with TOTAL events.
type topic struct {
	t       *testing.T
	mu      sync.Mutex // guards records
	records []topicRecord
}

// topicRecord is a message.
type topicRecord struct {
	partition int32
	key       string
	event     totalEvent
}

// createTopic makes the topic; configs are name, value, name, value and so on.
func createTopic(t *testing.T, brokers []string, name string, configs ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	require.NoError(t, err)
	defer client.Close()
	settings := map[string]*string{}
	for i := 0; i < len(configs); i += 2 {
		settings[configs[i]] = &configs[i+1]
	}
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	response, err := kadm.NewClient(client).CreateTopic(ctx, topicPartitions, 1, settings, name)
	require.NoError(t, err)
	require.NoError(t, response.Err)
}

// consume reads the topic from its beginning until the test ends.
func consume(t *testing.T, brokers []string, name string, options ...kgo.Opt) *topic {
	t.Helper()
	c := &topic{t: t}
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(name),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 100 * time.Millisecond }))...)
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			fetches := client.PollFetches(context.Background())
			if fetches.IsClientClosed() {
				return
			}
			fetches.EachRecord(c.add)
		}
	}()
	t.Cleanup(func() {
		client.Close()
		<-ended
	})
	return c
}

func (c *topic) add(record *kgo.Record) {
	event := totalEvent{line: string(record.Value)}
	err := json.Unmarshal(record.Value, &event)
	assert.NoError(c.t, err, "a message is one event: %s", record.Value)
	assert.NotContains(c.t, event.line, "\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, topicRecord{partition: record.Partition, key: string(record.Key), event: event})
}

// snapshot returns what has been read so far, in the order of each partition.
func (c *topic) snapshot() []topicRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]topicRecord(nil), c.records...)
}

func (c *topic) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.records)
}

// events are those of all messages.
func (c *topic) events() (events []totalEvent) {
	for _, record := range c.snapshot() {
		events = append(events, record.event)
	}
	return events
}

// have returns a condition that is met when all expected events have been read.
func (c *topic) have(want expected) func() bool {
	seen := 0
	return func() bool {
		before := seen
		if seen = c.len(); seen != before { // still growing
			return false
		}
		return len(want.missing(c.events())) == 0
	}
}

// ordered checks that a person has one key and one partition, in which the events of a table stand in the order of
// their times, other than those that arrived later. Where an event came again, its first place counts. It returns how
// many neighbours were compared.
func (c *topic) ordered(want expected) (compared int) {
	c.t.Helper()
	type place struct {
		partition int32
		key       string
	}
	places, last, seen := map[string]place{}, map[string]rawRow{}, map[string]bool{}
	var wrong []string
	for _, record := range c.snapshot() {
		event := record.event
		at := place{record.partition, record.key}
		if first, ok := places[event.TUID]; ok && first != at {
			wrong = append(wrong, fmt.Sprintf("%s has events in partition %d and %d", event.TUID, first.partition, at.partition))
		}
		places[event.TUID] = at
		assert.NotEmpty(c.t, record.key)
		if seen[event.ID] {
			continue
		}
		seen[event.ID] = true
		row, ok := want.rows[event.ID]
		if !ok || row.arrived.IsZero() {
			continue
		}
		series := event.TUID + " " + row.table
		if before, ok := last[series]; ok {
			compared++
			if rowTime(c.t, row).Before(rowTime(c.t, before)) && !row.arrived.After(before.arrived) {
				wrong = append(wrong, fmt.Sprintf("%s: %s of %s stands behind one of %s", series, event.ID,
					rowTime(c.t, row), rowTime(c.t, before)))
			}
		}
		last[series] = row
	}
	used := map[int32]bool{}
	for _, at := range places {
		used[at.partition] = true
	}
	assert.Empty(c.t, strings.Join(wrong[:min(len(wrong), 10)], "\n"), "order")
	assert.Len(c.t, used, topicPartitions, "all partitions are used")
	return compared
}

func rowTime(t *testing.T, r rawRow) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, r.text("Timestamp"))
	require.NoError(t, err)
	return at
}

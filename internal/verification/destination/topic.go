package destination

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/kafka/configkafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/otelcol-defender/otelcol-defender/internal/verification/comparison"
	"github.com/otelcol-defender/otelcol-defender/internal/verification/event"
)

// TopicSettings say which topic is read, and how.
type TopicSettings struct {
	Name string
	// Client has the brokers, and how the exporter connects to them.
	Client configkafka.ClientConfig
	// Since is when the first event of interest happened. What was written well before it is not read, for an event is
	// written after it happened; zero: all is read.
	Since time.Time
}

const (
	// clockTolerance is by how much the clocks of devices, brokers and the collector may differ.
	clockTolerance = time.Hour
	// silence is how long brokers may give nothing while there is more to read.
	silence = time.Minute
)

// Topic is a Kafka topic.
type Topic struct {
	set    TopicSettings
	client *kgo.Client
	ranges map[int32]offsets
	notes  []string
}

// offsets are a half-open range of a partition.
type offsets struct{ next, end int64 }

// OpenTopic connects to the brokers and fixes up to where the topic is read.
func OpenTopic(ctx context.Context, set TopicSettings) (*Topic, error) {
	options, err := clientOptions(ctx, set.Client)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(options, kgo.KeepControlRecords())...)
	if err != nil {
		return nil, fmt.Errorf("prepare the Kafka client: %w", err)
	}
	t := &Topic{set: set, client: client}
	if err := t.findRanges(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return t, nil
}

// Close ends the connections.
func (t *Topic) Close() error {
	t.client.Close()
	return nil
}

// Show implements Destination: the partition and the offset.
func (t *Topic) Show(place comparison.Place) string {
	return fmt.Sprintf("%s/%d@%d", t.set.Name, place.Number, place.Position)
}

// findRanges looks up which offsets are to be read.
func (t *Topic) findRanges(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	admin := kadm.NewClient(t.client)
	ends, err := listed(admin.ListEndOffsets(ctx, t.set.Name))
	if err != nil {
		return t.unreachable(err)
	}
	oldest, err := listed(admin.ListStartOffsets(ctx, t.set.Name))
	if err != nil {
		return t.unreachable(err)
	}
	begins := oldest
	if !t.set.Since.IsZero() {
		if begins, err = listed(admin.ListOffsetsAfterMilli(ctx, t.set.Since.Add(-clockTolerance).UnixMilli(), t.set.Name)); err != nil {
			return t.unreachable(err)
		}
	}
	t.ranges = map[int32]offsets{}
	for partition, end := range ends {
		begin := max(begins[partition].Offset, oldest[partition].Offset)
		if deleted := oldest[partition].Offset; deleted > 0 && begin == deleted {
			t.notes = append(t.notes, fmt.Sprintf("partition %d of the topic begins at offset %d, within the period: what was before has been deleted", partition, deleted))
		}
		if begin < end.Offset {
			t.ranges[partition] = offsets{next: begin, end: end.Offset}
		}
	}
	slices.Sort(t.notes)
	return nil
}

// listed are the offsets of the one topic.
func listed(all kadm.ListedOffsets, err error) (map[int32]kadm.ListedOffset, error) {
	if err = errors.Join(err, all.Error()); err != nil {
		return nil, err
	}
	for _, partitions := range all {
		return partitions, nil
	}
	return nil, errors.New("the brokers do not know the topic")
}

func (t *Topic) unreachable(err error) error {
	return fmt.Errorf("look up the topic %s at %s: %w", t.set.Name, strings.Join(t.set.Client.Brokers, ","), err)
}

// Read implements Destination.
func (t *Topic) Read(ctx context.Context, take Take) (*Stats, error) {
	stats := &Stats{Notes: t.notes}
	starts := map[int32]kgo.Offset{}
	for partition, r := range t.ranges {
		starts[partition] = kgo.NewOffset().At(r.next)
	}
	if len(starts) == 0 {
		return stats, nil
	}
	t.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{t.set.Name: starts})
	var p payloads
	for len(t.ranges) > 0 {
		fetches, err := t.poll(ctx)
		if err != nil {
			return stats, err
		}
		for records := fetches.RecordIter(); !records.Done(); {
			if err := t.read(&p, records.Next(), stats, take); err != nil {
				return stats, err
			}
		}
	}
	return stats, nil
}

// poll waits for messages.
func (t *Topic) poll(ctx context.Context) (kgo.Fetches, error) {
	patience, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	fetches := t.client.PollFetches(patience)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if patience.Err() != nil {
		return nil, fmt.Errorf("read the topic %s: the brokers gave nothing for %s while %d partitions are not read to their end", t.set.Name, silence, len(t.ranges))
	}
	if errs := fetches.Errors(); len(errs) > 0 {
		return nil, fmt.Errorf("read partition %d of the topic %s: %w", errs[0].Partition, t.set.Name, errs[0].Err)
	}
	return fetches, nil
}

// read takes the events of one message.
func (t *Topic) read(p *payloads, record *kgo.Record, stats *Stats, take Take) error {
	r, wanted := t.ranges[record.Partition]
	if !wanted || record.Offset >= r.end {
		t.finish(record.Partition)
		return nil
	}
	place := comparison.Place{Number: uint32(record.Partition), Position: record.Offset} //nolint:gosec // it is not negative
	if !record.Attrs.IsControl() {
		err := p.read(record.Value, func(e event.Event) error {
			stats.Events++
			return take(e, place)
		}, func(err error) { stats.unreadable(t.Show(place), err) })
		if err != nil {
			return err
		}
	}
	if record.Offset+1 >= r.end {
		t.finish(record.Partition)
	}
	return nil
}

// finish stops reading a partition.
func (t *Topic) finish(partition int32) {
	if _, reading := t.ranges[partition]; reading {
		delete(t.ranges, partition)
		t.client.RemoveConsumePartitions(map[string][]int32{t.set.Name: {partition}})
	}
}

// clientOptions are what an exporter's settings are to this client.
func clientOptions(ctx context.Context, c configkafka.ClientConfig) ([]kgo.Opt, error) {
	options := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID)}
	settings := c.TLS
	if settings == nil {
		settings = c.Authentication.TLS
	}
	if settings != nil {
		config, err := settings.LoadTLSConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the TLS settings of the exporter: %w", err)
		}
		if config != nil { // nil: the settings say insecure
			options = append(options, kgo.DialTLSConfig(config))
		}
	}
	mechanism, err := mechanismOf(c.Authentication)
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		options = append(options, kgo.SASL(mechanism))
	}
	return options, nil
}

func mechanismOf(c configkafka.AuthenticationConfig) (sasl.Mechanism, error) {
	switch {
	case c.Kerberos != nil:
		return nil, unsupported("kerberos")
	case c.PlainText != nil:
		return plain.Auth{User: c.PlainText.Username, Pass: c.PlainText.Password}.AsMechanism(), nil
	case c.SASL == nil:
		return nil, nil
	}
	mechanisms := map[string]func() sasl.Mechanism{
		"PLAIN": func() sasl.Mechanism { return plain.Auth{User: c.SASL.Username, Pass: c.SASL.Password}.AsMechanism() },
		"SCRAM-SHA-256": func() sasl.Mechanism {
			return scram.Auth{User: c.SASL.Username, Pass: c.SASL.Password}.AsSha256Mechanism()
		},
		"SCRAM-SHA-512": func() sasl.Mechanism {
			return scram.Auth{User: c.SASL.Username, Pass: c.SASL.Password}.AsSha512Mechanism()
		},
	}
	mechanism, ok := mechanisms[c.SASL.Mechanism]
	if !ok {
		return nil, fmt.Errorf("%w; %s work", unsupported(c.SASL.Mechanism), strings.Join(slices.Sorted(maps.Keys(mechanisms)), ", "))
	}
	return mechanism(), nil
}

func unsupported(what string) error {
	return fmt.Errorf("the exporter's authentication %s is not supported for reading: let a user of another mechanism read the topic", what)
}

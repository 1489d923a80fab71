package pipelinecheck

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What is peculiar to a backend. docs/backends.md explains each.
var backendRules = []rule{
	{
		name: "clickhouse_unacknowledged", effect: Loses,
		where: reaching(typeClickHouse).at("async_insert", both(insertsLater, func(c *configured, _ *flow) bool {
			return isOff(c.connection("wait_for_async_insert"))
		})),
		why:    "wait_for_async_insert is 0: ClickHouse answers before the rows are in a table, and what it cannot insert then, or has in memory at a crash, is gone",
		remedy: "async_insert: false, and no wait_for_async_insert in endpoint and connection_params",
	},
	{
		name: "clickhouse_async_insert", effect: MayLose,
		where: reaching(typeClickHouse).at("async_insert", both(insertsLater, func(c *configured, _ *flow) bool {
			return c.connection("wait_for_async_insert") == ""
		})),
		why:    "rows go to a buffer of ClickHouse (async_insert is true unless set), and whether it answers before or after they are in a table is decided by the server's wait_for_async_insert",
		remedy: "async_insert: false: the receiver hands rows on in large calls already",
	},
	{
		name: "clickhouse_create_schema", effect: Stalls,
		where:  reaching(typeClickHouse).at("create_schema", is("create_schema")),
		why:    "the exporter makes its table when the collector starts (create_schema is true unless set): while ClickHouse is away, the collector does not start",
		remedy: "create_schema: false, and make the table first: config/clickhouse.sql has it",
	},
	{
		name: "clickhouse_retries", effect: Stalls,
		where: reaching(typeClickHouse).at("retry_on_failure::enabled", both(isSynchronous, retries, func(c *configured, _ *flow) bool {
			return !givesUp(c, nil)
		})),
		why:    "the exporter calls no refusal final: it tries a call with an event that the table never takes without end, and events of the same people in other tables wait behind it",
		remedy: "retry_on_failure: {enabled: false}: the receiver tries again by itself, and splits calls until only that event waits",
	},
	{
		name: "eventhub_large_requests", effect: Stalls,
		where: reaching(typeKafka).at("sending_queue", both(isEventHub, isSynchronous, func(c *configured, _ *flow) bool {
			return c.queue() != waited || c.number("sending_queue::num_consumers") != 1
		})),
		why: "Event Hubs closes the connection when a request is larger than 1,046,528 bytes, and the client puts into one request what the calls of several tables" +
			" brought: that is sent again without end",
		remedy: "sending_queue: {enabled: true, wait_for_result: true, num_consumers: 1, block_on_overflow: true}, and the receiver's batch: {max_bytes: 250000}," +
			" as in config/eventhub-out.yaml",
	},
	{
		name: "eventhub_compression", effect: Stalls,
		where: reaching(typeKafka).at("producer::compression", both(isEventHub, func(c *configured, _ *flow) bool {
			return !slices.Contains([]string{"", "none", "gzip"}, c.text("producer::compression"))
		})),
		why:    "Event Hubs takes no compression but gzip, and that in some tiers only: it refuses every message",
		remedy: "producer: {compression: none}",
	},
	{
		name: "elasticsearch_drops", effect: Loses,
		where:  reaching(typeElasticsearch).at("", always),
		why:    "documents that Elasticsearch refuses, for their mapping for instance or after a few tries for its load, are logged and dropped, and the call counts as delivered; no setting of the exporter changes that",
		remedy: "Kafka with a sink connector that has a dead letter topic, or a file and a shipper: docs/backends.md",
	},
	{
		name: "hec_not_indexed", effect: MayLose,
		where:  reaching(typeSplunkHEC).at("", always),
		why:    "Splunk answers when it has queued the events, and the exporter does not ask whether they were indexed: an indexer that fails, or an index that does not exist, loses them",
		remedy: "a file and a Universal Forwarder with useACK, where that matters: docs/backends.md",
	},
	{
		name: "loki_event_time", effect: MayLose,
		where: reaching(typeOTLPHTTP).at("endpoint", both(isLoki, func(_ *configured, f *flow) bool {
			return !slices.ContainsFunc(only(f.passed, []string{typeTransform}), setsReadTime)
		})),
		why: "Loki refuses for good what is more than an hour (half of max_chunk_age) behind the newest line of its stream, or older than a week: rows that arrive" +
			" late, and those of a table that is behind the others, go to the dead letters",
		remedy: "a transform processor with `set(log.time, log.observed_time)`, as in config/loki.yaml; the event's own time is in the event",
	},
}

// isEventHub: Event Hubs has a domain of its own in each of Microsoft's clouds.
func isEventHub(c *configured, _ *flow) bool {
	return strings.Contains(c.text("brokers"), ".servicebus.")
}

// isLoki: OTLP over HTTP to the path that Loki and Grafana Cloud have for it.
func isLoki(c *configured, _ *flow) bool {
	for key, path := range map[string]string{"endpoint": "/otlp", "logs_endpoint": "/otlp/v1/logs"} {
		if u, err := url.Parse(c.text(key)); err == nil && strings.TrimSuffix(u.Path, "/") == path {
			return true
		}
	}
	return false
}

// setsReadTime: a transform processor that gives records the time at which their rows were read.
func setsReadTime(c *configured) bool {
	return readTime.MatchString(c.text("log_statements"))
}

var readTime = regexp.MustCompile(`set\(\s*(log\.)?time(_unix_nano)?\s*,\s*(log\.)?observed_time(_unix_nano)?\s*\)`)

// insertsLater: ClickHouse buffers what the exporter sends.
func insertsLater(c *configured, _ *flow) bool {
	if set := c.connection("async_insert"); set != "" {
		return !isOff(set)
	}
	return c.truth("async_insert")
}

// connection is a setting of ClickHouse's that the exporter passes on; empty: it is not set.
func (c *configured) connection(name string) string {
	if v, ok := c.members("connection_params")[name]; ok {
		return fmt.Sprint(v)
	}
	endpoint, err := url.Parse(c.text("endpoint"))
	if err != nil {
		return ""
	}
	return endpoint.Query().Get(name)
}

func isOff(setting string) bool { return setting == "0" || setting == "false" }

// receiverRetries: without the exporter's own tries nothing comes more often than with them.
func receiverRetries(c *configured, f *flow) bool {
	return c.is(typeClickHouse) && len(f.synchronous(f.reached)) == 1
}

package pipelinecheck

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	// otherStorage is a second storage, for queues.
	otherStorage = `
extensions: {file_storage/queue: {directory: /tmp, fsync: true}}
service: {extensions: [file_storage/cursors, file_storage/queue]}
`
	// secondOTLP adds an exporter beside kafka, with a queue that is as good as a queue can be.
	secondOTLP = `
exporters:
  otlp_grpc:
    endpoint: backend:4317
    sending_queue: {storage: file_storage/queue, block_on_overflow: true, num_consumers: 1}
    retry_on_failure: {max_elapsed_time: 0s}
service: {pipelines: {logs: {exporters: [kafka, otlp_grpc]}}}
`
	toFile = `
exporters: {file: {path: /tmp/x, rotation: {max_megabytes: 1, max_backups: 0}}}
service: {pipelines: {logs: {exporters: [file]}}}
`
)

func kafka(settings string) string { return "exporters: {kafka: {" + settings + "}}" }

func source(settings string) string { return "receivers: {defender: {" + settings + "}}" }

func hub(settings string) string { return "receivers: {kafka: {" + settings + "}}" }

func passes(processor string) string {
	id, _, _ := strings.Cut(processor, ":")
	return "processors: {" + processor + "}\nservice: {pipelines: {logs: {processors: [total_normalize, " + id + "]}}}"
}

// cases are what each rule finds. The configurations before the last one have no finding of the rule; the last brings it.
var cases = []struct {
	rule   string
	layers []string
	path   string
}{
	{"cursor_recreate", []string{toKafka, `extensions: {file_storage/cursors: {recreate: true}}`}, "extensions::file_storage/cursors::recreate"},
	{"cursor_without_fsync", []string{toKafka, `extensions: {file_storage/cursors: {fsync: false}}`}, "extensions::file_storage/cursors::fsync"},
	{"audit_off", []string{toKafka, source(`late_arrival: {audit: {interval: 0s}}`)}, "receivers::defender::late_arrival::audit"},
	{"audit_off", []string{toKafka, source(`late_arrival: {audit: {window: 0s}}`)}, "receivers::defender::late_arrival::audit"},
	{"no_dead_letter", []string{toKafka, source(`dead_letter: {directory: ""}`)}, "receivers::defender::dead_letter::directory"},
	{"marked_before_delivery", []string{fromEventHub, hub(`message_marking: {after: false}`)}, "receivers::kafka::message_marking::after"},
	{"marked_on_error", []string{fromEventHub, hub(`message_marking: {on_error: true}`)}, "receivers::kafka::message_marking::on_error"},
	{
		"marked_on_permanent_error",
		[]string{fromEventHub, hub(`message_marking: {on_permanent_error: true}`)},
		"receivers::kafka::message_marking::on_permanent_error",
	},
	{"error_backoff_off", []string{fromEventHub, hub(`error_backoff: {enabled: false}`)}, "receivers::kafka::error_backoff::enabled"},
	{"error_backoff_without_pause", []string{fromEventHub, hub(`error_backoff: {multiplier: 0}`)}, "receivers::kafka::error_backoff::multiplier"},
	{"initial_offset_latest", []string{fromEventHub, hub(`initial_offset: latest`)}, "receivers::kafka::initial_offset"},

	{"batch", []string{toKafka, passes("batch/x: {}")}, "processors::batch/x"},
	{"logdedup", []string{toKafka, passes("logdedup: {}")}, "processors::logdedup"},
	{"sampling", []string{toKafka, passes("probabilistic_sampler: {sampling_percentage: 15}")}, "processors::probabilistic_sampler"},
	{"filter", []string{toKafka, passes(`filter: {log_conditions: ['body == ""']}`)}, "processors::filter"},
	{"error_mode_propagate", []string{toKafka, passes("transform: {error_mode: propagate}")}, "processors::transform::error_mode"},
	{"unmapped_drop", []string{toKafka, `processors: {total_normalize: {tuid: {unmapped: drop}}}`}, "processors::total_normalize::tuid::unmapped"},
	{"other_records_drop", []string{toKafka, `processors: {total_normalize: {other_records: drop}}`}, "processors::total_normalize::other_records"},
	{"regrouped_before_kafka", []string{toKafka, passes("groupbyattrs: {keys: [host.name]}")}, "processors::groupbyattrs::keys"},

	{
		"nothing_delivers",
		[]string{toKafka, "exporters: {debug: {}, nop: {}}\nservice: {pipelines: {logs: {exporters: [debug, nop]}}}"},
		"service::pipelines::logs::exporters",
	},
	{
		"fan_out",
		[]string{toKafka, otherStorage, secondOTLP, `exporters: {otlp_grpc: {sending_queue: {enabled: false}}}`},
		"exporters::otlp_grpc",
	},
	{
		"derived_refusal",
		[]string{toKafka, `
connectors: {count: {}}
exporters: {otlp_http: {endpoint: "http://metrics:4318", sending_queue: {enabled: false}}}
service: {pipelines: {logs: {exporters: [kafka, count]}, metrics: {receivers: [count], exporters: [otlp_http]}}}`},
		"exporters::otlp_http",
	},

	{"memory_queue", []string{toKafka, kafka(`sending_queue: {enabled: true}`)}, "exporters::kafka::sending_queue"},
	{
		"persistent_queue_alone",
		[]string{toKafka, otherStorage, kafka(`sending_queue: {enabled: true, storage: file_storage/queue}`)},
		"exporters::kafka::sending_queue::storage",
	},
	{"persistent_queue_secondary", []string{toKafka, otherStorage, secondOTLP}, "exporters::otlp_grpc::sending_queue::storage"},
	{
		"queue_without_fsync",
		[]string{toKafka, otherStorage, secondOTLP, `extensions: {file_storage/queue: {fsync: false}}`},
		"extensions::file_storage/queue::fsync",
	},
	{
		"queue_recreate",
		[]string{toKafka, otherStorage, secondOTLP, `extensions: {file_storage/queue: {recreate: true}}`},
		"extensions::file_storage/queue::recreate",
	},
	{
		"queue_with_cursors",
		[]string{toKafka, otherStorage, secondOTLP, `exporters: {otlp_grpc: {sending_queue: {storage: file_storage/cursors}}}`},
		"exporters::otlp_grpc::sending_queue::storage",
	},
	{
		"queue_gives_up",
		[]string{toKafka, otherStorage, secondOTLP, `exporters: {otlp_grpc: {retry_on_failure: {max_elapsed_time: 10m}}}`},
		"exporters::otlp_grpc::retry_on_failure::max_elapsed_time",
	},
	{
		"queue_without_retry",
		[]string{toKafka, otherStorage, secondOTLP, `exporters: {otlp_grpc: {retry_on_failure: {enabled: false}}}`},
		"exporters::otlp_grpc::retry_on_failure::enabled",
	},
	{"retry_gives_up", []string{toKafka, kafka(`retry_on_failure: {max_elapsed_time: 5m}`)}, "exporters::kafka::retry_on_failure::max_elapsed_time"},
	{"retry_off", []string{toKafka, kafka(`retry_on_failure: {enabled: false}`)}, "exporters::kafka::retry_on_failure::enabled"},
	{
		"parallel_queue",
		[]string{toKafka, otherStorage, secondOTLP, `exporters: {otlp_grpc: {sending_queue: {num_consumers: 10}}}`},
		"exporters::otlp_grpc::sending_queue::num_consumers",
	},
	{
		"waited_queue_hangs",
		[]string{toKafka, kafka(`sending_queue: {enabled: true, wait_for_result: true}`)},
		"exporters::kafka::sending_queue::wait_for_result",
	},

	{"required_acks", []string{toKafka, kafka(`producer: {required_acks: 1}`)}, "exporters::kafka::producer::required_acks"},
	{"no_partition_key", []string{toKafka, kafka(`partition_logs_by_resource_attributes: false`)}, "exporters::kafka::partition_logs_by_resource_attributes"},
	{"partitioner_ignores_keys", []string{toKafka, kafka(`record_partitioner: {round_robin: {}}`)}, "exporters::kafka::record_partitioner"},
	{"topic_auto_creation", []string{toKafka, kafka(`producer: {allow_auto_topic_creation: true}`)}, "exporters::kafka::producer::allow_auto_topic_creation"},
	{"file_truncates", []string{toKafka, `
exporters: {file: {path: /tmp/x}}
service: {pipelines: {logs: {exporters: [file]}}}`}, "exporters::file::rotation"},
	{"file_buffers", []string{toKafka, `
exporters: {file: {path: /tmp/x, append: true}}
service: {pipelines: {logs: {exporters: [file]}}}`}, "exporters::file::rotation"},
	{"file_deletes_old", []string{toKafka, toFile, `exporters: {file: {rotation: {max_backups: 4}}}`}, "exporters::file::rotation"},
	{"partial_success", []string{toKafka, otherStorage, secondOTLP}, "exporters::otlp_grpc"},
}

func TestRules(t *testing.T) {
	for _, test := range cases {
		t.Run(test.rule, func(t *testing.T) {
			assert.Equal(t, []string{test.path}, pathsOf(check(t, test.layers...), test.rule))
			assert.Empty(t, pathsOf(check(t, test.layers[:len(test.layers)-1]...), test.rule), "the same without the fault")
		})
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	seen := map[string]bool{"shared_quota": true} // TestSharedQuota
	for _, test := range cases {
		seen[test.rule] = true
	}
	names := map[string]bool{}
	for _, r := range rules {
		assert.True(t, seen[r.name], "rule %s has no case", r.name)
		assert.False(t, names[r.name], "rule %s stands twice", r.name)
		names[r.name] = true
		assert.NotEmpty(t, r.why, r.name)
		assert.NotEmpty(t, r.remedy, r.name)
		assert.True(t, slices.Contains([]Effect{Loses, Disorders, Repeats, Stalls, Notes}, r.effect), r.name)
	}
}

func TestNothingIsFoundInGoodConfigurations(t *testing.T) {
	for name, text := range map[string]string{"to kafka": toKafka, "from event hub": fromEventHub} {
		report := check(t, text)
		assert.Empty(t, report.Findings, name)
		assert.Empty(t, report.Invalid, name)
		assert.Empty(t, report.NotJudged, name)
	}
}

func TestSharedQuota(t *testing.T) {
	second := `
receivers:
  defender/2:
    credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: s3cr3t-value}
    storage: file_storage/cursors
service: {pipelines: {logs: {receivers: [defender, defender/2]}}}`
	assert.Equal(t, []string{"receivers::defender/2::quota", "receivers::defender::quota"}, pathsOf(check(t, toKafka, second), "shared_quota"))
	other := `receivers: {defender/2: {credentials: {client_id: 99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee}}}`
	assert.Empty(t, pathsOf(check(t, toKafka, second, other), "shared_quota"))
}

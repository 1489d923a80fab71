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
extensions: {file_storage/queue: {directory: /var/lib/y, create_directory: true, fsync: true}}
service: {extensions: [file_storage/cursors, file_storage/queue]}
`
	// inDatabase lets several workers share the receiver.
	inDatabase = `
extensions: {postgres_storage: {dsn: "postgres://otelcol@db.example.com/otelcol?sslmode=verify-full"}}
receivers: {defender: {storage: postgres_storage}}
processors: {total_normalize: {storage: postgres_storage}}
service: {extensions: [file_storage/cursors, postgres_storage]}
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
exporters: {file: {path: /var/lib/x/events.ndjson, rotation: {max_megabytes: 1, max_backups: 0}}}
service: {pipelines: {logs: {exporters: [file]}}}
`
)

const (
	// asNDJSON gives the file exporter its encoding.
	asNDJSON = `
extensions: {ndjson_encoding: {appends_to: /var/lib/x/events.ndjson}}
exporters: {file: {encoding: ndjson_encoding}}
service: {extensions: [file_storage/cursors, ndjson_encoding]}
`
	watched = `
extensions: {healthcheckv2: {use_v2: true, http: {endpoint: "127.0.0.1:0", status: {enabled: true, path: /status, include_attributes: true}}}}
service: {extensions: [file_storage/cursors, healthcheckv2]}
`
)

func page(settings string) string {
	return "service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: localhost, port: 8888" + settings + "}}}}]}}}"
}

const toClickHouse = `
exporters:
  clickhouse:
    endpoint: tcp://clickhouse.example:9440?secure=true
    create_schema: false
    async_insert: false
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
service: {pipelines: {logs: {exporters: [clickhouse]}}}
`

const toLoki = `
processors: {transform: {log_statements: ["set(log.time, log.observed_time)"]}}
exporters: {otlp_http: {endpoint: "https://loki.example/otlp", sending_queue: {enabled: false}, retry_on_failure: {max_elapsed_time: 0s}}}
service: {pipelines: {logs: {processors: [total_normalize, transform], exporters: [otlp_http]}}}
`

const toEventHub = `
exporters:
  kafka:
    brokers: ["x.servicebus.windows.net:9093"]
    producer: {compression: none}
    sending_queue: {enabled: true, wait_for_result: true, num_consumers: 1, block_on_overflow: true}
`

func clickHouse(settings string) string { return "exporters: {clickhouse: {" + settings + "}}" }

func cursorsIn(directory string) string {
	return "extensions: {file_storage/cursors: {directory: '" + directory + "'}}"
}

// ofGraph makes events of alerts of Graph alone.
const ofGraph = `
receivers: {defender: {feeds: {alerts_v2: {enabled: true}}, tables: {Alerts: {enabled: false}}}}
processors: {total_normalize: {alerts: graph}}
`

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
	{"cursors_in_memory", []string{toKafka, cursorsIn("/dev/shm/otelcol")}, "extensions::file_storage/cursors::directory"},
	{"cursors_in_memory", []string{toKafka, cursorsIn("/run")}, "extensions::file_storage/cursors::directory"},
	{"cursors_in_memory", []string{toKafka, cursorsIn("/var/lib/../run/x")}, "extensions::file_storage/cursors::directory"},
	{"cursors_temporary", []string{toKafka, cursorsIn("/tmp/otelcol")}, "extensions::file_storage/cursors::directory"},
	{"cursors_temporary", []string{toKafka, cursorsIn(`C:\Users\svc\AppData\Local\Temp\otelcol`)}, "extensions::file_storage/cursors::directory"},
	{"dead_letters_in_memory", []string{toKafka, source(`dead_letter: {directory: /var/run/dl}`)}, "receivers::defender::dead_letter::directory"},
	{"dead_letters_temporary", []string{toKafka, source(`dead_letter: {directory: /var/tmp/dl}`)}, "receivers::defender::dead_letter::directory"},
	{
		"queue_in_memory",
		[]string{toKafka, otherStorage, secondOTLP, `extensions: {file_storage/queue: {directory: /dev/shm}}`},
		"extensions::file_storage/queue::directory",
	},
	{
		"queue_temporary",
		[]string{toKafka, otherStorage, secondOTLP, `extensions: {file_storage/queue: {directory: /tmp}}`},
		"extensions::file_storage/queue::directory",
	},
	{"events_in_memory", []string{toKafka, toFile, `exporters: {file: {path: /dev/shm/events.ndjson}}`}, "exporters::file::path"},
	{
		"line_not_mended",
		[]string{toKafka, toFile, asNDJSON, `extensions: {ndjson_encoding: {appends_to: /var/lib/x/other.ndjson}}`},
		"extensions::ndjson_encoding::appends_to",
	},
	{"line_not_mended", []string{toKafka, toFile, asNDJSON, `extensions: {ndjson_encoding: {appends_to: ""}}`}, "extensions::ndjson_encoding::appends_to"},
	{"one_file_twice", []string{toKafka, toFile, `
exporters: {file/2: {path: /var/lib/x/./events.ndjson, rotation: {max_backups: 0}}, file/3: {path: /var/lib/x/events.ndjson}}
service: {pipelines: {metrics: {receivers: [count], exporters: [file/2]}}}`}, "exporters::file::path"},
	{
		"status_without_reasons",
		[]string{toKafka, watched, `extensions: {healthcheckv2: {http: {status: {include_attributes: false}}}}`},
		"extensions::healthcheckv2::http::status::include_attributes",
	},
	{"health_check_v1", []string{toKafka, watched, `extensions: {healthcheckv2: {use_v2: false}}`}, "extensions::healthcheckv2::use_v2"},
	{"scope_left_out", []string{toKafka, page(`, without_scope_info: false`), page(`, without_scope_info: true`)}, "service::telemetry::metrics::readers"},
	{"scope_left_out", []string{toKafka, page(`, without_scope_info: false`), page(``)}, "service::telemetry::metrics::readers"},
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
	{"feed_audit_off", []string{toKafka, source(`feeds: {alerts_v2: {enabled: true}}`), source(`feeds: {alerts_v2: {audit: {interval: 0s}}}`)}, "receivers::defender::feeds::alerts_v2::audit"},
	{"feed_audit_off", []string{toKafka, source(`feeds: {incidents: {enabled: true, audit: {interval: 0s}}}`)}, "receivers::defender::feeds::incidents::audit"},
	{"feed_beside_events", []string{toKafka, source(`feeds: {alerts_v2: {enabled: true}}`)}, "receivers::defender::feeds::alerts_v2"},
	{"feed_beside_events", []string{toKafka, ofGraph, source(`feeds: {incidents: {enabled: true}}`)}, "receivers::defender::feeds::incidents"},
	{"feed_beside_events", []string{toKafka, source(`feeds: {secure_scores: {enabled: true}}`)}, "receivers::defender::feeds::secure_scores"},
	{"feed_dropped", []string{toKafka, `processors: {total_normalize: {other_records: drop}}`, source(`feeds: {alerts_v2: {enabled: true}}`)}, "receivers::defender::feeds::alerts_v2"},
	{"alerts_without_feed", []string{toKafka, `processors: {total_normalize: {alerts: graph}}`}, "processors::total_normalize::alerts"},
	{"alerts_without_feed", []string{fromEventHub, `processors: {total_normalize: {alerts: graph}}`}, "processors::total_normalize::alerts"},
	{"alerts_read_in_vain", []string{toKafka, ofGraph, source(`tables: {Alerts: {enabled: true}}`)}, "processors::total_normalize::alerts"},
	{"other_records_drop", []string{toKafka, `processors: {total_normalize: {other_records: drop}}`}, "processors::total_normalize::other_records"},
	{
		"siem_other_records_drop",
		[]string{toKafka, passes("defender_siem: {storage: file_storage/cursors, other_records: drop}")},
		"processors::defender_siem::other_records",
	},
	{"siem_without_storage", []string{toKafka, passes("defender_siem/x: {}")}, "processors::defender_siem/x::storage"},
	{
		"siem_repeats",
		[]string{toKafka, passes("defender_siem: {storage: file_storage/cursors, on_update: repeat}")},
		"processors::defender_siem::on_update",
	},
	{
		"rate_without_storage",
		[]string{toKafka, "connectors: {detection_rate: {}}\nservice: {pipelines: {logs: {exporters: [kafka, detection_rate]}, metrics: {receivers: [detection_rate], exporters: [nop]}}}\nexporters: {nop: {}}"},
		"connectors::detection_rate::storage",
	},
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
		"memory_of_one_worker",
		[]string{toKafka, inDatabase, `processors: {total_normalize: {storage: file_storage/cursors}}`},
		"processors::total_normalize::storage",
	},
	{
		"queue_of_one_worker",
		[]string{toKafka, inDatabase, secondOTLP, `extensions: {postgres_storage/queue: {dsn: "postgres://otelcol@db.example.com/queue?sslmode=verify-full"}}
exporters: {otlp_grpc: {sending_queue: {storage: postgres_storage/queue}}}
service: {extensions: [postgres_storage, postgres_storage/queue]}`},
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
exporters: {file: {path: /var/lib/x/events.ndjson}}
service: {pipelines: {logs: {exporters: [file]}}}`}, "exporters::file::rotation"},
	{"file_buffers", []string{toKafka, `
exporters: {file: {path: /var/lib/x/events.ndjson, append: true}}
service: {pipelines: {logs: {exporters: [file]}}}`}, "exporters::file::rotation"},
	{"file_deletes_old", []string{toKafka, toFile, `exporters: {file: {rotation: {max_backups: 4}}}`}, "exporters::file::rotation"},
	{
		"clickhouse_unacknowledged",
		[]string{toKafka, toClickHouse, clickHouse(`async_insert: true, connection_params: {wait_for_async_insert: "0"}`)},
		"exporters::clickhouse::async_insert",
	},
	{
		"clickhouse_unacknowledged",
		[]string{toKafka, toClickHouse, clickHouse(`endpoint: "tcp://host:9000?async_insert=1&wait_for_async_insert=0"`)},
		"exporters::clickhouse::async_insert",
	},
	{"clickhouse_async_insert", []string{toKafka, toClickHouse, clickHouse(`async_insert: true`)}, "exporters::clickhouse::async_insert"},
	{"clickhouse_create_schema", []string{toKafka, toClickHouse, clickHouse(`create_schema: true`)}, "exporters::clickhouse::create_schema"},
	{
		"clickhouse_retries",
		[]string{toKafka, toClickHouse, clickHouse(`retry_on_failure: {enabled: true, max_elapsed_time: 0s}`)},
		"exporters::clickhouse::retry_on_failure::enabled",
	},
	{
		"eventhub_large_requests",
		[]string{toKafka, toEventHub, kafka(`sending_queue: {num_consumers: 2}`)},
		"exporters::kafka::sending_queue",
	},
	{
		"eventhub_large_requests",
		[]string{toKafka, toEventHub, kafka(`sending_queue: {enabled: false}`)},
		"exporters::kafka::sending_queue",
	},
	{"eventhub_compression", []string{toKafka, toEventHub, kafka(`producer: {compression: zstd}`)}, "exporters::kafka::producer::compression"},
	{"elasticsearch_drops", []string{toKafka, "exporters: {elasticsearch: {}}\nservice: {pipelines: {logs: {exporters: [elasticsearch]}}}"}, "exporters::elasticsearch"},
	{"hec_not_indexed", []string{toKafka, "exporters: {splunk_hec/x: {}}\nservice: {pipelines: {logs: {exporters: [splunk_hec/x]}}}"}, "exporters::splunk_hec/x"},
	{"loki_event_time", []string{toKafka, toLoki, `service: {pipelines: {logs: {processors: [total_normalize]}}}`}, "exporters::otlp_http::endpoint"},
	{
		"loki_event_time",
		[]string{toKafka, toLoki, `processors: {transform: {log_statements: ["set(log.attributes[\"x\"], log.observed_time)"]}}`},
		"exporters::otlp_http::endpoint",
	},
	{"partial_success", []string{toKafka, otherStorage, secondOTLP}, "exporters::otlp_grpc"},
}

func TestRules(t *testing.T) {
	sound := map[string]*Report{} // what is found without the fault, which many cases share
	for _, test := range cases {
		t.Run(test.rule, func(t *testing.T) {
			assert.Equal(t, []string{test.path}, pathsOf(check(t, test.layers...), test.rule))
			without := test.layers[:len(test.layers)-1]
			key := strings.Join(without, "\n---\n")
			if sound[key] == nil {
				sound[key] = check(t, without...)
			}
			assert.Empty(t, pathsOf(sound[key], test.rule), "the same without the fault")
		})
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	seen := map[string]bool{
		"shared_quota": true, "quota_of_one_tenant": true, "read_twice": true, // TestQuotaOfOneTenant
		"export_repeats": true, "exported_twice": true, "exported_and_hunted": true, // TestRowsOfTheExportAreFollowed and the like
	}
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
		assert.True(t, slices.Contains([]Effect{Loses, MayLose, Disorders, Repeats, Stalls, Notes}, r.effect), r.name)
	}
}

func TestNothingIsFoundInGoodConfigurations(t *testing.T) {
	for name, text := range map[string][]string{
		"to kafka": {toKafka}, "from event hub": {fromEventHub}, "to ClickHouse": {toKafka, toClickHouse},
		"to ClickHouse, which acknowledges": {toKafka, toClickHouse, clickHouse(`async_insert: true, connection_params: {wait_for_async_insert: "1"}`)},
	} {
		report := check(t, text...)
		assert.Equal(t, Clean, report.Verdict(), name)
		assert.Empty(t, report.Findings, name)
		assert.Empty(t, report.Invalid, name)
		assert.Empty(t, report.NotJudged, name)
	}
}

func TestQuotaOfOneTenant(t *testing.T) {
	second := func(more string) []string {
		return []string{toKafka, `
receivers:
  defender/2:
    credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: s3cr3t-value}
    storage: file_storage/cursors
    dead_letter: {directory: /var/lib/x}
service: {pipelines: {logs: {receivers: [defender, defender/2]}}}`, "receivers: {defender/2: {" + more + "}}"}
	}
	both := []string{"receivers::defender/2::quota", "receivers::defender::quota"}
	tables := []string{"receivers::defender/2::tables", "receivers::defender::tables"}
	others := `tables: {DeviceLogonEvents: {enabled: false}, Alerts: {enabled: false}, DeviceProcessEvents: {enabled: false}, ` +
		`DeviceNetworkEvents: {enabled: false}, DeviceFileEvents: {enabled: false}, DeviceEvents: {enabled: false}, DeviceRegistryEvents: {enabled: false}}`
	for name, test := range map[string]struct {
		more                  string
		shared, apart, tables []string
	}{
		"the same application": {"", both, nil, tables},
		"another one":          {`credentials: {client_id: 99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee}`, nil, both, tables},
		"another endpoint":     {`endpoint: "https://proxy.example.com"`, nil, both, tables},
		"another tenant":       {`credentials: {tenant_id: 99999999-bbbb-4ccc-8ddd-eeeeeeeeeeee}`, nil, nil, nil},
		"other tables":         {others, both, nil, nil},
	} {
		report := check(t, second(test.more)...)
		assert.Equal(t, test.shared, pathsOf(report, "shared_quota"), name)
		assert.Equal(t, test.apart, pathsOf(report, "quota_of_one_tenant"), name)
		assert.Equal(t, test.tables, pathsOf(report, "read_twice"), name)
	}
	for _, f := range check(t, second("")...).Findings {
		if f.Rule == "shared_quota" {
			assert.Contains(t, f.Why, "they share one quota")
		}
	}
}

func TestSamePath(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"/a/b", "/a/./b", true},
		{"/a/b", "/a/c", false},
		{"b", "./b", true},
		{"out/b", "/home/x/out/b", true},
		{"out/b", "/home/x/other/b", false},
		{`C:\a\b`, "c:/a/b", true},
		{"", "/a/b", false},
	} {
		assert.Equal(t, test.same, samePath(test.a, test.b), "%s %s", test.a, test.b)
		assert.Equal(t, test.same, samePath(test.b, test.a), "%s %s", test.b, test.a)
	}
}

// A directory that only sounds like one of those is kept.
func TestDirectoriesThatAreKept(t *testing.T) {
	for _, directory := range []string{"/var/lib/run", "/runner/x", "/data/tmp", "/devices", "out/cursors", "./run", "/var/runtime"} {
		report := check(t, toKafka, cursorsIn(directory))
		assert.Empty(t, report.Findings, directory)
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const schemaFile = "../../config/config.schema.json"

// compiler has the schema as `make generate` has written it.
var compiler = sync.OnceValues(func() (*jsonschema.Compiler, error) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	return compiler, compiler.AddResource("schema.json", document)
})

// compiled is the schema, or the part of it below a pointer.
func compiled(t *testing.T, pointer string) *jsonschema.Schema {
	t.Helper()
	compiler, err := compiler()
	require.NoError(t, err)
	schema, err := compiler.Compile("schema.json#" + pointer)
	require.NoError(t, err)
	return schema
}

// read is a YAML text as a validator sees it.
func read(t *testing.T, text string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(text), &value))
	return plain(value)
}

// plain has dates as the texts that they are in YAML 1.2.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = plain(value[key])
		}
	case []any:
		for i := range value {
			value[i] = plain(value[i])
		}
	case time.Time:
		return value.Format(time.DateOnly)
	}
	return value
}

func TestShippedConfigurationsAreValid(t *testing.T) {
	paths, err := filepath.Glob("../../config/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	schema := compiled(t, "")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(read(t, string(text))), path)
	}
}

// wrong returns the places that the schema finds fault with.
func wrong(t *testing.T, schema *jsonschema.Schema, value any) []string {
	t.Helper()
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	require.ErrorAs(t, err, &invalid)
	places := places(invalid)
	slices.Sort(places)
	return slices.Compact(places)
}

func places(invalid *jsonschema.ValidationError) []string {
	at := strings.Join(invalid.InstanceLocation, "::")
	if extra, ok := invalid.ErrorKind.(*kind.AdditionalProperties); ok {
		var found []string
		for _, key := range extra.Properties {
			found = append(found, strings.TrimPrefix(at+"::"+key, "::"))
		}
		return found
	}
	if len(invalid.Causes) == 0 {
		return []string{at}
	}
	var found []string
	for _, cause := range invalid.Causes {
		found = append(found, places(cause)...)
	}
	return found
}

func TestWrongConfigurations(t *testing.T) {
	schema := compiled(t, "")
	for place, text := range map[string]string{
		// Keys that are none.
		"receiver":                                                                   "receiver: {defender: {}}",
		"receivers::defendr":                                                         "receivers: {defendr: {}}",
		"receivers::defendr/a":                                                       "receivers: {defendr/a: {}}",
		"receivers::defender::pol_interval":                                          "receivers: {defender: {pol_interval: 5m}}",
		"receivers::defender/b::pol_interval":                                        "receivers: {defender/b: {pol_interval: 5m}}",
		"receivers::defender::credentials::id":                                       "receivers: {defender: {credentials: {id: x}}}",
		"receivers::defender::tables::DeviceEvent":                                   "receivers: {defender: {tables: {DeviceEvent: {enabled: true}}}}",
		"receivers::defender::tables::Alerts::enable":                                "receivers: {defender: {tables: {Alerts: {enable: true}}}}",
		"receivers::defender::retry_on_failure::max_intervall":                       "receivers: {defender: {retry_on_failure: {max_intervall: 5m}}}",
		"receivers::otlp::protocols::grcp":                                           "receivers: {otlp: {protocols: {grcp: {}}}}",
		"processors::total_normalize::domain":                                        "processors: {total_normalize: {domain: x}}",
		"processors::total_normalize::accounts::exclude::name":                       "processors: {total_normalize: {accounts: {exclude: {name: [x]}}}}",
		"exporters::kafka::sending_que":                                              "exporters: {kafka: {sending_que: {enabled: false}}}",
		"exporters::kafka::sending_queue::enable":                                    "exporters: {kafka: {sending_queue: {enable: false}}}",
		"exporters::kafka::producer::acks":                                           "exporters: {kafka: {producer: {acks: all}}}",
		"exporters::file::rotation::max_megabyte":                                    "exporters: {file: {rotation: {max_megabyte: 5}}}",
		"exporters::otlp_grpc::tls::insecur":                                         "exporters: {otlp_grpc: {tls: {insecur: true}}}",
		"extensions::file_storage/cursors::dir":                                      "extensions: {file_storage/cursors: {dir: /x}}",
		"extensions::healthcheckv2::http::statuss":                                   "extensions: {healthcheckv2: {http: {statuss: {}}}}",
		"extensions::defender_control::hostss":                                       "extensions: {defender_control: {hostss: [a]}}",
		"extensions::ndjson_encoding::append_to":                                     "extensions: {ndjson_encoding: {append_to: x}}",
		"extensions::defender_streaming_encoding::x":                                 "extensions: {defender_streaming_encoding: {x: 1}}",
		"service::pipeline":                                                          "service: {pipeline: {}}",
		"service::pipelines::log":                                                    "service: {pipelines: {log: {}}}",
		"service::pipelines::logs/a::processor":                                      "service: {pipelines: {logs/a: {processor: []}}}",
		"service::telemetry::log":                                                    "service: {telemetry: {log: {level: info}}}",
		"service::telemetry::metrics::reader":                                        "service: {telemetry: {metrics: {reader: []}}}",
		"service::telemetry::metrics::readers::0::pull::exporter::prometheus::hosts": "service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {hosts: x}}}}]}}}",
		// Values of another type.
		"receivers":                                             "receivers: [defender]",
		"receivers::defender":                                   "receivers: {defender: true}",
		"receivers::defender::endpoint":                         "receivers: {defender: {endpoint: 443}}",
		"receivers::defender::poll_interval":                    "receivers: {defender: {poll_interval: 300}}",
		"receivers::defender::settle":                           "receivers: {defender: {settle: two minutes}}",
		"receivers::defender::backfill::window":                 "receivers: {defender: {backfill: {window: 7 days}}}",
		"receivers::defender::quota::share":                     "receivers: {defender: {quota: {share: half}}}",
		"receivers::defender::page::max_rows":                   "receivers: {defender: {page: {max_rows: 1.5}}}",
		"receivers::defender::human_accounts_only":              "receivers: {defender: {human_accounts_only: yes please}}",
		"receivers::defender::storage":                          "receivers: {defender: {storage: file storage}}",
		"receivers::defender::tables::Alerts":                   "receivers: {defender: {tables: {Alerts: false}}}",
		"receivers::defender::tables::Alerts::columns":          "receivers: {defender: {tables: {Alerts: {columns: {A: true}}}}}",
		"receivers::defender::tables::Alerts::columns::0":       "receivers: {defender: {tables: {Alerts: {columns: [1]}}}}",
		"receivers::defender::credentials::client_secret":       "receivers: {defender: {credentials: {client_secret: 1234}}}",
		"receivers::defender::credentials::managed_identity":    "receivers: {defender: {credentials: {managed_identity: system}}}",
		"processors::total_normalize::directories::max_age":     "processors: {total_normalize: {directories: {max_age: 30}}}",
		"processors::total_normalize::directories::max_entries": "processors: {total_normalize: {directories: {max_entries: many}}}",
		"processors::memory_limiter::check_interval":            "processors: {memory_limiter: {check_interval: 1 s}}",
		"exporters::kafka::timeout":                             "exporters: {kafka: {timeout: 30}}",
		"exporters::otlp_http::timeout":                         "exporters: {otlp_http: {timeout: 1d}}", // days are ours
		"extensions::file_storage::fsync":                       "extensions: {file_storage: {fsync: yes please}}",
		"service::extensions":                                   "service: {extensions: {zpages: true}}",
		// Words that are none of those that are possible.
		"receivers::defender::cloud":                  "receivers: {defender: {cloud: china}}",
		"receivers::defender::api":                    "receivers: {defender: {api: Graph}}",
		"receivers::defender::late_arrival::mode":     "receivers: {defender: {late_arrival: {mode: ingestion-time}}}",
		"receivers::defender::compression":            "receivers: {defender: {compression: zip}}",
		"processors::total_normalize::other_records":  "processors: {total_normalize: {other_records: keep}}",
		"processors::total_normalize::tuid::unmapped": "processors: {total_normalize: {tuid: {unmapped: skip}}}",
		"processors::transform::error_mode":           "processors: {transform: {error_mode: retry}}",
		"exporters::debug::verbosity":                 "exporters: {debug: {verbosity: loud}}",
		"exporters::otlp_http::encoding":              "exporters: {otlp_http: {encoding: yaml}}",
		"service::telemetry::logs::level":             "service: {telemetry: {logs: {level: loud}}}",
		"service::telemetry::metrics::level":          "service: {telemetry: {metrics: {level: loud}}}",
		// Components that the distribution does not have.
		"service::extensions::0":                  "service: {extensions: [file_store]}",
		"service::pipelines::logs::receivers::0":  "service: {pipelines: {logs: {receivers: [defendr/a]}}}",
		"service::pipelines::logs::processors::1": "service: {pipelines: {logs: {processors: [total_normalize, bach]}}}",
		"service::pipelines::logs::exporters::0":  "service: {pipelines: {logs: {exporters: [defender]}}}",
	} {
		assert.Equal(t, []string{place}, wrong(t, schema, read(t, text)), text)
	}
}

func TestRightConfigurations(t *testing.T) {
	schema := compiled(t, "")
	for _, text := range []string{
		"receivers: {defender: {poll_interval: 1d12h30m, backfill: {window: 7d}, settle: 1.5h, timeout: 90s}}",
		"receivers: {defender: {poll_interval: \"${env:INTERVAL:-5m}\", page: {max_rows: \"${env:ROWS}\"}, quota: {share: \"${SHARE}\"}}}",
		"receivers: {defender: {human_accounts_only: \"${env:HUMANS}\", tables: \"${file:tables.yaml}\", cloud: \"${env:CLOUD}\"}}",
		"receivers: {defender: {quota: {share: 1}, tables: {Alerts: , Users: {enabled: true, poll_interval: 0s}}}}",
		"receivers: {defender: {credentials: {expires: 2027-03-01, managed_identity: {}}, storage: file_storage/a b}}",
		"receivers: {defender: {auth: {authenticator: azure}, headers: {X-A: b}, tls: {ca_file: x}}, defender/emea: }",
		"receivers: \"${file:receivers.yaml}\"",
		"receivers: {otlp: {protocols: {grpc: , http: {endpoint: \"0.0.0.0:4318\", cors: {allowed_origins: [a]}}}}}",
		"exporters: {kafka: {brokers: \"${env:KAFKA_BROKERS:-[]}\", tls: {}, retry_on_failure: {max_elapsed_time: 0}}}",
		"exporters: {kafka: {brokers: \"a:1,b:2\", producer: {required_acks: all}}, kafka/b: {producer: {required_acks: 1}}}",
		"exporters: {debug: {verbosity: Detailed}, otlp: {endpoint: x}, otlphttp: {headers: [{name: a, value: b}]}}",
		"exporters: {nop: , otlp_grpc: {sending_queue: {enabled: false}, compression: none}}",
		"processors: {transform: {log_statements: ['set(log.body, 1)', {context: log, statements: ['set(body, 1)']}]}}",
		"service: {telemetry: {logs: {level: INFO}, resource: {service.name: x}, metrics: {level: none}}}",
		"service: {pipelines: {logs/a: {receivers: [defender/emea, forward], processors: , exporters: [\"${env:TO}\", count/x]}}}",
	} {
		assert.Empty(t, wrong(t, schema, read(t, text)), text)
	}
}

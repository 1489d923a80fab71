package pipelinecheck

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// toKafka is a configuration without fault: rows of Defender to Kafka.
const toKafka = `
extensions:
  file_storage/cursors: {directory: /var/lib/x, create_directory: true, fsync: true}
receivers:
  defender:
    credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: s3cr3t-value}
    storage: file_storage/cursors
    dead_letter: {directory: /var/lib/x}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 100}
  total_normalize: {domain_id: d}
exporters:
  kafka:
    logs: {topic: events, encoding: raw}
    partition_logs_by_resource_attributes: true
    producer: {required_acks: all, allow_auto_topic_creation: false}
    sending_queue: {enabled: false}
    retry_on_failure: {max_elapsed_time: 0s}
service:
  extensions: [file_storage/cursors]
  pipelines:
    logs: {receivers: [defender], processors: [memory_limiter, total_normalize], exporters: [kafka]}
`

// fromEventHub is one without fault, too: the Streaming API to Kafka.
const fromEventHub = `
extensions:
  defender_streaming_encoding:
receivers:
  kafka:
    initial_offset: earliest
    logs: {topics: [defender], encoding: defender_streaming_encoding}
    message_marking: {after: true}
    error_backoff: {enabled: true, initial_interval: 1s, max_interval: 30s, multiplier: 1.5, max_elapsed_time: 0s}
processors:
  total_normalize: {domain_id: d}
exporters:
  kafka:
    logs: {topic: events, encoding: raw}
    partition_logs_by_resource_attributes: true
    producer: {required_acks: all, allow_auto_topic_creation: false}
    sending_queue: {enabled: false}
    retry_on_failure: {max_elapsed_time: 0s}
service:
  extensions: [defender_streaming_encoding]
  pipelines:
    logs: {receivers: [kafka], processors: [total_normalize], exporters: [kafka]}
`

// check resolves configurations laid over each other, as several --config do.
func check(t *testing.T, texts ...string) *Report {
	t.Helper()
	report, err := tryCheck(t, texts...)
	require.NoError(t, err)
	return report
}

func tryCheck(t *testing.T, texts ...string) (*Report, error) {
	t.Helper()
	var locations []string
	for _, text := range texts {
		locations = append(locations, "yaml:"+text)
	}
	loaded, err := Load(t.Context(), locations)
	if err != nil {
		return nil, err
	}
	return Check(loaded)
}

// read gives the effective settings of a component.
func read(t *testing.T, s section, typ string, settings map[string]any) *configured {
	t.Helper()
	known, _, err := readBuild()
	require.NoError(t, err)
	r := &reading{build: known, secrets: &secrets{known: map[string]bool{}}}
	return r.readComponent(s, component.MustNewID(typ), confmap.NewFromStringMap(settings), nil)
}

// pathsOf are the places at which a rule found something.
func pathsOf(report *Report, rule string) []string {
	var paths []string
	for _, f := range report.Findings {
		if f.Rule == rule {
			paths = append(paths, f.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

func rulesOf(report *Report) []string {
	var names []string
	for _, f := range report.Findings {
		names = append(names, f.Rule)
	}
	return names
}

package pipelinecheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInvalid(t *testing.T) {
	for name, test := range map[string]struct{ layer, path, message string }{
		"unknown key":           {kafka(`required_acks: all`), "exporters::kafka", "required_acks"},
		"wrong type":            {kafka(`retry_on_failure: {max_elapsed_time: [1]}`), "exporters::kafka", "max_elapsed_time"},
		"refused by Validate":   {`processors: {total_normalize: {domain_id: ""}}`, "processors::total_normalize", "domain_id"},
		"queue both ways":       {kafka(`sending_queue: {enabled: true, wait_for_result: true, storage: file_storage/cursors}`), "exporters::kafka", "wait_for_result"},
		"receiver without key":  {source(`storage: ""`), "receivers::defender", "storage"},
		"storage not listed":    {`service: {extensions: []}`, "receivers::defender::storage", "service::extensions"},
		"storage not there":     {source(`storage: file_storage/none`), "receivers::defender::storage", "file_storage/none"},
		"queue's storage":       {kafka(`sending_queue: {enabled: true, storage: file_storage/none}`), "exporters::kafka::sending_queue::storage", "file_storage/none"},
		"encoding not listed":   {"extensions: {ndjson_encoding: {}}\n" + kafka(`logs: {encoding: ndjson_encoding}`), "exporters::kafka::logs::encoding", "ndjson_encoding"},
		"listed but not there":  {`service: {extensions: [file_storage/cursors, pprof]}`, "service::extensions", "pprof"},
		"processor not there":   {`service: {pipelines: {logs: {processors: [total_normalise]}}}`, "service::pipelines::logs::processors", "total_normalise"},
		"exporter not there":    {`service: {pipelines: {logs: {exporters: [kafka, kafka/2]}}}`, "service::pipelines::logs::exporters", "kafka/2"},
		"no such exporter":      {`exporters: {splunk_hec: {token: x}}`, "exporters::splunk_hec", "this build has no exporter of the type splunk_hec: it has clickhouse, debug, file, kafka, nop, otlp_grpc, otlp_http, prometheus; docs/backends.md says how rows get there"},
		"no such receiver":      {`receivers: {defendr: {}}`, "receivers::defendr", "did you mean defender?"},
		"no such processor":     {`processors: {logdedup: {}}`, "processors::logdedup", "this build has no processor"},
		"no such connector":     {`connectors: {routing: {}}`, "connectors::routing", "this build has no connector of the type routing: it has alert_resolver, count, detection_rate, forward"},
		"no such extension":     {`extensions: {redis_storage: {}}`, "extensions::redis_storage", "this build has no extension"},
		"in another section":    {`exporters: {batch: {}}`, "exporters::batch", "there is one under processors"},
		"a typo in a pipeline":  {`service: {pipelines: {logs: {receivers: [defnder]}}}`, "service::pipelines::logs::receivers", "defnder is not configured under receivers: did you mean defender?"},
		"no name is near":       {`service: {pipelines: {logs: {exporters: [elsewhere]}}}`, "service::pipelines::logs::exporters", "elsewhere is not configured under exporters: there are kafka"},
		"defender in traces":    {`service: {pipelines: {traces: {receivers: [defender], exporters: [kafka]}}}`, "service::pipelines::traces::receivers", "the receiver defender has no traces: it can stand in pipelines of logs and metrics only"},
		"a processor's signal":  {`service: {pipelines: {traces: {receivers: [otlp], processors: [total_normalize], exporters: [kafka]}}}`, "service::pipelines::traces::processors", "total_normalize has no traces"},
		"a connector's signal":  {"connectors: {count: {}}\nservice: {pipelines: {logs: {receivers: [defender, count]}}}", "service::pipelines::logs::receivers", "the connector count has no logs: it can stand in pipelines of metrics only"},
		"without receiver":      {`service: {pipelines: {logs/2: {exporters: [kafka]}}}`, "service::pipelines::logs/2", "it has no receiver"},
		"an empty pipeline":     {`service: {pipelines: {logs/2: }}`, "service::pipelines::logs/2", "it has no exporter"},
		"twice in a pipeline":   {`service: {pipelines: {logs: {exporters: [kafka, kafka]}}}`, "service::pipelines::logs::exporters", "stands there twice"},
		"no storage":            {"extensions: {ndjson_encoding: {}}\n" + source(`storage: ndjson_encoding`), "receivers::defender::storage", "ndjson_encoding is no storage: name one"},
		"telemetry":             {`service: {telemetry: {metrics: {level: x}}}`, "service::telemetry", "level"},
		"another component":     {`extensions: {basicauth: {htpasswd: {fiel: x}}}`, "extensions::basicauth", "fiel"},
		"pipeline without sink": {`service: {pipelines: {logs/2: {receivers: [defender]}}}`, "service::pipelines::logs/2", "exporter"},
	} {
		t.Run(name, func(t *testing.T) {
			report := check(t, toKafka, test.layer)
			var messages []string
			for _, remark := range report.Invalid {
				if remark.Path == test.path {
					messages = append(messages, remark.Message)
				}
			}
			assert.Contains(t, strings.Join(messages, "\n"), test.message, "%v", report.Invalid)
		})
	}
}

// Verdicts: a way to lose rows is one, whatever else there is.
func TestVerdict(t *testing.T) {
	refused := kafka(`required_acks: all`)
	assert.Equal(t, Clean, check(t, toKafka).Verdict())
	assert.Equal(t, Unjudged, check(t, toKafka, refused).Verdict())
	assert.Equal(t, Lossy, check(t, toKafka, source(`dead_letter: {directory: ""}`)).Verdict())
	assert.Equal(t, Lossy, check(t, toKafka, source(`dead_letter: {directory: ""}`), refused).Verdict())
}

func TestUnsetVariablesAreNamed(t *testing.T) {
	t.Setenv("DEFENDERCTL_TEST_SET", "")
	report := check(t, toKafka, `
processors: {total_normalize: {domain_id: "${env:DEFENDERCTL_TEST_UNSET}-${DEFENDERCTL_TEST_BARE}"}}
exporters: {kafka: {brokers: ["${env:DEFENDERCTL_TEST_UNSET}"], client_id: "${env:DEFENDERCTL_TEST_DEFAULT:-x}${env:DEFENDERCTL_TEST_SET}"}}
`)
	assert.Empty(t, report.Invalid)
	want := map[string][]string{}
	for _, remark := range report.Unset {
		_, name, _ := strings.Cut(remark.Message, "variable ")
		name, _, _ = strings.Cut(name, " ")
		want[name] = append(want[name], remark.Path)
	}
	assert.Equal(t, map[string][]string{
		"DEFENDERCTL_TEST_BARE":  {"processors::total_normalize::domain_id"},
		"DEFENDERCTL_TEST_UNSET": {"exporters::kafka::brokers[0]", "processors::total_normalize::domain_id"},
	}, want)
	assert.Equal(t, Unjudged, report.Verdict())
}

func TestUnreadable(t *testing.T) {
	for name, text := range map[string]string{
		"receivers a list": "receivers: [defender]",
		"receiver a text":  "receivers: {defender: x}",
		"service a text":   "service: x",
		"telemetry a text": "service: {telemetry: x}",
		"bad id":           "receivers: {'de/fen/der /': {}}",
		"bad pipeline id":  "service: {pipelines: {rows: {receivers: [defender]}}}",
	} {
		_, err := tryCheck(t, text)
		require.Error(t, err, name)
	}
	_, err := Load(t.Context(), []string{"/does/not/exist.yaml"})
	require.ErrorContains(t, err, "/does/not/exist.yaml")
	_, err = Load(t.Context(), nil)
	require.Error(t, err)
}

// What is said of a file that cannot be read at all names places, keys and variables.
func TestUnreadableSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"receivers: {}\nreceivers: {}":            `line 2: mapping key "receivers" already defined at line 1`,
		"a:\n\tb: 1":                              "line 2: found character that cannot start any token",
		"a: ${nosuch:x}":                          "is not supported for uri",
		"a: *hunter":                              "a value that begins with * is taken for an alias: put it in quotes",
		"a: x${env:DEFENDERCTL-TEST}":             "has invalid name",
		"receivers: {defender: {storage: [}}":     "did not find expected node content",
		"- receivers":                             "cannot be used as a Conf",
		"a: ${file:/does/not/exist/secret.txt} b": "/does/not/exist/secret.txt",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(t.Context(), []string{path})
		assert.ErrorContains(t, err, want, text)
	}
}

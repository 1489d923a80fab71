package pipelinecheck

import (
	"encoding/json"
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

func TestUnreadable(t *testing.T) {
	for name, text := range map[string]string{
		"receivers a list": "receivers: [defender]",
		"service a text":   "service: x",
		"bad id":           "receivers: {'de/fen/der /': {}}",
		"bad pipeline id":  "service: {pipelines: {rows: {receivers: [defender]}}}",
	} {
		conf, err := Load(t.Context(), []string{"yaml:" + text})
		require.NoError(t, err, name)
		_, err = Check(conf)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, ErrNoSource, name)
	}
	_, err := Load(t.Context(), []string{"/does/not/exist.yaml"})
	require.ErrorContains(t, err, "/does/not/exist.yaml")
	_, err = Load(t.Context(), nil)
	require.Error(t, err)
}

// A secret may stand in the wrong place, and the decoder quotes what it does not understand.
func TestSecretsAreNotRepeated(t *testing.T) {
	const secret = "pa55-w0rd-0815"
	t.Setenv("DEFENDERCTL_TEST_SECRET", secret)
	t.Setenv("DEFENDERCTL_TEST_NUMBER", "0815471100")
	for name, layer := range map[string]string{
		"in its place":          source(`credentials: {client_secret: "${env:DEFENDERCTL_TEST_SECRET}"}`),
		"for a duration":        source(`poll_interval: "${env:DEFENDERCTL_TEST_SECRET}"`),
		"a number, for a map":   source(`credentials: "${env:DEFENDERCTL_TEST_NUMBER}"`),
		"in a list":             kafka(`auth: ["${env:DEFENDERCTL_TEST_SECRET}"]`),
		"as an unknown key's":   source(`credentials: {client_secert: "${env:DEFENDERCTL_TEST_SECRET}"}`),
		"for a partitioner":     kafka(`record_partitioner: {sticky_key: {hasher: "${env:DEFENDERCTL_TEST_SECRET}"}}`),
		"for a flag":            kafka(`sending_queue: {enabled: "${env:DEFENDERCTL_TEST_SECRET}"}`),
		"of a pipeline":         `service: {pipelines: {logs: {receivers: {x: "${env:DEFENDERCTL_TEST_SECRET}"}}}}`,
		"for a whole component": `exporters: {kafka: "${env:DEFENDERCTL_TEST_SECRET}"}`,
		"for a section":         `exporters: "${env:DEFENDERCTL_TEST_SECRET}"`,
	} {
		conf, err := Load(t.Context(), []string{"yaml:" + toKafka, "yaml:" + layer})
		require.NoError(t, err, name)
		report, err := Check(conf)
		text, jsonErr := json.Marshal(report)
		require.NoError(t, jsonErr)
		all := string(text)
		if err != nil {
			all += err.Error()
		}
		assert.NotContains(t, all, secret, name)
		assert.NotContains(t, all, "815471100", name)
		assert.NotContains(t, all, "s3cr3t-value", name)
	}
}

func TestSecretsOfAnUnreadableFileAreNotRepeated(t *testing.T) {
	for name, text := range map[string]string{
		"scalar": "pa55-w0rd-0815", "list": "[pa55-w0rd-0815]", "broken": "client_secret: pa55-w0rd-0815: x", "tab": "a:\n\tclient_secret: pa55-w0rd-0815",
		"anchor": "a: *pa55-w0rd-0815",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(t.Context(), []string{path})
		if assert.Error(t, err, name) {
			assert.NotContains(t, err.Error(), "pa55-w0rd", name)
		}
	}
}

package pipelinecheck

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForwardIsFollowed(t *testing.T) {
	report := check(t, toKafka, `
connectors: {forward: {}}
processors: {batch: {}}
service:
  pipelines:
    logs: {exporters: [forward]}
    logs/second: {receivers: [forward], processors: [batch], exporters: [kafka]}
`)
	assert.Equal(t, []string{"batch"}, rulesOf(report))
	assert.Equal(t, []string{"receivers::defender"}, report.Findings[0].Sources)
}

func TestConnectorsInACircleEnd(t *testing.T) {
	report := check(t, toKafka, `
connectors: {forward: {}}
service: {pipelines: {logs: {receivers: [defender, forward], exporters: [forward, kafka]}}}
`)
	assert.Empty(t, report.Findings)
}

// What count makes of rows is not the rows: nothing is lost with it, but its refusal is theirs.
func TestCountIsNoDelivery(t *testing.T) {
	count := `
connectors: {count: {}}
exporters: {otlp_http: {endpoint: "http://metrics:4318"}}
service: {pipelines: {metrics: {receivers: [count], exporters: [otlp_http]}}}
`
	assert.Empty(t, check(t, toKafka, count, `service: {pipelines: {logs: {exporters: [kafka, count]}}}`).Findings)
	assert.Equal(t, []string{"nothing_delivers"}, rulesOf(check(t, toKafka, count, `service: {pipelines: {logs: {exporters: [count]}}}`)))
}

func TestOtherPipelinesAreNotJudged(t *testing.T) {
	report := check(t, toKafka, `
receivers: {otlp: {protocols: {grpc: {}}}, kafka: {logs: {encoding: otlp_proto}}}
processors: {batch: {}}
exporters: {otlp_grpc: {endpoint: "backend:4317"}}
service: {pipelines: {logs/others: {receivers: [otlp, kafka], processors: [batch], exporters: [otlp_grpc]}}}
`)
	assert.Empty(t, report.Findings)
	assert.Empty(t, report.NotJudged)
}

func TestTwoSourcesAreOneFinding(t *testing.T) {
	report := check(t, toKafka, kafka(`sending_queue: {enabled: true, num_consumers: 1}`), `
extensions: {defender_streaming_encoding: {}}
receivers: {kafka: {initial_offset: earliest, logs: {encoding: defender_streaming_encoding}, message_marking: {after: true}, error_backoff: {enabled: true, multiplier: 1.5}}}
service: {extensions: [file_storage/cursors, defender_streaming_encoding], pipelines: {logs: {receivers: [defender, kafka]}}}
`)
	require.Contains(t, rulesOf(report), "memory_queue")
	for _, f := range report.Findings {
		assert.Equal(t, []string{"receivers::defender", "receivers::kafka"}, f.Sources, f.Rule)
	}
}

func TestExportersOfTwoPipelinesFanOut(t *testing.T) {
	report := check(t, toKafka, `
exporters: {file: {path: /tmp/x, rotation: {max_backups: 0}}}
service: {pipelines: {logs/second: {receivers: [defender], exporters: [file]}}}
`)
	assert.Equal(t, []string{"fan_out"}, rulesOf(report))
}

func TestDebugBesideAnotherIsFine(t *testing.T) {
	assert.Empty(t, check(t, toKafka, "exporters: {debug: {sending_queue: {enabled: true}}}\nservice: {pipelines: {logs: {exporters: [debug, kafka]}}}").Findings)
}

func TestDeprecatedNames(t *testing.T) {
	report := check(t, toKafka, "exporters: {otlp: {endpoint: 'x:1'}, otlphttp: {endpoint: 'http://x'}}\nservice: {pipelines: {logs: {exporters: [otlp, otlphttp]}}}")
	assert.Equal(t, []string{"exporters::otlp::sending_queue", "exporters::otlphttp::sending_queue"}, pathsOf(report, "memory_queue"))
	assert.Empty(t, report.NotJudged)
}

func TestWhatHasNoRulesIsNamed(t *testing.T) {
	report := check(t, toKafka, `
extensions: {redis_storage: {endpoint: x}}
receivers: {defender: {storage: redis_storage}}
processors: {redaction: {}}
connectors: {routing: {}}
exporters: {elasticsearch: {sending_queue: {storage: redis_storage}}, prometheus: {endpoint: "x:1"}}
service:
  extensions: [redis_storage]
  pipelines:
    logs: {processors: [redaction], exporters: [elasticsearch, routing, kafka, prometheus]}
`)
	var paths []string
	for _, remark := range report.NotJudged {
		paths = append(paths, remark.Path)
	}
	assert.ElementsMatch(t, []string{
		"processors::redaction", "connectors::routing", "exporters::elasticsearch", "exporters::prometheus", "extensions::redis_storage",
	}, paths)
	assert.Empty(t, report.Findings)
}

func TestNoSource(t *testing.T) {
	for name, text := range map[string]string{
		"none":               "receivers: {otlp: {}}\nexporters: {nop: {}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}",
		"in no pipeline":     "receivers: {defender: {}, otlp: {}}\nexporters: {nop: {}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}",
		"another's encoding": "receivers: {kafka: {logs: {encoding: otlp_json}}}\nexporters: {nop: {}}\nservice: {pipelines: {logs: {receivers: [kafka], exporters: [nop]}}}",
		"nothing at all":     "{}",
	} {
		conf, err := Load(t.Context(), []string{"yaml:" + text})
		require.NoError(t, err)
		_, err = Check(conf)
		assert.ErrorIs(t, err, ErrNoSource, name)
	}
}

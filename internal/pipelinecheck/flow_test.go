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

// What the build has and no rule speaks of is named as not judged; what it lacks is refused.
func TestWhatHasNoRulesIsNamed(t *testing.T) {
	report := check(t, toKafka, `
exporters: {prometheus: {endpoint: "x:1"}}
service: {pipelines: {logs: {exporters: [kafka, prometheus]}}}
`)
	require.Len(t, report.NotJudged, 1)
	assert.Equal(t, "exporters::prometheus", report.NotJudged[0].Path)
	assert.Empty(t, report.Findings)
	assert.Equal(t, Unjudged, report.Verdict())
}

func TestNoSource(t *testing.T) {
	for name, test := range map[string]struct{ text, why string }{
		"none":               {"receivers: {otlp: {}}\nexporters: {nop: {}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}", "there is no `defender` receiver"},
		"in no pipeline":     {"receivers: {defender: {}, otlp: {}}\nexporters: {nop: {}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}", "receivers::defender stands in no logs pipeline"},
		"in traces":          {"receivers: {defender: {}}\nexporters: {nop: {}}\nservice: {pipelines: {traces: {receivers: [defender], exporters: [nop]}}}", "receivers::defender stands in no logs pipeline"},
		"another's encoding": {"receivers: {kafka: {logs: {encoding: otlp_json}}}\nexporters: {nop: {}}\nservice: {pipelines: {logs: {receivers: [kafka], exporters: [nop]}}}", "there is no `defender` receiver"},
		"nothing at all":     {"{}", "there is no `defender` receiver"},
	} {
		report := check(t, test.text)
		assert.Contains(t, report.NoSource, test.why, name)
		assert.Empty(t, report.Sources, name)
		assert.Equal(t, Unjudged, report.Verdict(), name)
	}
	assert.Empty(t, check(t, toKafka).NoSource)
}

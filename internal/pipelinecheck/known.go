package pipelinecheck

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/distribution"
)

// section is a top-level key of the configuration.
type section string

const (
	receivers  section = "receivers"
	processors section = "processors"
	exporters  section = "exporters"
	connectors section = "connectors"
	extensions section = "extensions"
)

var sections = []section{receivers, processors, exporters, connectors, extensions}

// one is the name of a single component of the section.
func (s section) one() string { return strings.TrimSuffix(string(s), "s") }

// The types that the rules speak of.
const (
	typeDefender       = "defender"
	typeDefenderBlobs  = "defender_storage"
	typeKafka          = "kafka"
	typeOTLPGRPC       = "otlp_grpc"
	typeOTLPHTTP       = "otlp_http"
	typeFile           = "file"
	typeClickHouse     = "clickhouse"
	typeElasticsearch  = "elasticsearch" // in builds of one's own
	typeSplunkHEC      = "splunk_hec"    // the same
	typeDebug          = "debug"
	typeNop            = "nop"
	typeTotalNormalize = "total_normalize"
	typeDefenderSIEM   = "defender_siem"
	typeDetectionRate  = "detection_rate"
	typeAlertResolver  = "alert_resolver"
	typeFilter         = "filter"
	typeTransform      = "transform"
	typeGroupByAttrs   = "groupbyattrs"
	typeForward        = "forward"
	typeFileStorage    = "file_storage"
	// What it stores is on disk when it says so, unless the database is told otherwise (synchronous_commit).
	typePostgresStorage = "postgres_storage"
	typeStreaming       = "defender_streaming_encoding"
	typeNDJSON          = "ndjson_encoding"
	typeHealth          = "healthcheckv2"
)

// build is the distribution: which components there are.
type build map[section]map[component.Type]component.Factory

var components = sync.OnceValues(distribution.Components)

func readBuild() (build, otelcol.Factories, error) {
	factories, err := components()
	if err != nil {
		return nil, factories, fmt.Errorf("list the components of this build: %w", err)
	}
	return build{
		receivers: general(factories.Receivers), processors: general(factories.Processors), exporters: general(factories.Exporters),
		connectors: general(factories.Connectors), extensions: general(factories.Extensions),
	}, factories, nil
}

func general[F component.Factory](factories map[component.Type]F) map[component.Type]component.Factory {
	all := make(map[component.Type]component.Factory, len(factories))
	for typ, f := range factories {
		all[typ] = f
	}
	return all
}

// types are the names of the components of a section, without those that are deprecated.
func (b build) types(s section) []string {
	var names []string
	for typ, f := range b[s] {
		if typ == f.Type() {
			names = append(names, typ.String())
		}
	}
	slices.Sort(names)
	return names
}

// lacks says that there is no component of a type.
func (b build) lacks(s section, typ string) string {
	names := b.types(s)
	message := fmt.Sprintf("this build has no %s of the type %s", s.one(), typ)
	if near := nearest(typ, names); near != "" {
		message += fmt.Sprintf(" (did you mean %s?)", near)
	}
	elsewhere := slices.IndexFunc(sections, func(other section) bool { return other != s && slices.Contains(b.types(other), typ) })
	if elsewhere >= 0 {
		message += fmt.Sprintf("; there is one under %s", sections[elsewhere])
	}
	message += ": it has " + strings.Join(names, ", ")
	if s == exporters && slices.Contains(otherBuilds, typ) {
		message += "; docs/backends.md says how rows get there"
	}
	return message
}

// side is where a component stands in a pipeline.
type side uint8

const (
	gives side = iota // under receivers
	takes             // under exporters
)

// supports reports whether a component can stand in pipelines of a signal.
func supports(f component.Factory, at side, signal pipeline.Signal) bool {
	var traces, metrics, logs component.StabilityLevel
	switch f := f.(type) {
	case receiver.Factory:
		traces, metrics, logs = f.TracesStability(), f.MetricsStability(), f.LogsStability()
	case processor.Factory:
		traces, metrics, logs = f.TracesStability(), f.MetricsStability(), f.LogsStability()
	case exporter.Factory:
		traces, metrics, logs = f.TracesStability(), f.MetricsStability(), f.LogsStability()
	case connector.Factory:
		if at == takes {
			traces = max(f.TracesToTracesStability(), f.TracesToMetricsStability(), f.TracesToLogsStability())
			metrics = max(f.MetricsToTracesStability(), f.MetricsToMetricsStability(), f.MetricsToLogsStability())
			logs = max(f.LogsToTracesStability(), f.LogsToMetricsStability(), f.LogsToLogsStability())
			break
		}
		traces = max(f.TracesToTracesStability(), f.MetricsToTracesStability(), f.LogsToTracesStability())
		metrics = max(f.TracesToMetricsStability(), f.MetricsToMetricsStability(), f.LogsToMetricsStability())
		logs = max(f.TracesToLogsStability(), f.MetricsToLogsStability(), f.LogsToLogsStability())
	}
	level, ok := map[pipeline.Signal]component.StabilityLevel{
		pipeline.SignalTraces: traces, pipeline.SignalMetrics: metrics, pipeline.SignalLogs: logs,
	}[signal]
	return !ok || level != component.StabilityLevelUndefined
}

// signals are those that a component supports, in words.
func signals(f component.Factory, at side) string {
	var names []string
	for _, signal := range []pipeline.Signal{pipeline.SignalLogs, pipeline.SignalMetrics, pipeline.SignalTraces} {
		if supports(f, at, signal) {
			names = append(names, signal.String())
		}
	}
	return strings.Join(names, " and ")
}

// judged are the components of which it is known what they do to rows: those that a rule names, and those that take each
// row, change it at most, and hand it on within the call.
var judged = map[section][]string{
	receivers:  {typeDefender, typeDefenderBlobs, typeKafka},
	processors: {typeTotalNormalize, typeDefenderSIEM, typeFilter, typeTransform, typeGroupByAttrs, "batch", "memory_limiter", "resource", "attributes"},
	exporters:  {typeKafka, typeOTLPGRPC, typeOTLPHTTP, typeFile, typeClickHouse, typeDebug, typeNop},
	connectors: {typeForward, typeDetectionRate, typeAlertResolver, "count"},
	extensions: {typeFileStorage, typePostgresStorage, typeStreaming, typeNDJSON},
}

// otherBuilds are exporters that this build lacks, and whose backends are reached in other ways.
var otherBuilds = []string{typeElasticsearch, typeSplunkHEC, "opensearch", "awss3", "loki"}

// nearest is the name that a text is most likely a misspelling of; empty if there is none.
func nearest(text string, names []string) string {
	best, least := "", 1+len(text)/3
	for _, name := range names {
		if d := distance(strings.ToLower(text), strings.ToLower(name)); d < least || d == least && best == "" {
			best, least = name, d
		}
	}
	return best
}

// distance is the number of characters to insert, delete or replace to make one text of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

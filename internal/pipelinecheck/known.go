package pipelinecheck

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/kafkaexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/groupbyattrsprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kafkareceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/exporter/nopexporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"

	"github.com/otelcol-defender/otelcol-defender/extension/defenderstreamingencodingextension"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver"
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

// The types that the rules speak of.
const (
	typeDefender       = "defender"
	typeKafka          = "kafka"
	typeOTLPGRPC       = "otlp_grpc"
	typeOTLPHTTP       = "otlp_http"
	typeFile           = "file"
	typeDebug          = "debug"
	typeNop            = "nop"
	typeTotalNormalize = "total_normalize"
	typeFilter         = "filter"
	typeTransform      = "transform"
	typeGroupByAttrs   = "groupbyattrs"
	typeForward        = "forward"
	typeFileStorage    = "file_storage"
	typeStreaming      = "defender_streaming_encoding"
)

type factory interface {
	Type() component.Type
	CreateDefaultConfig() component.Config
}

// decoded are the components whose settings the rules read.
var decoded = map[section][]factory{
	receivers: {defenderreceiver.NewFactory(), kafkareceiver.NewFactory()},
	processors: {
		totalnormalizeprocessor.NewFactory(), filterprocessor.NewFactory(), transformprocessor.NewFactory(),
		groupbyattrsprocessor.NewFactory(),
	},
	exporters: {
		kafkaexporter.NewFactory(), otlpexporter.NewFactory(), otlphttpexporter.NewFactory(), fileexporter.NewFactory(),
		debugexporter.NewFactory(), nopexporter.NewFactory(),
	},
	extensions: {filestorage.NewFactory(), defenderstreamingencodingextension.NewFactory()},
}

// judgedByType are the components of which the type alone says what they do to rows: those that a rule names, and those
// that take each row, change it at most, and hand it on within the call.
var judgedByType = map[section][]string{
	processors: {
		"batch", "logdedup", "probabilistic_sampler", // rules
		"memory_limiter", "resource", "attributes",
	},
	connectors: {typeForward, "count"},
}

// deprecatedNames are types that the collector still takes for another.
var deprecatedNames = map[section]map[string]string{
	exporters: {"otlp": typeOTLPGRPC, "otlphttp": typeOTLPHTTP},
}

func factoryOf(s section, typ string) factory {
	for _, f := range decoded[s] {
		if f.Type().String() == typ {
			return f
		}
	}
	return nil
}

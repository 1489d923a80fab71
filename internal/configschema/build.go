package configschema

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
)

// Build is the schema of whole configurations, as JSON.
func Build(factories otelcol.Factories, source Source) ([]byte, error) {
	b := &builder{source: source, definitions: node{}}
	sections := node{
		"receivers":  section(b, "receivers", "What takes data in, by component id: `type` or `type/name`.", factories.Receivers),
		"processors": section(b, "processors", "What changes data on its way, by component id.", factories.Processors),
		"exporters":  section(b, "exporters", "What sends data on, by component id.", factories.Exporters),
		"connectors": section(b, "connectors", "What joins pipelines, an exporter of one and a receiver of the other, by component id.", factories.Connectors),
		"extensions": section(b, "extensions", "What serves the components and watches them, by component id.", factories.Extensions),
		"service":    b.service(factories),
	}
	root := object(sections)
	root["$schema"] = dialect
	root["title"] = "Configuration of otelcol-defender"
	root["definitions"] = b.definitions
	share(root)
	return encoded(root)
}

// builder makes schemas and collects the definitions.
type builder struct {
	source      Source
	definitions node
}

// section is the schema of the components of a kind. Each may stand there several times, with names.
func section[F component.Factory](b *builder, kind, description string, factories map[component.Type]F) node {
	plain, named := node{}, node{}
	for _, typ := range typesOf(factories) {
		factory := factories[component.MustNewType(typ)]
		name := kind + "." + typ
		b.definitions[name] = b.component(factory.CreateDefaultConfig())
		plain[typ] = reference(name)
		named["^"+typ+"/.+$"] = reference(name)
		if current := factory.Type().String(); current != typ {
			plain[typ].(node)["deprecationMessage"] = "The name of this component is " + current + " now."
		}
	}
	schema := object(plain)
	schema["patternProperties"] = named
	schema["description"] = description
	return schema
}

// component is the schema of a component's settings.
func (b *builder) component(config component.Config) node {
	value := reflect.ValueOf(config)
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	w := walker{source: b.source, strict: reportsWhatIsWritten(value.Type()), inside: map[reflect.Type]bool{}}
	schema := w.shape(value)
	delete(schema, goType)
	if text := b.source.Component(value.Type()); text != "" {
		schema["description"] = text
	} else if text := about(b.source.Type(value.Type()), value.Type().Name()); text != "" {
		schema["description"] = text
	}
	return schema
}

func (b *builder) service(factories otelcol.Factories) node {
	receivers := append(typesOf(factories.Receivers), typesOf(factories.Connectors)...)
	exporters := append(typesOf(factories.Exporters), typesOf(factories.Connectors)...)
	pipeline := object(node{
		"receivers":  ids(receivers, "Where the pipeline's data comes from: receivers, and connectors that other pipelines end in."),
		"processors": ids(typesOf(factories.Processors), "What the data passes, in this order."),
		"exporters":  ids(exporters, "Where the data goes: exporters, and connectors that other pipelines begin with. Each gets all data."),
	})
	b.definitions["pipeline"] = pipeline
	plain := node{}
	for _, signal := range signals {
		plain[signal] = reference("pipeline")
	}
	pipelines := object(plain)
	pipelines["patternProperties"] = node{"^(" + strings.Join(signals, "|") + ")/.+$": reference("pipeline")}
	pipelines["description"] = "The ways of the data, each by its signal, as `logs` or `logs/name`."
	b.definitions["telemetry"] = b.component(factories.Telemetry.CreateDefaultConfig())
	b.definitions["telemetry"].(node)["description"] = "The collector's own logs, metrics and traces."
	service := object(node{
		"extensions": ids(typesOf(factories.Extensions), "The extensions that are started. One that is not named here is not."),
		"pipelines":  pipelines,
		"telemetry":  reference("telemetry"),
	})
	service["description"] = "Which of the components above are started, and how they are joined."
	return service
}

var signals = []string{"logs", "metrics", "traces", "profiles"}

// ids is the schema of a list of component ids.
func ids(types []string, description string) node {
	slices.Sort(types)
	quoted := make([]string, len(types))
	for i, typ := range types {
		quoted[i] = regexp.QuoteMeta(typ)
	}
	schema := list(node{"type": "string", "pattern": "^(" + strings.Join(quoted, "|") + ")(/.+)?$|" + anyReference})
	schema["description"] = description
	return schema
}

func typesOf[F component.Factory](factories map[component.Type]F) []string {
	names := make([]string, 0, len(factories))
	for typ := range maps.Keys(factories) {
		names = append(names, typ.String())
	}
	slices.Sort(names)
	return names
}

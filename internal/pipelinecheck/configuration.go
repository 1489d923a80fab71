package pipelinecheck

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/service/telemetry"
)

// configuration is all that Check needs to know of a configuration.
type configuration struct {
	build      build
	components map[section]map[component.ID]*configured
	pipelines  map[pipeline.ID]*pipelineConfig
	enabled    []component.ID // service::extensions
	telemetry  *confmap.Conf  // effective settings of service::telemetry
	refused    []Remark       // what the collector would refuse under service
}

// Check says what a configuration does to Defender's rows. Its error is about configurations that cannot be read at all.
func Check(loaded *Loaded) (*Report, error) {
	c, err := readConfiguration(loaded)
	if err != nil {
		return nil, err
	}
	report := &Report{
		Sources: []string{}, Findings: []Finding{}, Invalid: c.invalid(), NotJudged: []Remark{}, Unset: unset(loaded),
	}
	flows := c.flows()
	if len(flows) == 0 {
		report.NoSource = c.noSource()
	}
	for _, f := range flows {
		source := f.source.path()
		report.Sources = append(report.Sources, source)
		for i := range rules {
			for _, path := range rules[i].where(f) {
				report.add(&rules[i], path, source)
			}
		}
		for _, remark := range f.notJudged() {
			if !slices.Contains(report.NotJudged, remark) {
				report.NotJudged = append(report.NotJudged, remark)
			}
		}
	}
	order := []Severity{Error, Warning, Info}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	})
	return report, nil
}

// noSource says why there are no rows to follow.
func (c *configuration) noSource() string {
	var configured []string
	for _, id := range sorted(c.components[receivers]) {
		if source := c.components[receivers][id]; c.isSource(source) {
			configured = append(configured, source.path())
		}
	}
	if len(configured) > 0 {
		return "no rows can be followed: " + strings.Join(configured, ", ") + " stands in no logs pipeline; list it under receivers of one"
	}
	return "no rows can be followed: there is no `defender` receiver, nor a `kafka` receiver whose logs::encoding is a" +
		" `defender_streaming_encoding` extension"
}

// reading is what is needed while a configuration is read.
type reading struct {
	build   build
	secrets *secrets
}

func readConfiguration(loaded *Loaded) (*configuration, error) {
	known, factories, err := readBuild()
	if err != nil {
		return nil, err
	}
	c := &configuration{build: known, components: map[section]map[component.ID]*configured{}}
	r := &reading{build: known, secrets: &secrets{known: map[string]bool{}}}
	for _, value := range loaded.secrets {
		r.secrets.learn(value)
	}
	// Before anything is decoded, for a secret of one component can stand in another.
	for _, s := range sections {
		err := each(loaded, s, func(id component.ID, raw *confmap.Conf, template any) {
			if f := known[s][id.Type()]; f != nil {
				r.secrets.find(raw.ToStringMap(), template, reflect.TypeOf(f.CreateDefaultConfig()))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, s := range sections {
		c.components[s] = map[component.ID]*configured{}
		err := each(loaded, s, func(id component.ID, raw *confmap.Conf, template any) {
			found := r.readComponent(s, id, raw, template)
			c.components[s][found.id] = found
		})
		if err != nil {
			return nil, err
		}
	}
	return c, r.readService(loaded, c, factories.Telemetry)
}

// each goes through the components of a section.
func each(loaded *Loaded, s section, do func(id component.ID, raw *confmap.Conf, template any)) error {
	written, err := loaded.Conf.Sub(string(s))
	if err != nil || fromSecret(loaded.template.Get(string(s))) {
		return fmt.Errorf("read %s: it is not a map of components", s)
	}
	for name := range written.ToStringMap() {
		var id component.ID
		if err := id.UnmarshalText([]byte(name)); err != nil {
			return fmt.Errorf("read %s::%s: it is no component's name: a type of letters, digits and _, or type/name", s, shown(name))
		}
		template := loaded.template.Get(string(s) + "::" + name)
		raw, err := written.Sub(name)
		if err != nil || fromSecret(template) {
			return fmt.Errorf("read %s::%s: it is not a map of settings", s, shown(name))
		}
		do(id, raw, template)
	}
	return nil
}

// service is what is read of the section of this name, beside the telemetry.
type service struct {
	Extensions []component.ID                  `mapstructure:"extensions"`
	Pipelines  map[pipeline.ID]*pipelineConfig `mapstructure:"pipelines"`
}

// pipelineConfig is the collector's, but for its validation: what is wrong with a pipeline is named beside all else.
type pipelineConfig struct {
	Receivers  []component.ID `mapstructure:"receivers"`
	Processors []component.ID `mapstructure:"processors"`
	Exporters  []component.ID `mapstructure:"exporters"`
}

func (r *reading) readService(loaded *Loaded, c *configuration, telemetryFactory telemetry.Factory) error {
	raw, err := loaded.Conf.Sub("service")
	if err != nil || fromSecret(loaded.template.Get("service")) {
		return errors.New("read service: it is not a map of settings")
	}
	rawTelemetry, err := raw.Sub("telemetry")
	if err != nil {
		return errors.New("read service::telemetry: it is not a map of settings")
	}
	raw.Delete("telemetry")
	decoded, refused := r.decode(raw, loaded.template.Get("service"), func() component.Config { return &service{} })
	wanted, ok := decoded.(*service)
	if len(refused) > 0 || !ok {
		return fmt.Errorf("read service: %s", strings.Join(refused, "; "))
	}
	c.pipelines, c.enabled = map[pipeline.ID]*pipelineConfig{}, r.ids(wanted.Extensions)
	for id, p := range wanted.Pipelines {
		c.pipelines[r.pipelineID(id)] = &pipelineConfig{
			Receivers: r.ids(p.Receivers), Processors: r.ids(p.Processors), Exporters: r.ids(p.Exporters),
		}
	}
	_, refused = r.decode(rawTelemetry, loaded.template.Get("service::telemetry"), telemetryFactory.CreateDefaultConfig)
	for _, message := range refused {
		c.refused = append(c.refused, Remark{Path: "service::telemetry", Message: message})
	}
	c.telemetry = rawTelemetry
	return nil
}

// shown is a name of which nothing is known, as it may be shown.
func shown(name string) string {
	if looksRandom(name) {
		return redactedPart
	}
	return withoutSecretParts(name)
}

// id hides a name that holds a secret.
func (r *reading) id(id component.ID) component.ID {
	typ := id.Type()
	if masked, err := component.NewType(r.secrets.name(typ.String())); err == nil {
		typ = masked
	}
	return component.NewIDWithName(typ, r.secrets.name(id.Name()))
}

func (r *reading) ids(all []component.ID) []component.ID {
	out := make([]component.ID, len(all))
	for i, id := range all {
		out[i] = r.id(id)
	}
	return out
}

func (r *reading) pipelineID(id pipeline.ID) pipeline.ID {
	return pipeline.NewIDWithName(id.Signal(), r.secrets.name(id.Name()))
}

// sorted are the keys in the order of their names: a report reads the same each time.
func sorted[K interface {
	comparable
	fmt.Stringer
}, V any](m map[K]V) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int {
		switch x, y := a.String(), b.String(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

package pipelinecheck

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/service/pipelines"
)

// configuration is all that Check needs to know of a configuration.
type configuration struct {
	components map[section]map[component.ID]*configured
	pipelines  map[pipeline.ID]*pipelines.PipelineConfig
	enabled    []component.ID // service::extensions
}

// ErrNoSource says that there is nothing to follow.
var ErrNoSource = errors.New("no logs pipeline has a `defender` receiver, nor a `kafka` receiver whose logs::encoding is a" +
	" `defender_streaming_encoding` extension: there are no rows to follow")

// Check says what a configuration does to Defender's rows. Its error is about configurations that cannot be read at all,
// or that have no source of rows.
func Check(conf *confmap.Conf) (*Report, error) {
	c, err := readConfiguration(conf)
	if err != nil {
		return nil, err
	}
	flows := c.flows()
	if len(flows) == 0 {
		return nil, ErrNoSource
	}
	report := &Report{Findings: []Finding{}, Invalid: c.invalid(), NotJudged: []Remark{}}
	for _, f := range flows {
		source := f.source.path()
		report.Sources = append(report.Sources, source)
		for i := range rules {
			for _, path := range rules[i].where(f) {
				report.add(&rules[i], path, source)
			}
		}
		for _, unknown := range f.notJudged() {
			if !slices.Contains(report.NotJudged, unknown) {
				report.NotJudged = append(report.NotJudged, unknown)
			}
		}
	}
	order := []Severity{Error, Warning, Info}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	})
	return report, nil
}

func readConfiguration(conf *confmap.Conf) (*configuration, error) {
	c := &configuration{components: map[section]map[component.ID]*configured{}}
	for _, s := range []section{receivers, processors, exporters, connectors, extensions} {
		c.components[s] = map[component.ID]*configured{}
		written, err := conf.Sub(string(s))
		if err != nil {
			return nil, fmt.Errorf("read %s: it is not a map of components", s)
		}
		for name := range written.ToStringMap() {
			var id component.ID
			if err := id.UnmarshalText([]byte(name)); err != nil {
				return nil, fmt.Errorf("read %s::%s: %w", s, name, err)
			}
			raw, err := written.Sub(name)
			if err != nil {
				return nil, fmt.Errorf("read %s::%s: it is not a map of settings", s, name)
			}
			c.components[s][id] = readComponent(s, id, raw)
		}
	}
	service, err := conf.Sub("service")
	if err != nil {
		return nil, errors.New("read service: it is not a map of settings")
	}
	var wanted struct {
		Extensions []component.ID                            `mapstructure:"extensions"`
		Pipelines  map[pipeline.ID]*pipelines.PipelineConfig `mapstructure:"pipelines"`
	}
	// What else stands under service is about the collector's own telemetry.
	if err := service.Unmarshal(&wanted, confmap.WithIgnoreUnused()); err != nil {
		return nil, fmt.Errorf("read service: %w", redacted(err, service.ToStringMap()))
	}
	c.pipelines, c.enabled = wanted.Pipelines, wanted.Extensions
	for id, p := range c.pipelines {
		if p == nil {
			return nil, fmt.Errorf("read service::pipelines::%s: it is empty", id)
		}
	}
	return c, nil
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

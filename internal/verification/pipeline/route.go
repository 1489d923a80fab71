package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/kafka/configkafka"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pipeline"
)

// Choice says which of a configuration's routes is wanted.
type Choice struct {
	// Receiver is the id of a defender receiver; empty: the only one.
	Receiver string
	// Pipeline is the name of the pipeline with the exporter, e.g. logs/kafka; empty: the only one.
	Pipeline string
	// Exporter is the type of the exporter: file or kafka.
	Exporter string
	// Topic is the topic that a kafka exporter writes to.
	Topic string
}

// Route is the way of rows from a receiver to an exporter.
type Route struct {
	Receiver component.ID
	// Processors are those that rows pass, in order.
	Processors []component.ID
	// Exporter is where events end; the zero value: no exporter of the wanted kind is configured.
	Exporter component.ID
	pipeline pipeline.ID
}

const (
	typeReceiver  = "defender"
	typeExport    = "defender_storage"
	typeNormalize = "total_normalize"
	typeForward   = "forward"
	typeKafka     = "kafka"
)

// ErrChoice is the error of a configuration with more than one route, or none.
var ErrChoice = errors.New("it is not clear which pipeline's events are to be compared")

// services is what is read of the section `service`.
type services struct {
	Pipelines map[pipeline.ID]struct {
		Receivers  []component.ID `mapstructure:"receivers"`
		Processors []component.ID `mapstructure:"processors"`
		Exporters  []component.ID `mapstructure:"exporters"`
	} `mapstructure:"pipelines"`
}

// Find finds the one route that is wanted.
func Find(conf *confmap.Conf, choice Choice) (Route, error) {
	section, err := conf.Sub("service")
	if err != nil {
		return Route{}, errors.New("read service: it is not a map of settings")
	}
	var service services
	if err := section.Unmarshal(&service, confmap.WithIgnoreUnused()); err != nil {
		return Route{}, errors.New("read service::pipelines: `defenderctl check` says what is wrong with it")
	}
	f := &finder{conf: conf, service: service, choice: choice}
	for id := range service.Pipelines {
		for _, receiver := range service.Pipelines[id].Receivers {
			if id.Signal() != pipeline.SignalLogs || choice.Receiver != "" && choice.Receiver != receiver.String() {
				continue
			}
			switch receiver.Type().String() {
			case typeReceiver:
				f.follow(Route{Receiver: receiver, pipeline: id}, nil)
			case typeExport:
				f.exports = append(f.exports, receiver.String())
			}
		}
	}
	return f.only()
}

// finder follows pipelines.
type finder struct {
	conf    *confmap.Conf
	service services
	choice  Choice
	// exact end at an exporter that writes what is compared, kind at one of its kind, and others at any other.
	exact, kind, others []Route
	exports             []string // receivers of the storage export, whose blobs are not read again
}

// follow walks from the beginning of a pipeline to its exporters. passed are the pipelines before it.
func (f *finder) follow(r Route, passed []pipeline.ID) {
	if slices.Contains(passed, r.pipeline) {
		return
	}
	passed = append(slices.Clone(passed), r.pipeline)
	p := f.service.Pipelines[r.pipeline]
	r.Processors = slices.Concat(r.Processors, p.Processors)
	for _, id := range p.Exporters {
		if f.conf.IsSet("connectors::" + id.String()) {
			for next := range f.service.Pipelines {
				if id.Type().String() == typeForward && slices.Contains(f.service.Pipelines[next].Receivers, id) {
					f.follow(Route{Receiver: r.Receiver, Processors: r.Processors, pipeline: next}, passed)
				}
			}
			continue
		}
		f.end(r, id)
	}
}

// end notes a route that ends at an exporter.
func (f *finder) end(r Route, id component.ID) {
	if id.Type().String() != f.choice.Exporter {
		f.others = append(f.others, r)
		return
	}
	r.Exporter = id
	topic := f.conf.Get("exporters::" + id.String() + "::logs::topic")
	if f.choice.Exporter != typeKafka || topic == f.choice.Topic {
		f.exact = append(f.exact, r)
		return
	}
	f.kind = append(f.kind, r)
}

// only is the one route there is. Routes with the same processors are one: they give the same events.
func (f *finder) only() (Route, error) {
	var routes []Route
	for _, found := range [][]Route{f.exact, f.kind, f.others} {
		if len(routes) == 0 {
			routes = slices.DeleteFunc(found, func(r Route) bool {
				return f.choice.Pipeline != "" && r.pipeline.String() != f.choice.Pipeline
			})
		}
	}
	slices.SortFunc(routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.pipeline.String(), b.pipeline.String()), cmp.Compare(a.Exporter.String(), b.Exporter.String()))
	})
	alike := map[string]bool{}
	var names, receivers []string
	for _, r := range routes {
		alike[fmt.Sprint(r.Receiver, r.Processors)] = true
		names = append(names, r.pipeline.String())
		receivers = append(receivers, r.Receiver.String())
	}
	switch {
	case len(routes) == 0 && len(f.exports) > 0:
		return Route{}, fmt.Errorf("%w: verify reads tables of `defender` receivers again, and no blobs: what %s has read, `defenderctl report` says of each day, "+
			"with what is unread or lost", ErrChoice, strings.Join(unique(f.exports), ", "))
	case len(routes) == 0:
		return Route{}, fmt.Errorf("%w: no logs pipeline leads from a `defender` receiver to an exporter; look at service::pipelines, --receiver and --pipeline", ErrChoice)
	case len(unique(receivers)) > 1:
		return Route{}, fmt.Errorf("%w: there are the receivers %s; choose one with --receiver", ErrChoice, strings.Join(unique(receivers), ", "))
	case len(alike) > 1:
		return Route{}, fmt.Errorf("%w: there are %s, with different processors; choose one with --pipeline", ErrChoice, strings.Join(unique(names), ", "))
	}
	chosen := routes[0]
	isNormalize := func(id component.ID) bool { return id.Type().String() == typeNormalize }
	if !slices.ContainsFunc(chosen.Processors, isNormalize) {
		return Route{}, fmt.Errorf("%w: %s has no total_normalize processor, so its records are no TOTAL events", ErrChoice, chosen.pipeline)
	}
	return chosen, nil
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// KafkaClient is how the exporter of a route connects to its brokers; without an exporter, the defaults.
func KafkaClient(conf *confmap.Conf, route Route) (configkafka.ClientConfig, error) {
	client := configkafka.NewDefaultClientConfig()
	if route.Exporter.Type().String() != typeKafka {
		return client, nil
	}
	path := "exporters::" + route.Exporter.String()
	written, err := conf.Sub(path)
	if err != nil {
		return client, fmt.Errorf("read %s: it is not a map of settings", path)
	}
	if err := written.Unmarshal(&client, confmap.WithIgnoreUnused()); err != nil {
		// What is wrong may quote a secret; check knows which parts to leave out.
		return client, fmt.Errorf("read %s: the collector would refuse its settings; `defenderctl check` says why", path)
	}
	return client, nil
}

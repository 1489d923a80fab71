package pipelinecheck

import (
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
)

// flow is what the rows of one receiver pass through.
type flow struct {
	of     *configuration
	source *configured

	pipelines []pipeline.ID // in the order in which rows reach them
	passed    []*configured // processors and connectors
	reached   []*configured // exporters
	// derived are exporters of what a connector makes of the rows in another signal: their refusal is the rows', but the
	// rows do not go there.
	derived []*configured
}

// flows are the ways of the rows, by receiver.
func (c *configuration) flows() []*flow {
	var all []*flow
	for _, id := range sorted(c.components[receivers]) {
		source := c.components[receivers][id]
		if !c.isSource(source) {
			continue
		}
		f := &flow{of: c, source: source}
		f.follow(id, pipeline.SignalLogs)
		if len(f.pipelines) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// isSource: a kafka receiver brings rows only if it decodes them.
func (c *configuration) isSource(receiver *configured) bool {
	if receiver.is(typeDefender, typeDefenderBlobs) {
		return true
	}
	encoding, ok := receiver.referenced("logs::encoding")
	return receiver.is(typeKafka) && ok && encoding.Type().String() == typeStreaming
}

// follow goes through every pipeline that takes what a receiver or connector gives in a signal.
func (f *flow) follow(from component.ID, signal pipeline.Signal) {
	for _, id := range sorted(f.of.pipelines) {
		p := f.of.pipelines[id]
		if id.Signal() != signal || !slices.Contains(p.Receivers, from) || slices.Contains(f.pipelines, id) {
			continue
		}
		f.pipelines = append(f.pipelines, id)
		for _, processor := range p.Processors {
			f.passed = addFound(f.passed, f.of.components[processors][processor])
		}
		for _, exporter := range p.Exporters {
			if connector := f.of.components[connectors][exporter]; connector != nil {
				f.passed = addFound(f.passed, connector)
				if connector.keeps() {
					continue // what it gives is made of what it keeps, and is no row
				}
				f.follow(exporter, pipeline.SignalLogs)
				f.derive(exporter)
				continue
			}
			f.reached = addFound(f.reached, f.of.components[exporters][exporter])
		}
	}
}

// keeps reports whether a connector takes rows for itself.
func (c *configured) keeps() bool { return c.is(typeDetectionRate, typeAlertResolver) }

// derive collects the exporters beyond a connector that makes metrics or traces of the rows.
func (f *flow) derive(connector component.ID) {
	for _, id := range sorted(f.of.pipelines) {
		if p := f.of.pipelines[id]; id.Signal() != pipeline.SignalLogs && slices.Contains(p.Receivers, connector) {
			for _, exporter := range p.Exporters {
				f.derived = addFound(f.derived, f.of.components[exporters][exporter])
			}
		}
	}
}

func addFound(all []*configured, c *configured) []*configured {
	if c == nil || slices.Contains(all, c) {
		return all
	}
	return append(all, c)
}

// queue is where an exporter's queue keeps what it was given.
type queue uint8

const (
	unqueued   queue = iota // the caller waits for the delivery
	waited                  // a queue, but the caller waits for the delivery
	memory                  // in memory; the caller goes on
	persistent              // in a storage; the caller goes on
)

func (c *configured) queue() queue {
	switch {
	case !c.has("sending_queue"):
		return unqueued
	case c.has("sending_queue::storage"):
		return persistent
	case c.truth("sending_queue::wait_for_result"):
		return waited
	default:
		return memory
	}
}

// delivers: an exporter that puts rows somewhere they can be read again.
func (c *configured) delivers() bool { return !c.is(typeDebug, typeNop) }

// synchronous are the exporters whose acceptance means that the rows are delivered, as far as they can be judged.
func (f *flow) synchronous(among []*configured) []*configured {
	var all []*configured
	for _, c := range among {
		if c.judged && c.delivers() && c.queue() <= waited {
			all = append(all, c)
		}
	}
	return all
}

// hasPrimary: there is an exporter that tells the receiver the truth about the delivery.
func (f *flow) hasPrimary() bool {
	return len(f.synchronous(f.reached)) > 0 || slices.ContainsFunc(f.passed, (*configured).keeps)
}

// notJudged are components of the build of which it is not known what they do to rows. Those that the build lacks are
// named among what the collector refuses.
func (f *flow) notJudged() []Remark {
	var all []Remark
	for _, c := range slices.Concat(f.passed, f.reached, f.storages()) {
		if !c.judged && !c.unknown {
			all = append(all, Remark{Path: c.path(), Message: "there are no rules for the type " + c.typ + ": " + askOf[c.section]})
		}
	}
	return all
}

// askOf says what somebody must find out about a component that is not judged.
var askOf = map[section]string{
	processors: "does it hand every row on, in order, before it reports it as accepted?",
	exporters:  "does it deliver before it reports rows as accepted, and go on trying for as long as it takes?",
	connectors: "does it hand every row on before it reports it as accepted?",
	extensions: "is what it stores on disk when it says so?",
}

// storages are the storage extensions that cursors and queues of the flow are kept in.
func (f *flow) storages() []*configured {
	all := f.cursorStorages()
	for _, c := range f.reached {
		all = addFound(all, f.of.extension(c, "sending_queue::storage"))
	}
	return all
}

func (f *flow) cursorStorages() []*configured {
	return addFound(nil, f.of.extension(f.source, "storage"))
}

// extension is the configured extension that a setting of c names; nil if there is none.
func (c *configuration) extension(of *configured, key string) *configured {
	id, ok := of.referenced(key)
	if !ok {
		return nil
	}
	return c.components[extensions][id]
}

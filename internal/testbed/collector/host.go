package collector

import (
	"maps"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// Extensions is a Collector that has extensions and nothing else.
type Extensions map[component.ID]component.Component

var _ component.Host = Extensions(nil)

// GetExtensions returns the extensions.
func (e Extensions) GetExtensions() map[component.ID]component.Component { return e }

// Host is a Collector with extensions that hears of a component's health.
type Host struct {
	Extensions
	Status *Status
}

var _ componentstatus.Reporter = Host{}

// Report notes a change of the component's health.
func (h Host) Report(event *componentstatus.Event) { h.Status.add(event) }

// With is the host with one more extension.
func (h Host) With(id component.ID, extension component.Component) Host {
	all := maps.Clone(h.Extensions)
	all[id] = extension
	return Host{Extensions: all, Status: h.Status}
}

package pipelinecheck

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
)

// invalid is what the collector would refuse at start, as far as it can be seen here: settings of the components that
// are decoded, and references that lead nowhere.
func (c *configuration) invalid() []Remark {
	all := []Remark{}
	note := func(path, message string) { all = append(all, Remark{Path: path, Message: message}) }
	for _, s := range []section{receivers, processors, exporters, extensions} {
		for _, id := range sorted(c.components[s]) {
			if found := c.components[s][id]; found.err != nil {
				note(found.path(), found.err.Error())
			}
		}
	}
	for _, id := range sorted(c.pipelines) {
		p, path := c.pipelines[id], "service::pipelines::"+id.String()
		if err := p.Validate(); err != nil {
			note(path, err.Error())
		}
		for key, ids := range map[section][]component.ID{receivers: p.Receivers, processors: p.Processors, exporters: p.Exporters} {
			for _, used := range ids {
				if c.components[key][used] == nil && (key == processors || c.components[connectors][used] == nil) {
					note(path+"::"+string(key), fmt.Sprintf("%s is not configured under %s", used, key))
				}
			}
		}
	}
	for _, used := range c.enabled {
		if c.components[extensions][used] == nil {
			note("service::extensions", fmt.Sprintf("%s is not configured under extensions", used))
		}
	}
	for _, reference := range references {
		for _, id := range sorted(c.components[reference.section]) {
			from := c.components[reference.section][id]
			used, ok := from.referenced(reference.key)
			if !ok || !c.isUsed(from) || slices.Contains(c.enabled, used) {
				continue
			}
			// An encoding may be one that is built in.
			if reference.storage || strings.HasSuffix(used.Type().String(), "_encoding") || c.components[extensions][used] != nil {
				note(from.path()+"::"+reference.key, fmt.Sprintf("the extension %s is not listed in service::extensions", used))
			}
		}
	}
	return all
}

// references are the settings that name an extension.
var references = []struct {
	section section
	key     string
	storage bool
}{
	{section: receivers, key: "storage", storage: true},
	{section: receivers, key: "logs::encoding"},
	{section: processors, key: "storage", storage: true},
	{section: exporters, key: "sending_queue::storage", storage: true},
	{section: exporters, key: "encoding"},
	{section: exporters, key: "logs::encoding"},
}

// isUsed: what stands in no pipeline is not started.
func (c *configuration) isUsed(found *configured) bool {
	for _, p := range c.pipelines {
		if slices.Contains(slices.Concat(p.Receivers, p.Processors, p.Exporters), found.id) {
			return true
		}
	}
	return false
}

package pipelinecheck

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
)

// invalid is what the collector would refuse at start, as far as it can be seen here: types that the build lacks,
// settings, references that lead nowhere, and components in pipelines of a signal that they do not have.
func (c *configuration) invalid() []Remark {
	all := []Remark{}
	for _, s := range sections {
		for _, id := range sorted(c.components[s]) {
			found := c.components[s][id]
			if found.unknown {
				all = append(all, Remark{Path: found.path(), Message: c.build.lacks(s, found.typ)})
			}
			for _, message := range found.refused {
				all = append(all, Remark{Path: found.path(), Message: message})
			}
		}
	}
	for _, id := range sorted(c.pipelines) {
		all = append(all, c.invalidPipeline(id)...)
	}
	for _, used := range c.enabled {
		if c.components[extensions][used] == nil {
			all = append(all, Remark{Path: "service::extensions", Message: c.notConfigured(used, extensions)})
		}
	}
	return append(append(all, c.invalidReferences()...), c.refused...)
}

func (c *configuration) invalidPipeline(id pipeline.ID) []Remark {
	var all []Remark
	p, path := c.pipelines[id], "service::pipelines::"+id.String()
	if len(p.Receivers) == 0 {
		all = append(all, Remark{Path: path, Message: "it has no receiver: list at least one under receivers"})
	}
	if len(p.Exporters) == 0 {
		all = append(all, Remark{Path: path, Message: "it has no exporter: list at least one under exporters"})
	}
	for _, list := range []struct {
		section section
		ids     []component.ID
		side    side
	}{{receivers, p.Receivers, gives}, {processors, p.Processors, gives}, {exporters, p.Exporters, takes}} {
		seen := map[component.ID]bool{}
		for _, used := range list.ids {
			at := joinKeys(path, string(list.section))
			found := c.components[list.section][used]
			if found == nil && list.section != processors {
				found = c.components[connectors][used]
			}
			switch {
			case seen[used]:
				all = append(all, Remark{Path: at, Message: used.String() + " stands there twice"})
			case found == nil:
				all = append(all, Remark{Path: at, Message: c.notConfigured(used, list.section)})
			case found.factory != nil && !supports(found.factory, list.side, id.Signal()):
				all = append(all, Remark{Path: at, Message: fmt.Sprintf("the %s %s has no %s: it can stand in pipelines of %s only",
					found.section.one(), used, id.Signal(), signals(found.factory, list.side))})
			}
			seen[used] = true
		}
	}
	return all
}

// notConfigured says that a component is used and not there, and which one may be meant.
func (c *configuration) notConfigured(used component.ID, s section) string {
	message := fmt.Sprintf("%s is not configured under %s", used, s)
	var names []string
	for _, id := range sorted(c.components[s]) {
		names = append(names, id.String())
	}
	if near := nearest(used.String(), names); near != "" {
		return message + fmt.Sprintf(": did you mean %s?", near)
	}
	if len(names) > 0 {
		return message + ": there are " + strings.Join(names, ", ")
	}
	return message + ": nothing is"
}

func (c *configuration) invalidReferences() []Remark {
	var all []Remark
	for _, reference := range references {
		for _, id := range sorted(c.components[reference.section]) {
			from := c.components[reference.section][id]
			used, ok := from.referenced(reference.key)
			if !ok || !c.isUsed(from) {
				continue
			}
			if message := c.badReference(used, reference.storage); message != "" {
				all = append(all, Remark{Path: joinKeys(from.path(), reference.key), Message: message})
			}
		}
	}
	return all
}

func (c *configuration) badReference(used component.ID, storage bool) string {
	found := c.components[extensions][used]
	switch {
	case found == nil && (storage || strings.HasSuffix(used.Type().String(), "_encoding")):
		return c.notConfigured(used, extensions)
	case found == nil: // an encoding may be one that is built in
		return ""
	case storage && !found.unknown && !strings.HasSuffix(found.typ, "_storage"):
		return fmt.Sprintf("the extension %s is no storage: name one, e.g. file_storage/cursors", used)
	case !slices.Contains(c.enabled, used):
		return fmt.Sprintf("the extension %s is not listed in service::extensions", used)
	}
	return ""
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
		used := map[section][]component.ID{receivers: p.Receivers, processors: p.Processors, exporters: p.Exporters}[found.section]
		if slices.Contains(used, found.id) {
			return true
		}
	}
	return false
}

// unset names the variables that are not set, and the keys that want them.
func unset(loaded *Loaded) []Remark {
	all := []Remark{}
	for _, name := range loaded.unset {
		if !variableName.MatchString(strings.ToUpper(name)) || looksRandom(name) {
			name = redactedPart
		}
		message := "the environment variable " + name + " is not set here, and has no default: an empty text stands for it"
		keys := keysWith(name, "", loaded.template.ToStringMap())
		if len(keys) == 0 {
			all = append(all, Remark{Path: "${env:" + name + "}", Message: message})
		}
		for _, key := range keys {
			all = append(all, Remark{Path: key, Message: message})
		}
	}
	return all
}

// keysWith are the keys whose values take in a variable.
func keysWith(variable, key string, template any) []string {
	var keys []string
	switch v := template.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			keys = append(keys, keysWith(variable, joinKeys(key, name), v[name])...)
		}
	case []any:
		for i, member := range v {
			keys = append(keys, keysWith(variable, fmt.Sprintf("%s[%d]", key, i), member)...)
		}
	case string:
		for _, found := range reference.FindAllStringSubmatch(v, -1) {
			if found[1] == variable || found[1] == "env:"+variable {
				return []string{key}
			}
		}
	}
	return keys
}

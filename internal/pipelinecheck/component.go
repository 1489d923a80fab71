package pipelinecheck

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// configured is one component of the configuration.
type configured struct {
	section section
	id      component.ID
	typ     string // the type, by its present name
	// settings are the effective ones: what is written, laid over the defaults. Nil where they are not decoded.
	settings *confmap.Conf
	factory  component.Factory
	judged   bool     // it is known what the component does to rows
	unknown  bool     // this build has no component of the type
	refused  []string // why the collector would refuse it
}

// path is the component's place in the configuration.
func (c *configured) path() string { return string(c.section) + "::" + c.id.String() }

func (c *configured) is(types ...string) bool { return slices.Contains(types, c.typ) }

// readComponent decodes what is written for a component, as the collector does.
func (r *reading) readComponent(s section, id component.ID, raw *confmap.Conf, template any) *configured {
	c := &configured{section: s, id: r.id(id), typ: id.Type().String()}
	f := r.build[s][id.Type()]
	if f == nil {
		c.unknown = true
		return c
	}
	c.typ, c.factory = f.Type().String(), f
	c.judged = slices.Contains(judged[s], c.typ)
	var cfg component.Config
	cfg, c.refused = r.decode(raw, template, f.CreateDefaultConfig)
	settings := confmap.New()
	if err := settings.Marshal(cfg); err != nil {
		c.refused = append(c.refused, "its settings cannot be read back")
		return c
	}
	c.settings = settings
	return c
}

// has reports whether the setting exists and is not null.
func (c *configured) has(key string) bool { return c.settings != nil && c.settings.Get(key) != nil }

func (c *configured) truth(key string) bool {
	b, _ := c.get(key).(bool)
	return b
}

func (c *configured) text(key string) string {
	if !c.has(key) {
		return ""
	}
	return fmt.Sprint(c.get(key))
}

func (c *configured) number(key string) int64 {
	if v := reflect.ValueOf(c.get(key)); v.IsValid() && v.CanInt() {
		return v.Int()
	}
	return 0
}

func (c *configured) fraction(key string) float64 {
	f, _ := c.get(key).(float64)
	return f
}

func (c *configured) duration(key string) time.Duration {
	d, _ := c.get(key).(time.Duration)
	return d
}

func (c *configured) length(key string) int {
	list, _ := c.get(key).([]any)
	return len(list)
}

func (c *configured) members(key string) map[string]any {
	m, _ := c.get(key).(map[string]any)
	return m
}

func (c *configured) get(key string) any {
	if c.settings == nil {
		return nil
	}
	return c.settings.Get(key)
}

// referenced is the id that a setting holds.
func (c *configured) referenced(key string) (component.ID, bool) {
	var id component.ID
	text := c.text(key)
	return id, text != "" && id.UnmarshalText([]byte(text)) == nil
}

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
	judged   bool  // there is something to hold against the rules
	err      error // why the collector would refuse it
}

// path is the component's place in the configuration.
func (c *configured) path() string { return string(c.section) + "::" + c.id.String() }

func (c *configured) is(types ...string) bool { return slices.Contains(types, c.typ) }

// readComponent decodes what is written for a component, as the collector does.
func readComponent(s section, id component.ID, raw *confmap.Conf) *configured {
	c := &configured{section: s, id: id, typ: id.Type().String()}
	if name, ok := deprecatedNames[s][c.typ]; ok {
		c.typ = name
	}
	f := factoryOf(s, c.typ)
	if f == nil {
		c.judged = slices.Contains(judgedByType[s], c.typ)
		return c
	}
	cfg := f.CreateDefaultConfig()
	written := raw.ToStringMap()
	if c.err = raw.Unmarshal(cfg); c.err == nil {
		c.err = confmap.Validate(cfg)
	}
	if c.err != nil {
		c.err = redacted(c.err, written)
	}
	settings := confmap.New()
	if err := settings.Marshal(cfg); err != nil {
		c.err = fmt.Errorf("its settings cannot be read back: %w", redacted(err, written))
		return c
	}
	c.settings, c.judged = settings, true
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

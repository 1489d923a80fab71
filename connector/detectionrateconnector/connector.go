package detectionrateconnector

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
)

// factory joins the components of one configuration: the Collector gives all of them the same one.
type factory struct {
	now func() time.Time

	mu    sync.Mutex // guards everything below
	cores map[*Config]*core
}

// member makes the component of one signal.
func (f *factory) member(set connector.Settings, cfg *Config, out outlets) (connector.Logs, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.cores[cfg]
	if !ok {
		var err error
		if c, err = newCore(set, cfg, f.now); err != nil {
			return nil, err
		}
		f.cores[cfg] = c
	}
	return &member{factory: f, cfg: cfg, core: c, leads: c.join(out)}, nil
}

// end lets the next component of a configuration begin anew.
func (f *factory) end(cfg *Config, c *core) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cores[cfg] == c {
		delete(f.cores, cfg)
	}
}

// member is the component of one signal.
type member struct {
	factory *factory
	cfg     *Config
	core    *core
	leads   bool // all members get the same records; this one's are read
}

var _ connector.Logs = (*member)(nil)

// Capabilities implements consumer.Logs.
func (*member) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start implements component.Component. The core starts with the last one, when the pipelines behind all of them have.
func (m *member) Start(ctx context.Context, host component.Host) error {
	return m.core.start(ctx, host)
}

// Shutdown implements component.Component. The core ends with the first one, while the pipelines behind all of them run.
func (m *member) Shutdown(ctx context.Context) error {
	m.factory.end(m.cfg, m.core)
	return m.core.shutdown(ctx)
}

// ConsumeLogs implements consumer.Logs.
func (m *member) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if !m.leads {
		return nil
	}
	return m.core.consume(ctx, logs)
}

package defenderreceiver

import (
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// A Collector makes a component of a receiver for logs pipelines and another one for metrics pipelines, both with the same
// configuration in memory. They share one instance: one client, one limiter, one state.

// instances are those that were made and have not ended, by their configuration.
var instances = struct {
	sync.Mutex
	of map[*Config]*instance
}{of: map[*Config]*instance{}}

// instance is a receiver that stands in pipelines of several signals. It starts with the last of its parts, because only
// then all pipelines can take what it gives, and ends with the first one. It lives in terms where its storage gives leases.
type instance struct {
	outputs
	terms *lease.Component
	cfg   *Config       // the key
	ended chan struct{} // closed when a part is shut down
	end   func()

	mu    sync.Mutex // guards what follows
	parts int        // that were made
	hosts partHosts  // of those that were started
}

// instanceOf gives the instance of a configuration that lacks a part of a signal, or makes one.
func instanceOf(set receiver.Settings, cfg *Config, lacks func(outputs) bool) *instance {
	instances.Lock()
	defer instances.Unlock()
	if i := instances.of[cfg]; i != nil && lacks(i.outputs) {
		i.parts++
		return i
	}
	i := &instance{cfg: cfg, ended: make(chan struct{}), parts: 1}
	i.end = sync.OnceFunc(func() { close(i.ended) })
	own := *cfg
	i.terms = lease.NewComponent(lease.Settings{
		Claim:   lease.Claim{Kind: component.KindReceiver, ID: set.ID, Scope: own.scope()},
		Storage: own.StorageID, Logger: set.Logger,
		Begin: func(term lease.Term) (component.Component, error) {
			out := i.outputs
			if out.next != nil {
				out.next = lease.Guard(term, out.next)
			}
			return newReceiver(set, own, out)
		},
	})
	instances.of[cfg] = i
	return i
}

func createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	i := instanceOf(set, cfg.(*Config), func(o outputs) bool { return o.next == nil })
	i.next = next
	return i, nil
}

// Start starts the receiver once all of its parts are started.
func (i *instance) Start(ctx context.Context, host component.Host) error {
	i.mu.Lock()
	i.hosts.all = append(i.hosts.all, host)
	i.hosts.Host = host
	started, last := i.hosts, len(i.hosts.all) == i.parts
	started.all = slices.Clone(started.all)
	i.mu.Unlock()
	if !last {
		return nil
	}
	return i.terms.Start(ctx, started)
}

// Shutdown ends the receiver, whichever of its parts is shut down first.
func (i *instance) Shutdown(ctx context.Context) error {
	i.end()
	instances.Lock()
	if instances.of[i.cfg] == i {
		delete(instances.of, i.cfg)
	}
	instances.Unlock()
	return i.terms.Shutdown(ctx)
}

// partHosts are the hosts of the parts, of which the last one stands for all but in what is reported.
type partHosts struct {
	component.Host
	all []component.Host
}

var _ componentstatus.Reporter = partHosts{}

// Report reports the health of all parts.
func (h partHosts) Report(event *componentstatus.Event) {
	for _, host := range h.all {
		componentstatus.ReportStatus(host, event)
	}
}

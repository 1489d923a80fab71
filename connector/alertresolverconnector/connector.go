package alertresolverconnector

import (
	"context"
	"fmt"
	"net/url"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/graph"
	"github.com/otelcol-defender/otelcol-defender/connector/alertresolverconnector/internal/task"
	"github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
)

var _ connector.Logs = (*resolver)(nil)

// Capabilities implements consumer.Logs.
func (*resolver) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start implements component.Component. Disabled, nothing is made that could send a request.
func (r *resolver) Start(ctx context.Context, host component.Host) error {
	r.counts.begin(ctx)
	if r.cfg.Mode == ModeDisabled {
		return nil
	}
	if r.cfg.StorageID != nil {
		stopped, err := r.store.open(ctx, host, *r.cfg.StorageID, r.set.ID)
		if err != nil {
			return err
		}
		r.switched.set(stopped)
		r.counts.stopped(ctx, stopped)
	}
	client, idle, err := r.connect(ctx, host)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&passes{resolver: r, client: client, pause: pause}).run(running)
	}()
	unregister := control.RegisterResolver(host, r)
	r.end = func(context.Context) {
		unregister()
		cancel()
		<-done
		idle()
	}
	return nil
}

// connect makes the client. It sends nothing.
func (r *resolver) connect(ctx context.Context, host component.Host) (client *graph.Client, idle func(), err error) {
	at := clouds[r.cfg.Cloud]
	endpoint, err := url.Parse(at.graph)
	if r.cfg.ClientConfig.Endpoint != "" {
		endpoint, err = url.Parse(r.cfg.ClientConfig.Endpoint)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("'endpoint': %w", err)
	}
	api, err := r.cfg.ClientConfig.ToClient(ctx, host.GetExtensions(), r.set.TelemetrySettings)
	if err != nil {
		return nil, nil, fmt.Errorf("make the client of Graph: %w", err)
	}
	asker, err := r.cfg.Credentials.Identity(ctx, credentials.Surroundings{
		Client: r.cfg.ClientConfig, Host: host, Telemetry: r.set.TelemetrySettings, Login: at.login, Service: at.graph,
	})
	if err != nil {
		api.CloseIdleConnections()
		return nil, nil, err
	}
	c := graph.Client{
		HTTP: api, Endpoint: endpoint, UserAgent: r.set.BuildInfo.Command + "/" + r.set.BuildInfo.Version, Now: r.now, Observe: r.counts.request,
	}
	if asker.Tokens != nil {
		c.Tokens = asker.Tokens
	}
	return graph.New(c), func() {
		api.CloseIdleConnections()
		asker.Close()
	}, nil
}

// Shutdown implements component.Component. A request that is under way ends: the next process sees what became of it.
func (r *resolver) Shutdown(ctx context.Context) error {
	if r.end != nil {
		r.end(ctx)
		r.end = nil
	}
	r.counts.telemetry.Shutdown()
	return r.store.close(ctx)
}

// ConsumeLogs implements consumer.Logs. It returns when the tasks are stored.
func (r *resolver) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if r.cfg.Mode == ModeDisabled {
		return nil
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if c, ok := task.Read(record, r.cfg.attributions()); ok {
					r.book.Add(r.now(), c)
				}
			}
		}
	}
	if err := r.store.save(ctx); err != nil {
		return err
	}
	r.wake()
	return nil
}

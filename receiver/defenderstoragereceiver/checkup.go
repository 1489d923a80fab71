package defenderstoragereceiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/checkup"
)

// connection is the way to the account, and who asks.
type connection struct {
	target   *url.URL
	http     *http.Client
	identity credentials.Identity
	host     component.Host // whose extensions the clients use
	busy     chan struct{}  // holds one element while a test runs
}

// close gives the connections back.
func (c *connection) close() {
	c.http.CloseIdleConnections()
	c.identity.Close()
}

// Test tests the connection of a receiver that does not run. It starts nothing and opens no storage. Errors are those of a
// test that could not be made; whatever it finds stands in the result.
func Test(ctx context.Context, set receiver.Settings, cfg component.Config, host component.Host) (*diagnosis.Result, error) {
	own, ok := cfg.(*Config)
	if !ok {
		return nil, fmt.Errorf("test the connection: %T is no configuration of this receiver", cfg)
	}
	if err := own.Validate(); err != nil {
		return step.Unusable(set.ID.String(), err), nil
	}
	r, err := newReceiver(set, *own, consumertest.NewNop())
	if err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	defer r.telemetry.shutdown()
	defer r.calls.end()
	way, err := r.connect(ctx, host)
	if err != nil {
		return step.Unusable(set.ID.String(), err), nil
	}
	defer way.close()
	return r.checkUp(ctx, way)
}

// checkUp tests the connection. A second test waits for the first.
func (r *storageReceiver) checkUp(ctx context.Context, way *connection) (*diagnosis.Result, error) {
	select {
	case way.busy <- struct{}{}:
		defer func() { <-way.busy }()
	case <-ctx.Done():
		return nil, fmt.Errorf("test the connection: wait for the test under way: %w", ctx.Err())
	}
	web, err := step.Client(ctx, r.cfg.ClientConfig, way.host, r.set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	defer web.CloseIdleConnections()
	meter := checkup.NewMeter(way.http.Transport, r.now)
	metered := *way.http
	metered.Transport = meter
	s := checkup.Settings{
		Receiver: r.set.ID.String(), Web: web, Proxy: step.Proxies(r.cfg.ClientConfig.ProxyURL), Account: r.newClient(way, &metered), Meter: meter,
		Selection: checkup.Selection{
			Named: r.cfg.Containers, Prefix: r.cfg.plan().Prefix, Mine: r.cfg.isMine,
			Wants: func(container string) bool { return !slices.Contains(r.cfg.ExcludeContainers, container) },
		},
		Now: r.now,
	}
	if way.identity.Tokens != nil {
		s.Token = way.identity.Tokens.Token
	}
	if s.Hosts, err = r.cfg.hosts(way); err != nil {
		return nil, fmt.Errorf("test the connection: %w", err)
	}
	return checkup.Run(ctx, s), nil
}

// hosts are those that must be reached, the account's last.
func (c *Config) hosts(way *connection) ([]step.Host, error) {
	service := step.Host{URL: way.target, Setting: account.Setting}
	if c.Credentials.ManagedIdentity.HasValue() || way.identity.Tokens == nil {
		return step.Hosts(service, step.Host{}), nil
	}
	login, err := url.Parse(c.Credentials.Source(cloudOf(way.target.Hostname()).login).Authority)
	if err != nil {
		return nil, fmt.Errorf("'credentials::authority': %w", err)
	}
	return step.Hosts(service, step.Host{URL: login, Setting: "credentials::authority"}), nil
}

// test tests the connection of the running receiver, with its clients.
func (r *storageReceiver) test(ctx context.Context, way *connection) (*diagnosis.Result, error) {
	if r.running.ctx.Err() != nil {
		return nil, errors.New("test the connection: the receiver does not run")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.running.ctx, cancel)() //nolint:contextcheck // the test ends with the receiver, too
	return r.checkUp(ctx, way)
}

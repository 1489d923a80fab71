package defenderreceiver

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/credentials"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

const (
	// maxBodyBytes is well above the service's size cap of 50 MB, of which it is not documented
	// whether it counts the answer as sent.
	maxBodyBytes = 256 << 20
)

// connection is the way to the hunting API.
type connection struct {
	api    *hunting.Client
	close  func()                                    // the idle connections
	watch  func(ctx context.Context, changed func()) // the credential files
	expiry credentials.Expiry                        // of the credentials
	access *access                                   // of connection tests
}

// connectorSettings are what a connection needs beside the configuration.
type connectorSettings struct {
	set  receiver.Settings
	host component.Host
	now  func() time.Time
	// again waits for the turn of a request that is sent a second time.
	again func(context.Context) error
}

// connect makes the client of the hunting API. It sends nothing.
func (c *Config) connect(ctx context.Context, s connectorSettings) (connection, error) {
	service := clouds[c.Cloud].service(c.API)
	endpoint, err := url.Parse(firstOf(c.ClientConfig.Endpoint, service))
	if err != nil {
		return connection{}, fmt.Errorf("'endpoint': %w", err)
	}
	if err := settings.TLSFiles(c.ClientConfig.TLS); err != nil {
		return connection{}, err
	}
	api, err := c.ClientConfig.ToClient(ctx, s.host.GetExtensions(), s.set.TelemetrySettings)
	if err != nil {
		return connection{}, fmt.Errorf("make the client of the hunting API: %w", err)
	}
	asker, err := c.Credentials.Identity(ctx, credentials.Surroundings{
		Client: c.ClientConfig, Host: s.host, Telemetry: s.set.TelemetrySettings, Login: clouds[c.Cloud].login, Service: service,
	})
	if err != nil {
		api.CloseIdleConnections()
		return connection{}, err
	}
	var tokens hunting.TokenSource // nil: an extension says who asks
	if asker.Tokens != nil {
		tokens = asker.Tokens
	}
	client := hunting.NewClient(hunting.Config{
		API:          c.API.hunting(),
		Endpoint:     endpoint,
		Client:       api,
		Tokens:       tokens,
		UserAgent:    s.set.BuildInfo.Command + "/" + s.set.BuildInfo.Version,
		MaxBodyBytes: maxBodyBytes,
		Now:          s.now,
		Again:        s.again,
	})
	closeIdle := func() {
		api.CloseIdleConnections()
		asker.Close()
	}
	return connection{
		api: client, close: closeIdle, watch: asker.Watch, expiry: asker.Expiry, access: newAccess(client, tokens, s.host),
	}, nil
}

func firstOf(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

package credentials

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
)

// TokenTimeout bounds a request for a token.
const TokenTimeout = 30 * time.Second

// Surroundings are what an identity needs beside the credentials.
type Surroundings struct {
	// Client are the settings of the service's client; its tls and proxy_url also serve the token requests.
	Client    confighttp.ClientConfig
	Host      component.Host
	Telemetry component.TelemetrySettings
	// Login is the cloud's login host, Service the URL of the service that tokens are for.
	Login, Service string
}

// Identity is who asks a service.
type Identity struct {
	Tokens *entra.Source                             // nil: an extension says who asks
	Close  func()                                    // the idle connections
	Watch  func(ctx context.Context, changed func()) // the credential files
	Expiry Expiry
}

// Identity makes what gets tokens for a service. It sends nothing.
func (c *Config) Identity(ctx context.Context, s Surroundings) (Identity, error) {
	source := c.Source(s.Login)
	if s.Client.Auth.HasValue() && len(c.Given()) == 0 {
		return Identity{
			Close: func() {}, Watch: func(context.Context, func()) {},
			Expiry: func() (time.Time, bool) { return source.Expires, !source.Expires.IsZero() },
		}, nil
	}
	client, err := s.tokenClient(ctx)
	if err != nil {
		return Identity{}, fmt.Errorf("make the client of Entra ID: %w", err)
	}
	tokens, err := entra.NewSource(source, client, s.Service+"/.default", s.Telemetry.Logger)
	if err != nil {
		client.CloseIdleConnections()
		return Identity{}, fmt.Errorf("prepare the credentials: %w", err)
	}
	return Identity{Tokens: tokens, Close: client.CloseIdleConnections, Watch: tokens.Watch, Expiry: tokens.Expiry}, nil
}

// tokenClient has the tls and proxy_url of the service's client. Headers and authentication are meant for the service alone.
func (s Surroundings) tokenClient(ctx context.Context) (*http.Client, error) {
	cfg := s.Client
	cfg.Endpoint = ""
	cfg.Headers = nil
	cfg.Auth = configoptional.None[configauth.Config]()
	cfg.Timeout = TokenTimeout
	return cfg.ToClient(ctx, s.Host.GetExtensions(), s.Telemetry)
}

package defenderreceiver

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

const (
	tokenTimeout = 30 * time.Second
	// maxBodyBytes is well above the service's size cap of 50 MB, of which it is not documented
	// whether it counts the answer as sent.
	maxBodyBytes = 256 << 20
)

// connection is the way to the hunting API.
type connection struct {
	api    *hunting.Client
	close  func()                                    // the idle connections
	watch  func(ctx context.Context, changed func()) // the credential files
	expiry expiry                                    // of the credentials
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
	if err := checkFiles(c.ClientConfig.TLS); err != nil {
		return connection{}, err
	}
	api, err := c.ClientConfig.ToClient(ctx, s.host.GetExtensions(), s.set.TelemetrySettings)
	if err != nil {
		return connection{}, fmt.Errorf("make the client of the hunting API: %w", err)
	}
	asker, err := c.identity(ctx, s, service)
	if err != nil {
		api.CloseIdleConnections()
		return connection{}, err
	}
	client := hunting.NewClient(hunting.Config{
		API:          c.API.hunting(),
		Endpoint:     endpoint,
		Client:       api,
		Tokens:       asker.tokens,
		UserAgent:    s.set.BuildInfo.Command + "/" + s.set.BuildInfo.Version,
		MaxBodyBytes: maxBodyBytes,
		Now:          s.now,
		Again:        s.again,
	})
	closeIdle := func() {
		api.CloseIdleConnections()
		asker.close()
	}
	return connection{
		api: client, close: closeIdle, watch: asker.watch, expiry: asker.expiry, access: newAccess(client, asker.tokens, s.host),
	}, nil
}

// identity is who asks the service.
type identity struct {
	tokens hunting.TokenSource                       // nil: an extension says who asks
	close  func()                                    // the idle connections
	watch  func(ctx context.Context, changed func()) // the credential files
	expiry expiry
}

// identity makes what gets tokens for a service.
func (c *Config) identity(ctx context.Context, s connectorSettings, service string) (identity, error) {
	credentials := c.Credentials.source(clouds[c.Cloud])
	if c.ClientConfig.Auth.HasValue() && len(c.Credentials.given()) == 0 {
		return identity{
			close: func() {}, watch: func(context.Context, func()) {},
			expiry: func() (time.Time, bool) { return credentials.Expires, !credentials.Expires.IsZero() },
		}, nil
	}
	client, err := c.tokenClient(ctx, s)
	if err != nil {
		return identity{}, fmt.Errorf("make the client of Entra ID: %w", err)
	}
	tokens, err := entra.NewSource(credentials, client, service+"/.default", s.set.Logger)
	if err != nil {
		client.CloseIdleConnections()
		return identity{}, fmt.Errorf("prepare the credentials: %w", err)
	}
	return identity{tokens: tokens, close: client.CloseIdleConnections, watch: tokens.Watch, expiry: tokens.Expiry}, nil
}

// tokenClient has the tls and proxy_url of the API's client. Headers and authentication are meant
// for the API alone.
func (c *Config) tokenClient(ctx context.Context, s connectorSettings) (*http.Client, error) {
	cfg := c.ClientConfig
	cfg.Endpoint = ""
	cfg.Headers = nil
	cfg.Auth = configoptional.None[configauth.Config]()
	cfg.Timeout = tokenTimeout
	return cfg.ToClient(ctx, s.host.GetExtensions(), s.set.TelemetrySettings)
}

func (c *CredentialsConfig) source(cloud hosts) entra.Credentials {
	ends, _ := c.ends() // Validate has read it
	return entra.Credentials{
		TenantID:           c.TenantID,
		ClientID:           c.ClientID,
		ClientSecret:       c.ClientSecret,
		ClientSecretFile:   c.ClientSecretFile,
		CertFile:           c.ClientCertificate.CertFile,
		KeyFile:            c.ClientCertificate.KeyFile,
		PFXFile:            c.ClientCertificate.PFXFile,
		PFXPassword:        c.ClientCertificate.Password,
		FederatedTokenFile: c.FederatedTokenFile,
		ManagedIdentity:    c.ManagedIdentity.HasValue(),
		Authority:          firstOf(c.Authority, cloud.login),
		Expires:            ends,
	}
}

func firstOf(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

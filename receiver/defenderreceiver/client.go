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

	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
)

const (
	tokenTimeout = 30 * time.Second
	// maxBodyBytes is well above the service's size cap of 50 MB, of which it is not documented
	// whether it counts the answer as sent.
	maxBodyBytes = 256 << 20
)

// newClient makes the client of the hunting API, and a function that closes its idle connections.
func (r *defenderReceiver) newClient(ctx context.Context, host component.Host) (*hunting.Client, func(), error) {
	cloud := clouds[r.cfg.Cloud]
	service := cloud.service(r.cfg.API)
	endpoint, err := url.Parse(firstOf(r.cfg.ClientConfig.Endpoint, service))
	if err != nil {
		return nil, nil, fmt.Errorf("'endpoint': %w", err)
	}
	if err := checkFiles(r.cfg.ClientConfig.TLS); err != nil {
		return nil, nil, err
	}
	api, err := r.cfg.ClientConfig.ToClient(ctx, host.GetExtensions(), r.set.TelemetrySettings)
	if err != nil {
		return nil, nil, fmt.Errorf("make the client of the hunting API: %w", err)
	}
	tokens, closeTokens, err := r.newTokens(ctx, host, service)
	if err != nil {
		api.CloseIdleConnections()
		return nil, nil, err
	}
	client := hunting.NewClient(hunting.Config{
		API:          r.cfg.API.hunting(),
		Endpoint:     endpoint,
		Client:       api,
		Tokens:       tokens,
		UserAgent:    r.set.BuildInfo.Command + "/" + r.set.BuildInfo.Version,
		MaxBodyBytes: maxBodyBytes,
		Now:          r.now,
		Again:        func(ctx context.Context) error { return r.scheduler.AcquireAgain(ctx) },
	})
	return client, func() {
		api.CloseIdleConnections()
		closeTokens()
	}, nil
}

// newTokens makes what gets tokens for a service, and a function that closes its idle connections. It is nil where an
// extension says who asks.
func (r *defenderReceiver) newTokens(ctx context.Context, host component.Host, service string) (hunting.TokenSource, func(), error) {
	credentials := r.cfg.Credentials.source(clouds[r.cfg.Cloud])
	if r.cfg.ClientConfig.Auth.HasValue() && len(r.cfg.Credentials.given()) == 0 {
		r.watch = func(context.Context, func()) {}
		r.expiry = func() (time.Time, bool) { return credentials.Expires, !credentials.Expires.IsZero() }
		return nil, func() {}, nil
	}
	client, err := r.tokenClient(ctx, host)
	if err != nil {
		return nil, nil, fmt.Errorf("make the client of Entra ID: %w", err)
	}
	tokens, err := entra.NewSource(credentials, client, service+"/.default", r.set.Logger)
	if err != nil {
		client.CloseIdleConnections()
		return nil, nil, fmt.Errorf("prepare the credentials: %w", err)
	}
	r.watch, r.expiry = tokens.Watch, tokens.Expiry
	return tokens, client.CloseIdleConnections, nil
}

// tokenClient has the tls and proxy_url of the API's client. Headers and authentication are meant
// for the API alone.
func (r *defenderReceiver) tokenClient(ctx context.Context, host component.Host) (*http.Client, error) {
	cfg := r.cfg.ClientConfig
	cfg.Endpoint = ""
	cfg.Headers = nil
	cfg.Auth = configoptional.None[configauth.Config]()
	cfg.Timeout = tokenTimeout
	return cfg.ToClient(ctx, host.GetExtensions(), r.set.TelemetrySettings)
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

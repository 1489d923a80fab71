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
	tokenHTTP, err := r.tokenClient(ctx, host)
	if err != nil {
		return nil, nil, fmt.Errorf("make the client of Entra ID: %w", err)
	}
	credentials := r.cfg.Credentials.source(cloud)
	tokens, err := entra.NewSource(credentials, tokenHTTP, service+"/.default", r.set.Logger)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the credentials: %w", err)
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
	r.watch, r.access = tokens.Watch, newAccess(client, tokens.Token, host)
	return client, func() {
		api.CloseIdleConnections()
		tokenHTTP.CloseIdleConnections()
	}, nil
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
	return entra.Credentials{
		TenantID:           c.TenantID,
		ClientID:           c.ClientID,
		ClientSecret:       c.ClientSecret,
		ClientSecretFile:   c.ClientSecretFile,
		CertFile:           c.ClientCertificate.CertFile,
		KeyFile:            c.ClientCertificate.KeyFile,
		FederatedTokenFile: c.FederatedTokenFile,
		ManagedIdentity:    c.ManagedIdentity.HasValue(),
		Authority:          firstOf(c.Authority, cloud.login),
	}
}

func firstOf(value, otherwise string) string {
	if value != "" {
		return value
	}
	return otherwise
}

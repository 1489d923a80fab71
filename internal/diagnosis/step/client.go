package step

import (
	"context"
	"net/http"
	"net/url"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
)

// Client has the TLS and proxy settings of a receiver's client, and neither its connections nor its secrets.
func Client(ctx context.Context, cfg confighttp.ClientConfig, host component.Host, telemetry component.TelemetrySettings) (*http.Client, error) {
	cfg.Endpoint, cfg.Headers, cfg.Auth = "", nil, configoptional.None[configauth.Config]()
	cfg.Timeout, cfg.DisableKeepAlives = patience, true
	return cfg.ToClient(ctx, host.GetExtensions(), telemetry)
}

// Proxies give the proxy that leads to a URL: proxy_url, else that of the environment; nil if there is none.
func Proxies(proxyURL string) func(*url.URL) *url.URL {
	return func(target *url.URL) *url.URL {
		if proxyURL != "" {
			proxy, err := url.Parse(proxyURL)
			if err != nil {
				return nil
			}
			return proxy
		}
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
		if err != nil {
			return nil
		}
		return proxy
	}
}

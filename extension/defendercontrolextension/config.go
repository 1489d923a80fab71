package defendercontrolextension

import (
	"net"
	"net/netip"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"

	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

const (
	defaultEndpoint = "127.0.0.1:13134"
	// writeTimeout is long enough for a connection test, which waits for the quota.
	writeTimeout = 10 * time.Minute
	// maxBody is more than any request of the page or the API has.
	maxBody = 64 << 10
)

// Config is the extension's configuration.
type Config struct {
	// ServerConfig is where the page and the API are served: endpoint, tls, auth and so on.
	confighttp.ServerConfig `mapstructure:",squash"`
	// Hosts are names, without port, by which users reach the server, beside loopback names and the endpoint's own.
	Hosts []string `mapstructure:"hosts" example:"[collector.example.com]"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var _ component.Config = (*Config)(nil)

// Validate refuses to let everybody on the network command the receivers.
func (c *Config) Validate() error {
	endpoint := c.NetAddr.Endpoint
	if c.NetAddr.Transport == confignet.TransportTypeUnix {
		return nil
	}
	host, _, err := net.SplitHostPort(endpoint)
	switch {
	case err != nil:
		return settings.Problemf("endpoint", "must be HOST:PORT, e.g. %s, not %q", defaultEndpoint, endpoint)
	case !isLoopback(host) && !c.Auth.HasValue():
		return settings.Problemf("auth", "must be set, because other machines reach %s: name an authenticator, e.g. "+
			"auth: {authenticator: basicauth}, or listen on %s", endpoint, defaultEndpoint)
	case c.CORS.HasValue():
		return settings.Problemf("cors", "must not be set: requests of other sites are refused")
	}
	return nil
}

// isLoopback reports whether a host's name or address is this machine's own.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

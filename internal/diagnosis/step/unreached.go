package step

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// Unreached is about a request that got no answer.
func Unreached(err error, advice string) Finding {
	f := Finding{Outcome: diagnosis.Unreachable, Severity: diagnosis.Fatal, Detail: reason(err), Remedy: advice}
	timeout := net.Error(nil)
	operation := (*net.OpError)(nil)
	switch {
	case errors.As(err, &operation) && operation.Op == "proxyconnect", strings.Contains(advice, "the proxy "):
		f.Outcome = diagnosis.ProxyRefused
	case errors.As(err, new(*net.DNSError)):
		f.Outcome = diagnosis.Unresolved
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(x509.UnknownAuthorityError)), errors.As(err, new(x509.HostnameError)):
		f.Outcome = diagnosis.Untrusted
	case errors.As(err, &timeout) && timeout.Timeout():
		f.Outcome = diagnosis.TimedOut
	}
	if f.Remedy == "" {
		f.Remedy = "look at what stands between this machine and the service (firewall, proxy)"
	}
	return f
}

// reason is the error of a request without its method and URL, which the check's subject says.
func reason(err error) string {
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	return refusal.Text(err.Error())
}

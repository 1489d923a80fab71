package refusal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// Unreachable is what an operator can do about a request that got no answer. err is what http.Client
// gave; setting is the configuration key that names the host. It is empty for a request that was
// cancelled or that ran out of time.
func Unreachable(err error, setting string) string {
	failed := (*url.Error)(nil)
	if !errors.As(err, &failed) || errors.Is(err, context.Canceled) {
		return ""
	}
	host := hostOf(failed.URL)
	for _, advice := range []string{
		proxyAdvice(failed.Err, host),
		nameAdvice(err, host, setting),
		dialAdvice(err, host),
		tlsAdvice(err, host, setting),
	} {
		if advice != "" {
			return advice
		}
	}
	if strings.Contains(failed.Err.Error(), "Location header") {
		return Redirected("", host, setting) // to something that is no URL
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || failed.Timeout() {
		return ""
	}
	return fmt.Sprintf("if it goes on, look at what stands between this machine and %s (firewall, proxy): the connection broke before an answer came", host)
}

// proxyAdvice is about a proxy that cannot be reached or that opens no tunnel. net/http gives the reason
// of the latter as the bare text of the proxy's status.
func proxyAdvice(err error, host string) string {
	if connect := (*net.OpError)(nil); errors.As(err, &connect) && connect.Op == "proxyconnect" {
		return "the proxy cannot be reached: check proxy_url, or the environment's HTTPS_PROXY"
	}
	switch text := err.Error(); {
	case text == http.StatusText(http.StatusProxyAuthRequired):
		return ProxyLogin
	case isStatusText(text):
		return fmt.Sprintf("the proxy opens no connection to %s: allow that host there", host)
	default:
		return ""
	}
}

// ProxyLogin is what helps where a proxy answers with status 407.
const ProxyLogin = "the proxy wants a login: set proxy_url to http://USER:PASSWORD@PROXY:PORT"

func isStatusText(text string) bool {
	for status := http.StatusBadRequest; status < 600; status++ {
		if text != "" && text == http.StatusText(status) {
			return true
		}
	}
	return false
}

func nameAdvice(err error, host, setting string) string {
	if unknown := (*net.DNSError)(nil); !errors.As(err, &unknown) {
		return ""
	}
	return fmt.Sprintf("the name %s could not be looked up: check this machine's DNS and '%s'; where only a proxy reaches the internet, set proxy_url",
		bare(host), setting)
}

func dialAdvice(err error, host string) string {
	if dial := (*net.OpError)(nil); !errors.As(err, &dial) || dial.Op != "dial" {
		return ""
	}
	return fmt.Sprintf("allow connections to %s in the firewall; where only a proxy reaches the internet, set proxy_url", host)
}

// tlsAdvice is about a connection that came about, but could not be made secure.
func tlsAdvice(err error, host, setting string) string {
	switch invalid := (x509.CertificateInvalidError{}); {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "name the CA's file in tls::ca_file, also that of a proxy which opens TLS"
	case errors.As(err, new(x509.HostnameError)):
		return fmt.Sprintf("the certificate that came is not that of %s: check '%s', and what stands in between", bare(host), setting)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate that came in the name of %s is not valid today: check this machine's clock, and what stands in between", bare(host))
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, &invalid):
		return fmt.Sprintf("the certificate that came in the name of %s is not trusted: check tls::ca_file, and what stands in between", bare(host))
	case errors.As(err, new(tls.RecordHeaderError)), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Sprintf("%s does not speak TLS: check the port in '%s', and what stands in between", host, setting)
	case strings.Contains(err.Error(), "tls: "):
		return fmt.Sprintf("no TLS connection to %s comes about: check the settings under tls, and what stands in between", host)
	default:
		return ""
	}
}

// hostOf is the host and port of a URL.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the service"
	}
	if u.Port() == "" && u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return u.Host
}

// bare is a host without its port.
func bare(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// Redirected is what helps where an answer leads elsewhere: no redirect is followed, so that a token or
// a secret stays where it belongs.
func Redirected(location, host, setting string) string {
	to := "another place"
	if u, err := url.Parse(location); err == nil && u.Host != "" {
		to = u.Scheme + "://" + u.Host
	}
	return fmt.Sprintf("something between this machine and %s redirects to %s, mostly the login page of a proxy or network, and no redirect is followed: "+
		"let this machine reach %s without a login, or check '%s'", host, Text(to), host, setting)
}

// Page is what helps where a page for people came in the place of an answer.
func Page(host, setting string) string {
	return fmt.Sprintf("a page for people came in the place of %s's answer, mostly the login or block page of a proxy or network: "+
		"let this machine reach %s without it, or check '%s'", host, host, setting)
}

// Stranger is what helps where something answered that the service does not answer.
func Stranger(host, setting string) string {
	return fmt.Sprintf("something else answers in the place of %s: check '%s', and what stands between this machine and it (gateway, proxy)", host, setting)
}

// Staying is client without redirects: a token or a secret is sent only where it is meant to go.
func Staying(client *http.Client) *http.Client {
	staying := *client
	staying.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &staying
}

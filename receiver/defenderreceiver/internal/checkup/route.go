package checkup

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

// route asks for the way to a host: its name, a connection, TLS. What is sent has no token, and costs no quota.
func (w *walk) route(ctx context.Context, host Host) bool {
	ctx, cancel := context.WithTimeout(ctx, routePatience)
	defer cancel()
	proxy := w.Proxy(host.URL)
	t := &trace{}
	began := time.Now()
	err := t.send(ctx, w.Web, host.URL)
	t.mu.Lock()
	defer t.mu.Unlock()
	name := host.URL.Host
	if proxy != nil {
		w.check(diagnosis.Connection, "proxy", name, began, fine("by way of %s", proxy.Redacted()))
	}
	if err != nil {
		w.failedRoute(host, proxy, t, began, err)
		return false
	}
	w.passedName(name, proxy, t)
	if host.URL.Scheme != "https" {
		w.check(diagnosis.Connection, "tls", name, time.Now(), plain(host.URL))
		return true
	}
	w.check(diagnosis.Connection, "tls", name, t.connected, ofTLS(t.state, host.URL.Hostname(), proxy != nil))
	return true
}

// passedName tells of the name and the connection.
func (w *walk) passedName(host string, proxy *url.URL, t *trace) {
	if len(t.addresses) > 0 {
		w.check(diagnosis.Connection, "dns", host, time.Now(), fine("%s has the addresses %s", t.looked, strings.Join(t.addresses, ", ")))
	}
	what := "connected to " + t.address
	if proxy != nil {
		what += ", the proxy"
	}
	w.check(diagnosis.Connection, "connect", host, time.Now(), fine("%s", what))
}

// failedRoute tells what worked before the error, and the error.
func (w *walk) failedRoute(host Host, proxy *url.URL, t *trace, began time.Time, err error) {
	f := ofRoute(err, refusal.Unreachable(err, host.Setting))
	name, subject := "connect", host.URL.Host
	switch {
	case f.outcome == diagnosis.ProxyRefused:
		name = "proxy"
	case f.outcome == diagnosis.Unresolved:
		name = "dns"
	case t.address != "":
		w.passedName(subject, proxy, t)
		if host.URL.Scheme == "https" {
			name = "tls"
		}
	}
	w.check(diagnosis.Connection, name, subject, began, untrusted(f, err, host.URL, proxy))
}

// untrusted says who has issued a certificate that is not trusted.
func untrusted(f finding, err error, host, proxy *url.URL) finding {
	invalid := (*tls.CertificateVerificationError)(nil)
	if !errors.As(err, &invalid) || len(invalid.UnverifiedCertificates) == 0 || !errors.As(err, new(x509.UnknownAuthorityError)) {
		return f
	}
	issuer := invalid.UnverifiedCertificates[0].Issuer
	f.detail = "a certificate came that " + nameOf(issuer) + " has issued, which is not trusted here"
	switch {
	case opens(issuer, host.Hostname(), proxy != nil):
		f.outcome = diagnosis.Intercepted
		f.detail += ": something on the way opens TLS"
		f.remedy = "if that is wanted, name the file of this CA in tls::ca_file; else have the proxy pass " + host.Hostname() + " on unopened"
	case proxy != nil:
		f.detail += "; the proxy may have opened TLS"
		f.remedy = "name the CA's file in tls::ca_file if it is known to you, the proxy's or the host's; else have the proxy pass " +
			host.Hostname() + " on unopened"
	}
	return f
}

func plain(u *url.URL) finding {
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return fine("none: the host is this machine")
	}
	return finding{
		diagnosis.Untrusted, diagnosis.Warning, "none: tokens and rows cross the network readable", "use an https URL", nil,
	}
}

// ofTLS tells of a connection that came about.
func ofTLS(state tls.ConnectionState, host string, proxied bool) finding {
	if len(state.PeerCertificates) == 0 {
		return fine("%s", tls.VersionName(state.Version))
	}
	leaf := state.PeerCertificates[0]
	f := fine("%s, certificate of %s, valid until %s", tls.VersionName(state.Version), nameOf(leaf.Issuer), leaf.NotAfter.UTC().Format(time.DateOnly))
	switch {
	case len(state.VerifiedChains) == 0:
		f.outcome, f.severity = diagnosis.Untrusted, diagnosis.Warning
		f.detail += ", which was not checked"
		f.remedy = "remove tls::insecure_skip_verify, and name the CA's file in tls::ca_file: anybody on the way can read tokens and rows"
	case opens(leaf.Issuer, host, proxied):
		f.outcome = diagnosis.Intercepted
		f.detail += ": something on the way opens TLS, and is trusted"
	}
	return f
}

var (
	microsoft = regexp.MustCompile(`(?i)(^|\.)(microsoftonline\.(com|us)|microsoft\.(com|us)|windows\.net|usgovcloudapi\.net)$`)
	// openers are products that open TLS, by the names that their CAs bear.
	openers = regexp.MustCompile(`(?i)proxy|zscaler|netskope|forti(net|gate)|palo ?alto|blue ?coat|symantec web|mcafee web|skyhigh|squid|mitm|` +
		`check ?point|sophos|umbrella|websense|forcepoint|barracuda|untangle|inspection|interception|firewall|web gateway`)
	microsoftCAs = []string{"Microsoft Corporation", "DigiCert Inc", "DigiCert, Inc.", "Entrust, Inc."}
)

// opens reports whether an issuer is not the one whose certificates the host has, as far as that is known.
func opens(issuer pkix.Name, host string, proxied bool) bool {
	if microsoft.MatchString(host) {
		return !slices.ContainsFunc(issuer.Organization, func(o string) bool { return slices.Contains(microsoftCAs, o) })
	}
	return proxied && openers.MatchString(issuer.String())
}

func nameOf(issuer pkix.Name) string {
	name := issuer.CommonName
	if name == "" {
		name = issuer.String()
	}
	return "'" + refusal.Text(name) + "'"
}

// trace notes how a request gets to its host.
type trace struct {
	mu        sync.Mutex // guards everything below: a request may go on while its error is back
	looked    string     // the name that was looked up
	addresses []string
	address   string // that was connected to
	connected time.Time
	state     tls.ConnectionState
}

// send sends a request whose answer does not matter: any answer shows that the way is open.
func (t *trace) send(ctx context.Context, client *http.Client, target *url.URL) error {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(i httptrace.DNSStartInfo) { t.note(func() { t.looked = i.Host }) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			t.note(func() {
				for _, a := range i.Addrs {
					t.addresses = append(t.addresses, a.String())
				}
			})
		},
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				t.note(func() { t.address, t.connected = address, time.Now() })
			}
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			if err == nil {
				t.note(func() { t.state = state })
			}
		},
	})
	root := url.URL{Scheme: target.Scheme, Host: target.Host, Path: "/"}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, root.String(), http.NoBody)
	if err != nil {
		return err
	}
	response, err := refusal.Staying(client).Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func (t *trace) note(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
}

package step

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

// Host is one that must be reached.
type Host struct {
	URL *url.URL
	// Setting is the key that names it.
	Setting string
}

// Hosts are those that must be reached: the login host, unless nobody asks it for tokens, and that of the service, which is the last.
func Hosts(service, login Host) []Host {
	if login.URL == nil || login.URL.Scheme == service.URL.Scheme && login.URL.Host == service.URL.Host {
		return []Host{service}
	}
	return []Host{login, service}
}

// patience bounds the way to one host.
const patience = 30 * time.Second

// Way asks for the way to hosts. What it sends has no token, and costs no quota.
type Way struct {
	// Client has the TLS and proxy settings of the receiver's clients, and keeps no connections.
	Client *http.Client
	// Proxy is the one that leads to a URL; nil if there is none.
	Proxy func(*url.URL) *url.URL
	// Result takes the checks.
	Result *diagnosis.Result
}

// To looks at a host's name, at a connection and at TLS. It reports whether the way is open.
func (w Way) To(ctx context.Context, host Host) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	proxy := w.Proxy(host.URL)
	t := &trace{}
	began := time.Now()
	err := t.send(ctx, w.Client, host.URL)
	t.mu.Lock()
	defer t.mu.Unlock()
	name := host.URL.Host
	if proxy != nil {
		w.check("proxy", name, began, Fine("by way of %s", proxy.Redacted()))
	}
	if err != nil {
		w.failed(host, proxy, t, began, err)
		return false
	}
	w.passedName(name, proxy, t)
	if host.URL.Scheme != "https" {
		w.check("tls", name, time.Now(), plain(host.URL))
		return true
	}
	w.check("tls", name, t.connected, ofTLS(t.state, host.URL.Hostname(), proxy != nil))
	return true
}

func (w Way) check(name, subject string, began time.Time, f Finding) {
	w.Result.Add(f.Check(diagnosis.Connection, name, subject, began))
}

// passedName tells of the name and the connection.
func (w Way) passedName(host string, proxy *url.URL, t *trace) {
	if len(t.addresses) > 0 {
		w.check("dns", host, time.Now(), Fine("%s has the addresses %s", t.looked, strings.Join(t.addresses, ", ")))
	}
	what := "connected to " + t.address
	if proxy != nil {
		what += ", the proxy"
	}
	w.check("connect", host, time.Now(), Fine("%s", what))
}

// failed tells what worked before the error, and the error.
func (w Way) failed(host Host, proxy *url.URL, t *trace, began time.Time, err error) {
	f := Unreached(err, refusal.Unreachable(err, host.Setting))
	name, subject := "connect", host.URL.Host
	switch {
	case f.Outcome == diagnosis.ProxyRefused:
		name = "proxy"
	case f.Outcome == diagnosis.Unresolved:
		name = "dns"
	case t.address != "":
		w.passedName(subject, proxy, t)
		if host.URL.Scheme == "https" {
			name = "tls"
		}
	}
	w.check(name, subject, began, untrusted(f, err, host.URL, proxy))
}

// untrusted says who has issued a certificate that is not trusted.
func untrusted(f Finding, err error, host, proxy *url.URL) Finding {
	invalid := (*tls.CertificateVerificationError)(nil)
	if !errors.As(err, &invalid) || len(invalid.UnverifiedCertificates) == 0 || !errors.As(err, new(x509.UnknownAuthorityError)) {
		return f
	}
	issuer := invalid.UnverifiedCertificates[0].Issuer
	f.Detail = "a certificate came that " + nameOf(issuer) + " has issued, which is not trusted here"
	switch {
	case opens(issuer, host.Hostname(), proxy != nil):
		f.Outcome = diagnosis.Intercepted
		f.Detail += ": something on the way opens TLS"
		f.Remedy = "if that is wanted, name the file of this CA in tls::ca_file; else have the proxy pass " + host.Hostname() + " on unopened"
	case proxy != nil:
		f.Detail += "; the proxy may have opened TLS"
		f.Remedy = "name the CA's file in tls::ca_file if it is known to you, the proxy's or the host's; else have the proxy pass " +
			host.Hostname() + " on unopened"
	}
	return f
}

func plain(u *url.URL) Finding {
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return Fine("none: the host is this machine")
	}
	return Finding{
		diagnosis.Untrusted, diagnosis.Warning, "none: tokens and rows cross the network readable", "use an https URL",
	}
}

// ofTLS tells of a connection that came about.
func ofTLS(state tls.ConnectionState, host string, proxied bool) Finding {
	if len(state.PeerCertificates) == 0 {
		return Fine("%s", tls.VersionName(state.Version))
	}
	leaf := state.PeerCertificates[0]
	f := Fine("%s, certificate of %s, valid until %s", tls.VersionName(state.Version), nameOf(leaf.Issuer), leaf.NotAfter.UTC().Format(time.DateOnly))
	switch {
	case len(state.VerifiedChains) == 0:
		f.Outcome, f.Severity = diagnosis.Untrusted, diagnosis.Warning
		f.Detail += ", which was not checked"
		f.Remedy = "remove tls::insecure_skip_verify, and name the CA's file in tls::ca_file: anybody on the way can read tokens and rows"
	case opens(leaf.Issuer, host, proxied):
		f.Outcome = diagnosis.Intercepted
		f.Detail += ": something on the way opens TLS, and is trusted"
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

package defendercontrolextension

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// policy is the page's: nothing but what the server itself has, and no frame around it.
const policy = "default-src 'none'; img-src 'self' data:; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'"

// guard refuses what a page of another site could make a user's browser send.
type guard struct {
	next  http.Handler
	hosts []string // by which users reach the server, beside loopback names
	// open: the server listens on other addresses than loopback, so that an address is a name for it, too.
	open bool
}

func newGuard(cfg *Config, next http.Handler) *guard {
	g := &guard{next: next, hosts: slices.Clone(cfg.Hosts)}
	if host, _, err := net.SplitHostPort(cfg.NetAddr.Endpoint); err == nil {
		g.open = !isLoopback(host)
		if host != "" {
			g.hosts = append(g.hosts, host)
		}
	}
	return g
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	// no-referrer would make the Origin of the page's own forms null.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	status, why := g.refuses(r)
	if status != 0 {
		fail(w, r, status, refusal(why))
		return
	}
	g.next.ServeHTTP(w, r)
}

// refuses says with which status a request is refused, and why; 0: it is not.
func (g *guard) refuses(r *http.Request) (status int, why string) {
	switch {
	case !g.knows(hostOf(r.Host)):
		// A name that an attacker lets point to this machine would make the attacker's page one of the same origin.
		return http.StatusMisdirectedRequest, "this server is not called " + hostOf(r.Host) + ": add the name to the extension's hosts, if it is"
	case isForeign(r):
		return http.StatusForbidden, "requests of other sites are refused"
	case changes(r) && !isDeliberate(r):
		return http.StatusUnsupportedMediaType, "send JSON (Content-Type: application/json), or no body"
	default:
		return 0, ""
	}
}

func (g *guard) knows(host string) bool {
	_, err := netip.ParseAddr(host)
	return isLoopback(host) || g.open && err == nil ||
		slices.ContainsFunc(g.hosts, func(known string) bool { return strings.EqualFold(known, host) })
}

// hostOf is a host's name without its port and brackets.
func hostOf(hostPort string) string {
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		return host
	}
	return strings.Trim(hostPort, "[]")
}

// isForeign reports whether the page of another site has sent the request. A link to the page is no harm.
func isForeign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && !isOwn(origin, r.Host) {
		return true
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	default:
		return changes(r) || r.Header.Get("Sec-Fetch-Mode") != "navigate"
	}
}

func isOwn(origin, host string) bool {
	return strings.EqualFold(origin, "http://"+host) || strings.EqualFold(origin, "https://"+host)
}

func changes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// isDeliberate reports whether a form of another site could not have sent the request. Those of the page itself carry a
// token, which is looked at where they are handled.
func isDeliberate(r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/api/") || r.Header.Get(customHeader) != "" {
		return true
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		return r.ContentLength == 0
	}
	media, _, err := mime.ParseMediaType(kind)
	return err == nil && media == "application/json"
}

// customHeader is one that a browser does not send to another site unasked.
const customHeader = "X-Defender-Control"

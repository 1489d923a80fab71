package settings

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var domain = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])$`)

// IsDomain reports whether a text is a domain's name.
func IsDomain(text string) bool { return domain.MatchString(text) }

// Required says why a key that must be there is not.
func Required(written *Written, key string) string {
	if written.Empty(key) {
		return "is empty (" + EmptyHint + ")"
	}
	return "is required"
}

// SecureURL accepts the empty text, which means the cloud's own host. A token must not travel in the
// clear, except on this machine.
func SecureURL(key, value, example string) error {
	if value == "" {
		return nil
	}
	must := "it must be an https URL, e.g. " + example + "; leave it out for the cloud's own host"
	u, err := url.Parse(value)
	switch {
	case err != nil || strings.Contains(value, "@"):
		return Problemf(key, "is no URL of a host: %s", must)
	case u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil
	case u.Scheme == "http" && u.Host != "":
		return Problemf(key, "is %q, which would send the token in the clear: %s", value, must)
	case u.Host == "" && !Shown(value) && !IsDomain(value):
		return Problemf(key, "is no URL of a host: %s", must) // a secret may stand in its place
	default:
		return Problemf(key, "is %q: %s", value, must)
	}
}

// ProxyURL does not repeat the value, which may hold a password.
func ProxyURL(key, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.ParseRequestURI(value)
	if err == nil && u.Host != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil
	}
	return Problemf(key, "is no URL of a proxy: it must be like http://proxy.example.com:3128, "+
		"with %%40 for each @ and %%3A for each : of a password")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

package pivot

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// What identities look like. What does not look so finds nothing, and is not asked for.
var (
	deviceShape = regexp.MustCompile(`^[0-9a-f]{40}$`)
	hashShape   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	sidShape    = regexp.MustCompile(`^S-1(-[0-9]+)+$`)
	hostShape   = regexp.MustCompile(`^[a-z0-9_]([a-z0-9._-]*[a-z0-9])?$`)
)

// longestName bounds the name of an account.
const longestName = 256

// device is the id of a device in its one spelling, empty if the text is none.
func device(id string) string {
	if id = strings.ToLower(id); deviceShape.MatchString(id) {
		return id
	}
	return ""
}

// shaped is the value of a kind in its one spelling, empty if the text is none.
func shaped(kind Kind, value string) string {
	switch kind {
	case File:
		if value = strings.ToLower(value); hashShape.MatchString(value) {
			return value
		}
	case Address:
		if at, err := netip.ParseAddr(value); err == nil && at.Zone() == "" && !at.IsLoopback() && !at.IsUnspecified() {
			return at.String()
		}
	case Host:
		return hostOf(value)
	case User:
		if value = strings.ToUpper(value); sidShape.MatchString(value) {
			return value
		}
	case Account:
		// A name is any text: kusto quotes it.
		if len(value) <= longestName {
			return strings.ToLower(value)
		}
	}
	return ""
}

// hostOf is the host of a URL, which may lack its scheme.
func hostOf(address string) string {
	if !strings.Contains(address, "://") {
		address = "//" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if host := strings.ToLower(u.Hostname()); hostShape.MatchString(host) {
		return host
	}
	return ""
}

func isIPv6(value string) bool { return strings.Contains(value, ":") }

// unmapped is an address in its one spelling.
func unmapped(value string) string {
	at, err := netip.ParseAddr(value)
	if err != nil {
		return ""
	}
	return at.Unmap().String()
}

package hunting

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
)

// challenge is what the service asks of the next token where it refuses one before its end (continuous access
// evaluation): claims, as JSON. It is empty where the answer holds no such challenge.
func challenge(h http.Header) string {
	for _, header := range h.Values("WWW-Authenticate") {
		for _, parameters := range bearers(header) {
			if parameters["error"] != "insufficient_claims" {
				continue
			}
			if claims, err := decodeClaims(parameters["claims"]); err == nil && claims != "" {
				return claims
			}
		}
	}
	return ""
}

var (
	// scheme begins a challenge; a header may hold several, separated by commas.
	scheme = regexp.MustCompile(`(?:^|,)\s*([A-Za-z]+)\s+[A-Za-z_]+\s*=`)
	// parameter is name=value or name="value" (RFC 9110 section 11.2).
	parameter = regexp.MustCompile(`([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`)
	escaped   = regexp.MustCompile(`\\(.)`)
)

// bearers are the parameters of each Bearer challenge of a header, by their names in lower case.
func bearers(header string) []map[string]string {
	// What stands in quotes is no scheme: the search goes through a copy without it.
	plain := parameter.ReplaceAllStringFunc(header, func(found string) string {
		name, _, _ := strings.Cut(found, "=")
		return name + "=" + strings.Repeat("x", len(found)-len(name)-1)
	})
	starts := scheme.FindAllStringSubmatchIndex(plain, -1)
	var all []map[string]string
	for i, at := range starts {
		if !strings.EqualFold(header[at[2]:at[3]], "Bearer") {
			continue
		}
		end := len(header)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		parameters := map[string]string{}
		for _, m := range parameter.FindAllStringSubmatch(header[at[3]:end], -1) {
			parameters[strings.ToLower(m[1])] = escaped.ReplaceAllString(m[2], "$1") + m[3]
		}
		all = append(all, parameters)
	}
	return all
}

// decodeClaims reads base64 in either alphabet, with and without padding.
func decodeClaims(value string) (string, error) {
	value = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(value, "="))
	claims, err := base64.RawStdEncoding.DecodeString(value)
	return string(claims), err
}

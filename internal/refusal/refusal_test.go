package refusal

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "17": 17 * time.Second, " 17 ": 17 * time.Second, "-5": 0, "soon": 0, "1.5": 0,
		"9223372036854775807":            math.MaxInt64 / time.Second * time.Second,
		"Sun, 01 Mar 2026 12:02:00 GMT":  2 * time.Minute,
		"Sunday, 01-Mar-26 12:02:00 GMT": 2 * time.Minute,
		"Sun Mar  1 12:02:00 2026":       2 * time.Minute,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
	} {
		assert.Equal(t, want, RetryAfter(http.Header{"Retry-After": {value}}, now), value)
	}
	assert.Zero(t, RetryAfter(http.Header{}, now))
	// The local clock is an hour late.
	assert.Equal(t, 2*time.Minute, RetryAfter(http.Header{
		"Retry-After": {"Sun, 01 Mar 2026 13:02:00 GMT"}, "Date": {"Sun, 01 Mar 2026 13:00:00 GMT"},
	}, now))
}

func TestText(t *testing.T) {
	const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl"
	for message, want := range map[string]string{
		"plain words":                      "plain words",
		"two\r\n\tlines \x00 \x1b[31mred":  "two lines [31mred",
		"the secret is hunter2!":           "the secret is [redacted]!",
		"token " + jwt + " is bad":         "token [redacted] is bad",
		"half a token " + jwt[:30]:         "half a token [redacted]",
		"Bearer abcdefghijklmnopqrstuvwx.": "[redacted]",
		`{"access_token":"opaque","x":1}`:  `{[redacted]","x":1}`,
		"client_secret=abc&x=1":            "[redacted]&x=1",
		"the bearer of bad news":           "the bearer of bad news",
		"broken \xff":                      "broken \uFFFD",
		"":                                 "",
	} {
		assert.Equal(t, want, Text(message, "hunter2", ""), message)
	}
	long := Text(strings.Repeat("é", 1000))
	assert.Equal(t, maxTextRunes+1, utf8.RuneCountInString(long))
}

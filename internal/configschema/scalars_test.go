package configschema

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDurations(t *testing.T) {
	ours, others := regexp.MustCompile(daysDuration), regexp.MustCompile(goDuration)
	for text, test := range map[string]struct{ ours, others bool }{
		"5m": {true, true}, "1.5h": {true, true}, ".5s": {true, true}, "1h30m": {true, true}, "250ms": {true, true}, "-1s": {true, true},
		"7d": {true, false}, "1d12h": {true, false},
		"0": {false, true}, "0s": {true, true},
		"": {}, "5": {}, "5 m": {}, "5min": {}, "m": {}, "1w": {}, "five": {},
		"${env:INTERVAL}": {true, true}, "${env:N:-5}m": {true, true}, "$INTERVAL": {},
	} {
		assert.Equal(t, test.ours, ours.MatchString(text), "ours: %q", text)
		assert.Equal(t, test.others, others.MatchString(text), "others: %q", text)
		if _, err := time.ParseDuration(text); !regexp.MustCompile(anyReference).MatchString(text) {
			assert.Equal(t, err == nil, test.others, "%q", text)
		}
	}
}

func TestDefaultsOfDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", time.Minute: "1m", time.Hour: "1h", 90 * time.Minute: "1h30m", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 36 * time.Hour: "36h"} {
		assert.Equal(t, want, walker{}.duration(d)["default"])
	}
	assert.Equal(t, "7d", walker{strict: true}.duration(7 * 24 * time.Hour)["default"])
}

func TestCaseless(t *testing.T) {
	pattern := regexp.MustCompile("^(" + caseless([]string{"info", "x-y"}) + ")$")
	for _, text := range []string{"info", "INFO", "Info", "X-y"} {
		assert.True(t, pattern.MatchString(text), text)
	}
	assert.False(t, pattern.MatchString("inf"))
}

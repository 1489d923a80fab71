package security

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return at
}

func TestStamp(t *testing.T) {
	for given, printed := range map[string]string{
		"2026-05-02T19:45:31.6061Z": "2026-05-02T19:45:31.6066667Z", // 182/300
		"2026-05-02T19:45:31.7370Z": "2026-05-02T19:45:31.7366667Z",
		"2026-05-02T20:17:33.8699Z": "2026-05-02T20:17:33.87Z",
		"2026-05-02T20:17:33Z":      "2026-05-02T20:17:33Z",
		"2026-05-02T20:17:33.9999Z": "2026-05-02T20:17:34Z",
		"2026-05-02T20:17:33.3334Z": "2026-05-02T20:17:33.3333333Z",
	} {
		stamp := StampOf(instant(t, given))
		assert.Equal(t, printed, stamp.String())
		assert.Equal(t, stamp, StampOf(stamp.Time()), "it is what is printed, rounded again")
	}
}

// The printed time may lie above the kept one, so that an object is not found with it.
func TestAPrintedTimeMayLieAboveTheKeptOne(t *testing.T) {
	above := StampOf(instant(t, "2026-05-02T19:45:31.6061Z"))
	assert.Equal(t, -1, above.compare(above.Time()))
	below := StampOf(instant(t, "2026-05-02T20:17:33.3334Z"))
	assert.Equal(t, 1, below.compare(below.Time()))
	exact := StampOf(instant(t, "2026-05-02T20:17:33.87Z"))
	assert.Zero(t, exact.compare(exact.Time()))
}

func TestFilter(t *testing.T) {
	kept := StampOf(instant(t, "2026-05-02T12:00:00Z"))
	o := object{"a", version{updated: kept, created: kept - 300, body: func() map[string]any {
		return map[string]any{"severity": "high", "status": "new", "assignedTo": "o'neil@acme.com"}
	}}}
	for text, want := range map[string]bool{
		"":                                 true,
		"severity eq 'high'":               true,
		"severity ne 'high'":               false,
		"assignedTo eq 'o''neil@acme.com'": true,
		"not (status eq 'new')":            false,
		"lastUpdateDateTime ge 2026-05-02T12:00:00Z and status eq 'new'":                                true,
		"lastUpdateDateTime gt 2026-05-02T12:00:00Z or severity eq 'low'":                               false,
		"(severity eq 'low' or severity eq 'high') and createdDateTime lt 2026-05-02T12:00:00.0000000Z": true,
	} {
		wanted, err := parseFilter(Alerts, text)
		require.NoError(t, err, text)
		assert.Equal(t, want, wanted(o), text)
	}
	for _, text := range []string{
		"investigationState eq 'running'", "severity like 'x'", "severity eq high", "lastUpdateDateTime ge 'x'", "severity eq 'high' status",
		"(severity eq 'high'", "severity",
	} {
		_, err := parseFilter(Alerts, text)
		assert.Error(t, err, text)
	}
}

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	authEvent  = `{"event_type":"AUTH","tuid":"t-1","timestamp":"2026-03-15T08:45:12.1234567Z"}` + "\n"
	alertEvent = `{"event_type":"ALERT","tuid":"t-2","timestamp":"2026-03-15T08:00:00Z"}` + "\n"
)

func TestEventFileWhileItGrowsAndRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	events := newEventFile(path)
	t.Cleanup(events.close)
	check := func(auth, alert int) {
		t.Helper()
		require.NoError(t, events.read())
		assert.Equal(t, auth+alert, events.counts.total)
		assert.Equal(t, auth, events.counts.byType["AUTH"])
		assert.Equal(t, alert, events.counts.byType["ALERT"])
	}

	check(0, 0) // no file yet
	appendText(t, path, authEvent+alertEvent+authEvent[:20])
	check(1, 1)
	appendText(t, path, authEvent[20:])
	check(2, 1)
	appendText(t, path, alertEvent)
	require.NoError(t, os.Rename(path, path+".1"))
	check(2, 2)
	appendText(t, path+".1", authEvent)
	appendText(t, path, "\n"+authEvent) // a rotation may cut a line feed off
	check(4, 2)

	assert.Len(t, events.counts.people, 2)
	assert.Equal(t, time.Date(2026, 3, 15, 8, 45, 12, 123456700, time.UTC), events.counts.newest)
}

func TestEventFileRefusesWhatIsNoEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	appendText(t, path, authEvent+"{broken\n")
	events := newEventFile(path)
	t.Cleanup(events.close)
	assert.ErrorContains(t, events.read(), "{broken")
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(text)
	require.NoError(t, err)
}

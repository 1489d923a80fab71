package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
)

// A reload in the middle of the work loses nothing and repeats nothing. `validate` finds a bad file, and leaves the
// running process alone. A bad file that is loaded all the same ends the process; the next start goes on.
func TestReload(t *testing.T) {
	clock := defendersim.NewClock(epoch)
	s := newStage(t, defendersim.Options{Now: clock.Now, Tenant: company(30*time.Minute, 200_000)})
	want := s.truth(s.settled())
	tuned := filepath.Join(s.directory, "tuned.yaml")
	tune := func(text string) { require.NoError(t, os.WriteFile(tuned, []byte(text), 0o600)) }
	files := []string{"--config", filepath.Join("testdata", "collector.yaml"), "--config", tuned}

	// Nothing but the shutdown of the old components stores a cursor.
	tune("receivers: {defender: {poll_interval: 200ms, checkpoint_delay: 10m}}")
	release := s.holdAfter(3 * len(want) / 10)
	c := s.start(run{configs: []string{}, arguments: files})
	s.returned(2 * len(want) / 10)
	tune("receivers: {defender: {poll_interval: 100ms, checkpoint_delay: 10m, batch: {max_records: 70}, page: {max_rows: 200}}}")
	c.reload(2)
	release()
	assert.Eventually(t, s.have(want), wait, longTick, "all rows should come")

	tune("receivers: {defender: {poll_interval: 5}}")
	validate := exec.Command(program(t), append([]string{"validate"}, files...)...)
	validate.Env = s.environment()
	said, err := validate.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(said), "poll_interval")
	assert.True(t, c.alive())
	require.NoError(t, c.command.Process.Signal(syscall.SIGHUP))
	require.Error(t, c.wait(), "the Collector ends with a configuration that it cannot use")
	assert.Contains(t, c.log(), "poll_interval")

	clock.Advance(2 * time.Minute)
	want = s.truth(s.settled())
	tune("receivers: {defender: {poll_interval: 100ms}}")
	c = s.start(run{configs: []string{}, arguments: files})
	assert.Eventually(t, s.have(want), wait, longTick, "all rows should come")
	c.stop()
	rows, broken := readRaw(t, s.raw)
	rows = eventRows(rows)
	assert.Zero(t, broken, "broken lines")
	s.complete(rows, want)
	assert.Empty(t, repeated(rows), "rows that came twice")
}

// reload asks the process to read its configuration again, and waits until it is ready for the nth time.
func (c *collector) reload(nth int) {
	c.t.Helper()
	readies := func() int { return strings.Count(c.log(), ready) }
	require.Eventually(c.t, func() bool { return readies() == nth-1 }, wait, tick)
	time.Sleep(handlerGrace)
	require.NoError(c.t, c.command.Process.Signal(syscall.SIGHUP))
	require.Eventually(c.t, func() bool { return readies() == nth }, wait, tick)
}

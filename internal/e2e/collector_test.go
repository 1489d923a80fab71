package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stopGrace is above the receiver's shutdown_timeout.
const stopGrace = 20 * time.Second

const (
	// ready is the last line that the Collector logs when it starts.
	ready = "Everything is ready"
	// handlerGrace is between that line and a signal. The Collector installs its handler of signals just after the line,
	// and nothing shows from the outside that it has.
	handlerGrace = 300 * time.Millisecond
)

// collector is a running otelcol-defender.
type collector struct {
	t       *testing.T
	command *exec.Cmd
	logPath string
	ended   chan struct{} // closed when the process has ended
	err     error         // how; read it after ended
}

// run is a way to start a collector.
type run struct {
	configs   []string // in testdata, each laid over those before it; nil: collector.yaml
	variables []string // NAME=value
	arguments []string // more of them
}

// start starts a collector that ends with the test at the latest.
func (s *stage) start(r run) *collector {
	s.t.Helper()
	if r.configs == nil {
		r.configs = []string{"collector.yaml"}
	}
	arguments := slices.Clone(r.arguments)
	for _, name := range r.configs {
		arguments = append(arguments, "--config", filepath.Join("testdata", name))
	}
	log, err := os.CreateTemp(s.directory, "collector-*.log")
	require.NoError(s.t, err)
	defer log.Close() // the process has its own handle
	c := &collector{t: s.t, command: exec.Command(program(s.t), arguments...), logPath: log.Name(), ended: make(chan struct{})}
	c.command.Env = s.environment(r.variables...)
	c.command.Stdout, c.command.Stderr = log, log
	require.NoError(s.t, c.command.Start())
	go func() {
		c.err = c.command.Wait()
		close(c.ended)
	}()
	s.t.Cleanup(func() {
		c.kill()
		if s.t.Failed() {
			s.t.Logf("the log of %s ends with:\n%s", c.logPath, lastLines(c.log(), 15))
		}
	})
	return c
}

// stop asks the collector to end, as a service manager would, and demands that it does so in order.
func (c *collector) stop() {
	c.t.Helper()
	select {
	case <-c.ended:
		require.Fail(c.t, "the collector ended by itself", "%v\n%s", c.err, lastLines(c.log(), 30))
	default:
	}
	require.Eventually(c.t, func() bool { return strings.Contains(c.log(), ready) }, wait, tick)
	time.Sleep(handlerGrace)
	require.NoError(c.t, c.command.Process.Signal(syscall.SIGTERM))
	require.NoError(c.t, c.wait(), "exit status after SIGTERM")
	assert.NotContains(c.t, c.log(), "panic:")
}

// wait waits for the end of a process that is about to end, and returns its error.
func (c *collector) wait() error {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(stopGrace):
		c.kill()
		require.Fail(c.t, "the collector did not end", "within %s\n%s", stopGrace, lastLines(c.log(), 30))
	}
	return c.err
}

// kill ends the process in the middle of whatever it does.
func (c *collector) kill() {
	_ = c.command.Process.Kill() // fails if the process has ended, which is as well
	<-c.ended
}

// alive reports whether the process runs.
func (c *collector) alive() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// log is what the collector has printed.
func (c *collector) log() string {
	c.t.Helper()
	text, err := os.ReadFile(c.logPath)
	require.NoError(c.t, err)
	return string(text)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
